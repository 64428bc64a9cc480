"""Rows of a table as lines of JSON, the same lines on every engine: so equal tables have equal hashes."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    collate,
    select,
)

from market.persistence.models import UtcDateTime

ROWS_AT_A_TIME = 500
Turn = Callable[[Any], Any]


def columns_of(table: Table) -> list[str]:
    """The names of a table's columns, in the sequence of the values on a line."""
    return [column.name for column in table.columns]


def read_lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Every row as a line, by primary key; only a few rows are in memory at a time."""
    query = select(*table.columns).order_by(*_in_one_sequence(table, connection.dialect.name))
    turns = [_writer(column) for column in table.columns]
    at_a_time = 1 if any(isinstance(c.type, LargeBinary) for c in table.columns) else ROWS_AT_A_TIME
    with connection.execution_options(yield_per=at_a_time).execute(query) as rows:
        for row in rows:
            values = [None if value is None else turn(value) for value, turn in zip(row, turns, strict=True)]
            text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            yield f"{text}\n".encode()


def row_reader(table: Table) -> Callable[[bytes], dict[str, Any]]:
    """What turns a line back into the values of a row, by column."""
    names, turns = columns_of(table), [_reader(column) for column in table.columns]

    def read(line: bytes) -> dict[str, Any]:
        values: Sequence[Any] = json.loads(line)
        return {
            name: None if value is None else turn(value)
            for name, value, turn in zip(names, values, turns, strict=True)
        }

    return read


def _in_one_sequence(table: Table, engine: str) -> list[Any]:
    """By primary key; text by its bytes, whatever sequence the server's language would have."""
    return [
        collate(column, "C") if engine == "postgresql" and isinstance(column.type, String) else column
        for column in table.primary_key
    ]


def _writer(column: Column[Any]) -> Turn:
    if isinstance(column.type, UtcDateTime):
        return lambda moment: moment.astimezone(UTC).isoformat()
    if isinstance(column.type, LargeBinary):
        return lambda content: base64.b64encode(content).decode("ascii")
    return _as_it_is(column)


def _reader(column: Column[Any]) -> Turn:
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat
    if isinstance(column.type, LargeBinary):
        return base64.b64decode
    return _as_it_is(column)


def _as_it_is(column: Column[Any]) -> Turn:
    """JSON has a word for these; for anything else a rule must be written first."""
    if not isinstance(column.type, JSON | Boolean | Float | Integer | String):
        raise TypeError(f"{column.table.name}.{column.name}: no rule for {column.type!r} in a backup")
    return lambda value: value
