"""Proof that two databases hold the same: read back from both, in plain values, by code that moved none of it.

Of each table: how many rows, the sum of every column of money, and a hash of all rows that does not depend on their
sequence. Values come from the driver as it stores them and are brought to one form by the column's declared type.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Float, Integer, LargeBinary, String, Table

from market.archive.tables import Tell, all_tables
from market.persistence.models import UtcDateTime

MONEY = "_micros"
"""What the name of a column of money has in it."""
BITS = 256
ROWS_AT_A_TIME = 500
Plain = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class TableProof:
    """What a table comes to. `rows_hash`: the SHA-256 of each row, added up."""

    rows: int
    sums: Mapping[str, int]
    rows_hash: str


def prove(connection: Connection, tell: Tell) -> dict[str, TableProof]:
    """What every table of a database comes to."""
    return {table.name: prove_table(connection, table, tell) for table in all_tables()}


def prove_table(connection: Connection, table: Table, tell: Tell) -> TableProof:
    """What one table comes to; only a few rows are in memory at a time."""
    columns = list(table.columns)
    plain = [_plain(column) for column in columns]
    money = [n for n, one in enumerate(columns) if MONEY in one.name and isinstance(one.type, Integer)]
    sums, hashed, rows = dict.fromkeys(money, 0), 0, 0
    for stored in _rows(connection, table):
        values = [None if value is None else turn(value) for value, turn in zip(stored, plain, strict=True)]
        text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        hashed += int.from_bytes(hashlib.sha256(text.encode()).digest())
        for n in money:
            sums[n] += values[n] or 0
        rows += 1
        if rows % ROWS_AT_A_TIME == 0:
            tell(table.name, rows)
    tell(table.name, rows)
    return TableProof(rows, {columns[n].name: sums[n] for n in money}, f"{hashed % 2**BITS:064x}")


def _rows(connection: Connection, table: Table) -> Iterator[Any]:
    """Rows as the driver has them, in whatever sequence; JSON as text."""
    quoted = connection.dialect.identifier_preparer
    as_text = "::text" if connection.dialect.name == "postgresql" else ""
    named = [
        quoted.format_column(column) + (as_text if isinstance(column.type, JSON) else "")
        for column in table.columns
    ]
    at_a_time = 1 if any(isinstance(c.type, LargeBinary) for c in table.columns) else ROWS_AT_A_TIME
    reading = connection.execution_options(stream_results=True, max_row_buffer=at_a_time)
    with reading.exec_driver_sql(f"SELECT {', '.join(named)} FROM {quoted.format_table(table)}") as found:  # noqa: S608
        yield from found


def _plain(column: Column[Any]) -> Plain:
    """What brings a stored value to the one form it has on every engine."""
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return _moment
    if isinstance(kind, LargeBinary):
        return lambda content: hashlib.sha256(content).hexdigest()
    rules: tuple[tuple[type[Any], Plain], ...] = (
        (JSON, json.loads),
        (Boolean, bool),
        (Float, float),
        (Integer, int),
        (String, str),
    )
    for known, rule in rules:
        if isinstance(kind, known):
            return rule
    raise TypeError(f"{column.table.name}.{column.name}: no rule for {kind!r} in a proof")


def _moment(stored: str | datetime) -> str:
    """SQLite keeps the bare UTC time as text."""
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()
