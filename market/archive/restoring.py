"""Putting a backup into an empty database: in one transaction, and read back before it is committed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, text

from market.archive.manifest import Manifest
from market.archive.reading import damaged, open_backup
from market.archive.rows import ROWS_AT_A_TIME, columns_of, row_reader
from market.archive.tables import (
    Tell,
    all_tables,
    first_filled,
    imbalance_micros,
    largest_numbers,
    read_sequences,
    set_sequences,
)
from market.archive.writing import digest_table
from market.domain.errors import Conflict, InvalidInput, Unavailable
from market.persistence.bulk import insert_into
from market.persistence.database import Database

MOST_BYTES_AT_A_TIME = 8 * 1024 * 1024
"""Of lines, before they are stored: records of rounds are large."""
RESTORED = "a backup is restored"


def restore_backup(database: Database, file: Path, tell: Tell | None = None) -> Manifest:
    """Everything that was backed up, or nothing: what is wrong is refused, and a kill leaves the database empty.

    `tell` is told the rows that are done, of all first; then of each table as it is checked, stored, and read back.
    """
    told = tell or _silent
    with open_backup(file) as backup:
        told("", 3 * backup.manifest.rows)
        require_empty(database, RESTORED)
        database.upgrade()
        _require_same_schema(database, backup.manifest)
        backup.require_whole(told)
        with database.engine.begin() as connection:
            lock_tables(connection)
            require_no_rows(connection, database, RESTORED)
            with as_it_was(connection):
                for table in all_tables():
                    store_rows(connection, table, backup.lines(table.name), told)
            set_sequences(connection, backup.manifest.sequences)
            _require_equal(connection, backup.manifest, told)
        return backup.manifest


def require_empty(database: Database, what_is_done: str) -> None:
    """Before the schema is touched: a database that is in use keeps the schema it has."""
    if database.schema_version() is None:
        return
    database.require_current()
    with database.engine.execution_options(reading=True).connect() as connection:
        require_no_rows(connection, database, what_is_done)


def require_no_rows(connection: Connection, database: Database, what_is_done: str) -> None:
    """`Conflict` `database_not_empty` where any table has a row."""
    filled = first_filled(connection)
    if filled is not None:
        raise Conflict(
            "database_not_empty",
            f"{database.shown} holds an exchange already (its {filled} are not empty): {what_is_done} into an "
            "empty database only; name a new one with --database, or as the second one of a move",
            table=filled,
        )


def _require_same_schema(database: Database, manifest: Manifest) -> None:
    here = database.schema_version()
    columns = {table.name: tuple(columns_of(table)) for table in all_tables()}
    if manifest.schema != here or {name: one.columns for name, one in manifest.tables.items()} != columns:
        raise InvalidInput(
            "backup_of_another_version",
            f"the backup is of schema {manifest.schema}, this program's is {here}: restore it with suanli-exchange "
            f"{manifest.program}, then upgrade that and run `suanli init`",
            schema=manifest.schema,
        )


def lock_tables(connection: Connection) -> None:
    """Nobody else writes until the end; rows may refer to rows that come later."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in all_tables())
        connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
    else:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))


@contextmanager
def as_it_was(connection: Connection) -> Iterator[None]:
    """Whatever had room when it was granted is stored, though its offering may have been made smaller since."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(text("ALTER TABLE allocations DISABLE TRIGGER allocations_added"))
    yield
    connection.execute(text("ALTER TABLE allocations ENABLE TRIGGER allocations_added"))


def store_rows(connection: Connection, table: Table, lines_of_table: Iterator[bytes], tell: Tell) -> None:
    """A table's rows, from the lines of a backup; `InvalidInput` `backup_damaged` where one is none."""
    read, stored = row_reader(table), 0
    for lines in _in_batches(lines_of_table):
        try:
            rows: list[dict[str, Any]] = [read(line) for line in lines]
        except (ValueError, TypeError) as error:
            raise damaged(f"a row of {table.name} is not one") from error
        insert_into(connection, table, rows)
        stored += len(rows)
        tell(table.name, stored)


def _in_batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """So many lines, or so many bytes, whatever is reached first."""
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) == ROWS_AT_A_TIME or size >= MOST_BYTES_AT_A_TIME:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _require_equal(connection: Connection, manifest: Manifest, tell: Tell) -> None:
    """What is stored now is what was there then, row by row, and the ledger says the same."""
    for table in all_tables():
        found = digest_table(connection, table)
        if found != manifest.tables[table.name]:
            raise Unavailable(
                "restore_differs",
                f"{table.name} read back is not what was backed up; nothing was stored, this is a fault of the program",
                table=table.name,
            )
        tell(table.name, found.rows)
    require_counting_on(connection, manifest.sequences)
    if imbalance_micros(connection) != manifest.imbalance_micros:
        raise Unavailable(
            "restore_differs", "the ledger read back is not the one backed up; nothing was stored"
        )


def require_counting_on(connection: Connection, sequences: Mapping[str, int]) -> None:
    """The next number of each table that counts for itself is one that was never given out."""
    for table, largest in largest_numbers(connection).items():
        if largest > sequences.get(table, 0):
            raise damaged(f"the rows of {table} have numbers that its manifest says were never given out")
    for table, last in read_sequences(connection).items():
        if last != sequences.get(table, 0):
            raise Unavailable(
                "restore_differs",
                f"{table} does not go on counting where it was; nothing was stored",
                table=table,
            )


def _silent(_table: str, _rows: int) -> None:
    pass
