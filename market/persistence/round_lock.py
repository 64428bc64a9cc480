"""The one claim to clear a round among all exchanges on one database, kept by the system underneath.

The row of a clearing round says that somebody began; only a lock that dies with its holder says that somebody
is still at it. SQLite: `flock` on a file beside the database. PostgreSQL: an advisory lock of a session (so not
through a pooler that shares sessions between transactions).
"""

import fcntl
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from market.domain.errors import Unavailable

ADVISORY_LOCK = 0x5355414E4C49
"""Any number that no other program takes in this database: the letters SUANLI."""
Release = Callable[[], None]


class RoundLock:
    """Held by at most one exchange, from opening a round to its end. Safe between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = threading.Lock()
        self._release: Release | None = None

    def take(self) -> bool:
        """Whether the claim is ours from now on; False at once while anybody holds it, this exchange included."""
        with self._threads:
            if self._release is not None:
                return False
            on_file = self._engine.dialect.name == "sqlite"
            self._release = _take_file(self._engine) if on_file else _take_advisory(self._engine)
            return self._release is not None

    def release(self) -> None:
        """Give the claim back, if it is ours."""
        with self._threads:
            release, self._release = self._release, None
        if release is not None:
            release()


def _take_file(engine: Engine) -> Release | None:
    with engine.execution_options(reading=True).connect() as connection:
        main = connection.exec_driver_sql("PRAGMA database_list").first()
    path = Path(
        f"{main.file if main else ''}-round-lock"
    )  # never removed: two holders could lock two files of one name
    try:
        file = path.open("a")
    except OSError as error:
        raise Unavailable("round_lock_unusable", f"cannot lock {path.name}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError as error:
        file.close()
        raise Unavailable("round_lock_unusable", f"cannot lock {path.name}: {error.strerror}") from error
    return file.close


def _take_advisory(engine: Engine) -> Release | None:
    number = {"number": ADVISORY_LOCK}
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    if not connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), number):
        connection.close()
        return None

    def release() -> None:
        try:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), number)
        except DBAPIError:
            connection.invalidate()  # the session is gone, and its lock with it
        finally:
            connection.close()

    return release
