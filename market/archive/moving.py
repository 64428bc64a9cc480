"""Moving an exchange from one database into another, of either engine: all of it, proven equal, or nothing.

Rows go over as the lines of a backup, straight from one database into the other. The source takes no writes meanwhile.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text

from market.archive.proof import TableProof, prove
from market.archive.restoring import (
    as_it_was,
    lock_tables,
    require_counting_on,
    require_empty,
    require_no_rows,
    store_rows,
)
from market.archive.rows import read_lines
from market.archive.tables import (
    Tell,
    all_tables,
    count_rows,
    imbalance_micros,
    read_sequences,
    set_sequences,
)
from market.domain.errors import Conflict, Unavailable
from market.persistence.database import Database
from market.persistence.sole_use import require_sole_use

PASSES = 3
"""Every row is moved, and read back from both sides."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: the proof of each table, equal on both sides, and what the ledger is out by (zero)."""

    schema: str
    tables: Mapping[str, TableProof]
    imbalance_micros: int

    @property
    def rows(self) -> int:
        """Rows of all tables together."""
        return sum(proof.rows for proof in self.tables.values())


def move_exchange(source: Database, target: Database, tell: Tell | None = None) -> Moved:
    """Everything of the source into the empty target, in one transaction that is committed once both are proven equal.

    `Conflict` `database_in_use`, `same_database` or `database_not_empty`, `Unavailable` `database_outdated` and the like;
    whatever fails, or a kill, leaves the target empty. `tell` is told as by a restore.
    """
    told = tell or _silent
    if source.is_same_as(target):
        raise Conflict(
            "same_database",
            f"{source.shown} cannot be moved into itself: name an empty database to move it into",
        )
    source.require_current()
    require_empty(target, "an exchange is moved")
    require_sole_use(source)
    target.upgrade()
    with _held(source) as giving, target.engine.begin() as taking:
        told("", PASSES * sum(count_rows(giving).values()))
        lock_tables(taking)
        require_no_rows(taking, target, "an exchange is moved")
        with as_it_was(taking):
            for table in all_tables():
                store_rows(taking, table, read_lines(giving, table), told)
        set_sequences(taking, read_sequences(giving))
        return _proven(giving, taking, str(source.schema_version()), told)


@contextmanager
def _held(source: Database) -> Iterator[Connection]:
    """The source as it is, and stays: nobody writes to it while it is read."""
    if source.engine.dialect.name == "postgresql":
        engine = source.engine.execution_options(isolation_level="REPEATABLE READ")
        with engine.begin() as connection:
            names = ", ".join(f'"{table.name}"' for table in all_tables())
            connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
            yield connection
        return
    with source.engine.begin() as connection:  # takes SQLite's one writer, and writes nothing
        yield connection


def _proven(giving: Connection, taking: Connection, schema: str, tell: Tell) -> Moved:
    """`Unavailable` `move_differs` unless both sides hold the same, read back from both."""
    there, here = prove(giving, tell), prove(taking, tell)
    for table, proof in there.items():
        if here[table] != proof:
            raise Unavailable(
                "move_differs",
                f"{table} read back is not what it was: {_difference(proof, here[table])}; nothing was moved, this is a "
                "fault of the program: go on with the database you have, and report it",
                table=table,
            )
    require_counting_on(taking, read_sequences(giving))
    imbalance = imbalance_micros(taking)
    if imbalance != imbalance_micros(giving):
        raise Unavailable("move_differs", "the ledger read back is not the one it was; nothing was moved")
    return Moved(schema, there, imbalance)


def _difference(before: TableProof, after: TableProof) -> str:
    if before.rows != after.rows:
        return f"{before.rows} rows have become {after.rows}"
    for column, total in before.sums.items():
        if after.sums[column] != total:
            return f"{column} came to {total}, now to {after.sums[column]}"
    return "as many rows, with other values"


def _silent(_table: str, _rows: int) -> None:
    pass
