"""Rows laid ready beside a SQLite database, before the transaction that takes them in.

Whoever writes to SQLite keeps all others from writing, and half the time of many rows goes into handing them over from
Python. So they are handed over before, into temporary tables of the connection that is to write them: those are in memory,
take no lock, are seen by nobody else, and are gone with the connection, however it ends. So are its checkpoints kept out of
the others' way: what thousands of rows left in the log is carried over once the next one may write. PostgreSQL lets others
write meanwhile, and a COPY is as quick there.
"""

import logging
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from market.persistence.bulk import BoundRows, ReadyRows, Writing

_logger = logging.getLogger(__name__)
_BUT_FOR = " AND ready.about NOT IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class StagedRows:
    """Rows in a temporary table of the connection that is to write them."""

    how: Writing
    table: str
    about: Sequence[str]
    left_out: frozenset[str] = frozenset()
    """Orders whose rows stay where they are."""

    def __len__(self) -> int:
        """How many are to be written."""
        if not self.left_out:
            return len(self.about)
        return sum(order_id not in self.left_out for order_id in self.about)

    def without(self, order_ids: Collection[str]) -> "StagedRows":
        """The rows about all other orders."""
        return replace(self, left_out=self.left_out.union(order_ids))

    def write(self, session: Session) -> bool:
        """Take them in, as they were laid ready; whether each of them met a row, where they are written over others."""
        sql = self.how.from_table.format(table=self.table) + _BUT_FOR
        left_out = to_json(sorted(self.left_out)).decode()
        written = session.connection().exec_driver_sql(sql, (left_out,))
        return written.rowcount == len(self)


class Stage:
    """A connection to a SQLite database that writes what was laid ready on it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._driver = _driver_of(connection)
        self._tables: list[str] = []

    def lay_ready(self, rows: ReadyRows) -> ReadyRows:
        """Hand them over, unless they lie ready already; nobody's turn to write is taken for it."""
        if not isinstance(rows, BoundRows) or not rows:
            return rows
        table = f"temp.ready_{len(self._tables)}"
        columns = [*(f"c{n}" for n in range(len(rows.parameters[0]))), "about"]
        self._driver.execute("BEGIN")
        self._driver.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
        self._tables.append(table)
        self._driver.executemany(
            f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})",  # noqa: S608 - names of ours
            ((*row, about) for row, about in zip(rows.parameters, rows.about, strict=True)),
        )
        self._driver.execute("COMMIT")
        return StagedRows(rows.how, table, rows.about)

    def clear(self) -> None:
        """Remove what was laid ready."""
        if self._driver.in_transaction:
            self._driver.execute("ROLLBACK")
        for table in self._tables:
            self._driver.execute(f"DROP TABLE IF EXISTS {table}")
        self._tables = []


@contextmanager
def staging(engine: Engine) -> Iterator[Stage | None]:
    """A stage, on SQLite; whoever writes on its connection has the turn until the end of this."""
    if engine.dialect.name != "sqlite":
        yield None
        return
    with engine.connect() as connection:
        before = [(name, _pragma(connection, name)) for name in ("wal_autocheckpoint", "temp_store")]
        stage = Stage(connection)
        try:
            _pragma(connection, "temp_store", "memory")
            _pragma(connection, "wal_autocheckpoint", 0)
            yield stage
        finally:
            _give_back(stage, before)
    _carry_over(engine)


def _give_back(stage: Stage, before: Sequence[tuple[str, Any]]) -> None:
    """The connection as it was, or nobody gets it again: what was written on it stands, whatever happens here."""
    try:
        stage.clear()
        for name, value in before:
            _pragma(stage.connection, name, value)
    except sqlite3.Error:
        _logger.exception("a connection that landed a round is not used again")
        stage.connection.invalidate()


def _carry_over(engine: Engine) -> None:
    """Checkpoint; what cannot be done now is done by whoever writes next."""
    try:
        with engine.connect() as connection:
            _pragma(connection, "wal_checkpoint", "passive")
    except (sqlite3.Error, SQLAlchemyError):
        _logger.exception("what a round left in the log is not carried over yet")


def _pragma(connection: Connection, name: str, value: Any = None) -> Any:
    """What it is, or is now set to."""
    setting = name if value is None else f"{name}({value})"
    found = _driver_of(connection).execute(f"PRAGMA {setting}").fetchone()
    return found[0] if found else None


def _driver_of(connection: Connection) -> Any:
    """The driver's own connection, on which nothing begins by itself."""
    return connection.connection.driver_connection
