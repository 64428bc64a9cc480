"""In what condition a database is while it is used: still there, the same one, at the right schema, writable, with room."""

import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import text

from market.domain.errors import Unavailable
from market.persistence.database import Database

BUSY = "SQLITE_BUSY"
WRITES_NOTHING = "DELETE FROM alembic_version WHERE 0"
MEBIBYTE = 1024 * 1024


class Condition:
    """Looks at one database now and then. What a file is, it remembers from when it was opened."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._on_sqlite = database.engine.dialect.name == "sqlite"
        self._file = _file_of(database) if self._on_sqlite else None
        self._opened = None if self._file is None else _identity_of(self._file)

    def require_sound(self) -> None:
        """`Unavailable` unless it is there, at this program's schema, and takes writes."""
        self._require_present()
        self._database.require_current()
        if self._on_sqlite:
            self._require_writable_file()
        else:
            self._require_writable_server()

    def require_room(self, mebibytes: int) -> None:
        """`Unavailable` where less room is left beside an SQLite file; a server looks after its own."""
        if self._file is None:
            return
        free = shutil.disk_usage(self._file.parent).free // MEBIBYTE
        if free < mebibytes:
            raise Unavailable(
                "disk_full",
                f"{free} MiB are free beside the database, {mebibytes} are wanted: make room, or set min_free_mebibytes",
                free_mebibytes=free,
            )

    def _require_present(self) -> None:
        """Looked at before any connection is opened, for SQLite makes a new file where there is none."""
        if self._file is None:
            return
        found = _identity_of(self._file)
        if found is None:
            raise Unavailable(
                "database_missing", f"{self._file} is gone: stop, put it back from a backup, start again"
            )
        if found != self._opened:
            raise Unavailable(
                "database_replaced", f"{self._file} is another file than the one that was opened: restart"
            )

    def _require_writable_file(self) -> None:
        """Whether a write could begin; where somebody else is writing at this moment, it could."""
        connection = self._database.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout=0")
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute(WRITES_NOTHING)  # a file that is read only is not minded before
            cursor.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith(BUSY):
                raise Unavailable(
                    "database_read_only", f"nothing can be written to {self._file}: {error}; check its rights"
                ) from error
        finally:
            connection.invalidate()  # its patience is not what the others are used to
            connection.close()

    def _require_writable_server(self) -> None:
        with self._database.reading() as session:
            read_only = session.scalar(text("SHOW transaction_read_only")) == "on"
        if read_only:
            raise Unavailable(
                "database_read_only", "the database takes no writes: it is a replica, or set to read only"
            )


def _file_of(database: Database) -> Path | None:
    with database.engine.execution_options(reading=True).connect() as connection:
        main = connection.exec_driver_sql("PRAGMA database_list").first()
    return Path(main.file) if main is not None and main.file else None


def _identity_of(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
