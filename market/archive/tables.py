"""The tables of an exchange, and what is to be known of all of them at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, Integer, Table, func, select, text
from sqlalchemy.orm import Session

from market.persistence.ledger_store import LedgerStore
from market.persistence.models import Base, EventRow
from market.persistence.money_models import TransferRow
from market.persistence.store import Store

Tell = Callable[[str, int], None]
"""Told of progress: the table, and how many of its rows are done."""
__all__ = ["Store", "Tell", "all_tables"]  # the store knows every model, so importing it makes them known


def all_tables() -> Sequence[Table]:
    """Every table, those that are referred to first."""
    return Base.metadata.sorted_tables


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    counts = {table.name: select(func.count()).select_from(table) for table in all_tables()}
    return {name: connection.scalar(query) or 0 for name, query in counts.items()}


def first_filled(connection: Connection) -> str | None:
    """A table that has rows, if one has."""
    for table in all_tables():
        if connection.execute(select(table).limit(1)).first() is not None:
            return table.name
    return None


def read_sequences(connection: Connection) -> dict[str, int]:
    """The last number that each counting table gave out, be its row still there or not."""
    found = {}
    for table, column in _counting_tables():
        if connection.dialect.name == "postgresql":
            last = connection.scalar(
                text("SELECT pg_sequence_last_value(pg_get_serial_sequence(:table, :column)::regclass)"),
                {"table": table, "column": column},
            )
        else:
            last = connection.scalar(
                text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table}
            )
        found[table] = int(last or 0)
    return found


def largest_numbers(connection: Connection) -> dict[str, int]:
    """The largest number that a row of each counting table has."""
    return {
        table: int(connection.scalar(text(f'SELECT max("{column}") FROM "{table}"')) or 0)  # noqa: S608
        for table, column in _counting_tables()
    }


def set_sequences(connection: Connection, sequences: Mapping[str, int]) -> None:
    """Go on counting after these numbers."""
    for table, column in _counting_tables():
        last = sequences.get(table, 0)
        if not last:
            continue
        if connection.dialect.name == "postgresql":
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, :column)::regclass, :last)"),
                {"table": table, "column": column, "last": last},
            )
        else:
            given = {"table": table, "last": last}
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), given)
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)"), given)


def newest_event(connection: Connection) -> int:
    """The sequence of the last event; 0 where there is none."""
    return connection.scalar(select(func.max(EventRow.sequence))) or 0


def moved_micros(connection: Connection) -> int:
    """The sum of all transfers."""
    return int(connection.scalar(select(func.sum(TransferRow.amount_micros))) or 0)


def imbalance_micros(connection: Connection) -> int:
    """What the ledger is out by: zero, or it is broken."""
    return LedgerStore(Session(connection)).imbalance_micros()


def _counting_tables() -> Iterator[tuple[str, str]]:
    """Tables whose primary key is a number that the engine gives out, and that is never given out twice."""
    for table in all_tables():
        column = table.autoincrement_column
        if column is not None and isinstance(column.type, Integer):
            yield table.name, column.name
