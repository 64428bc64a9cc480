"""Taking a backup while the exchange runs: one snapshot, table after table, into a file that appears when it is whole."""

import hashlib
import os
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, Table

from market.archive.manifest import FORMAT, NAME, Manifest, Member, member_name
from market.archive.rows import columns_of, read_lines
from market.archive.tables import (
    Tell,
    all_tables,
    count_rows,
    imbalance_micros,
    moved_micros,
    newest_event,
    read_sequences,
)
from market.domain.clock import rfc3339
from market.domain.errors import Conflict
from market.persistence.database import Database

FOR_THE_OWNER_ALONE = 0o600
"""A backup holds hashes of keys and secrets of webhooks."""
ROWS_BETWEEN_TELLS = 1000


@dataclass(frozen=True, slots=True)
class Written:
    """A backup that is there."""

    file: Path
    size_bytes: int
    manifest: Manifest


def write_backup(database: Database, file: Path, now: datetime, tell: Tell | None = None) -> Written:
    """Everything as it is at one moment; `Conflict` `backup_exists` where the file is there already.

    Nobody waits for it: readers and writers go on. `tell` is told the rows that are done, of all first, then of each table.
    """
    database.require_current()
    with _appearing_when_whole(file) as target, _snapshot(database) as connection:
        manifest = _write(connection, target, now, tell or _silent)
    return Written(file, file.stat().st_size, manifest)


def digest_table(connection: Connection, table: Table) -> Member:
    """What a manifest says of a table, read from the database."""
    hashed, rows = hashlib.sha256(), 0
    for line in read_lines(connection, table):
        hashed.update(line)
        rows += 1
    return Member(tuple(columns_of(table)), rows, hashed.hexdigest())


@contextmanager
def _snapshot(database: Database) -> Iterator[Connection]:
    """One moment of the database, for as long as it is read; the first question is what fixes it."""
    engine = database.engine.execution_options(reading=True)
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with engine.connect() as connection, connection.begin():
        yield connection


def _write(connection: Connection, target: BinaryIO, now: datetime, tell: Tell) -> Manifest:
    counts = count_rows(connection)
    tell("", sum(counts.values()))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        manifest = Manifest(
            format=FORMAT,
            program=version("suanli-exchange"),
            schema=str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()),
            engine=connection.dialect.name,
            taken_at=rfc3339(now),
            tables={table.name: _write_table(connection, table, archive, tell) for table in all_tables()},
            sequences=read_sequences(connection),
            newest_event=newest_event(connection),
            moved_micros=moved_micros(connection),
            imbalance_micros=imbalance_micros(connection),
        )
        archive.writestr(NAME, manifest.to_json())
    return manifest


def _write_table(connection: Connection, table: Table, archive: zipfile.ZipFile, tell: Tell) -> Member:
    hashed, rows = hashlib.sha256(), 0
    with archive.open(member_name(table.name), "w", force_zip64=True) as member:
        for line in read_lines(connection, table):
            member.write(line)
            hashed.update(line)
            rows += 1
            if rows % ROWS_BETWEEN_TELLS == 0:
                tell(table.name, rows)
    tell(table.name, rows)
    return Member(tuple(columns_of(table)), rows, hashed.hexdigest())


@contextmanager
def _appearing_when_whole(file: Path) -> Iterator[BinaryIO]:
    """A file beside the one that is meant, which takes its name once it is on disk; before, there is none of that name."""
    if file.exists():
        raise _exists(file)
    partial = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}.partial")
    descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, FOR_THE_OWNER_ALONE)
    try:
        with os.fdopen(descriptor, "w+b") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        try:
            os.link(partial, file)  # unlike a renaming, it takes nobody's place
        except FileExistsError as error:
            raise _exists(file) from error
    finally:
        partial.unlink()
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _exists(file: Path) -> Conflict:
    return Conflict("backup_exists", f"{file} is there already: name another file, or remove it first")


def _silent(_table: str, _rows: int) -> None:
    pass
