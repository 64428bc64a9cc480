"""Named claims among all processes on one database, each held by one of them at most and kept by the system underneath.

A row says that somebody began; only a lock that dies with its holder says that somebody is still at it. SQLite: `flock` on a
file beside the database. PostgreSQL: an advisory lock of a session (so not through a pooler that shares sessions between
transactions), which a connection of its own keeps.
"""

import fcntl
import os
import threading
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Protocol

from sqlalchemy import Connection, Engine, text

from market.domain.errors import Unavailable

ADVISORY_LOCK = 0x5355414E4C49
"""Any number that no other program takes in this database: the letters SUANLI."""
DEAD_AFTER = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
"""So that PostgreSQL gives away what a machine held that is gone without a word: after some ten seconds, not two hours."""


class ClaimName(StrEnum):
    """What there is to claim."""

    ROUND = "round"
    """To clear a round, from its opening to its end."""
    ROUNDS = "rounds"
    """To open rounds on schedule."""
    UPKEEP = "upkeep"
    """To keep time."""
    WEBHOOKS = "webhooks"
    """To deliver to webhooks."""
    LISTENING = "listening"
    """That reports are heard: shared by all who serve the API."""
    TIME = "time"
    """To do what is due, while it is done: two who did it at once would wait for each other's rows."""


SHARED = frozenset({ClaimName.LISTENING})
"""What any number of processes hold together."""
_NUMBERS = {ClaimName.ROUND: ADVISORY_LOCK} | {
    name: (ADVISORY_LOCK << 8) + place
    for place, name in enumerate(
        (ClaimName.ROUNDS, ClaimName.UPKEEP, ClaimName.WEBHOOKS, ClaimName.LISTENING, ClaimName.TIME), 1
    )
}

_LOCKED = text(
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid::bigint = :high AND objid::bigint = :low)"
)


class _Hold(Protocol):
    """A claim while it is ours."""

    def lives(self) -> bool:
        """Whether the lock is still there, by asking it."""

    def let_go(self) -> None:
        """Give it back."""


class Claim:
    """One claim as one exchange sees it. Safe between threads."""

    def __init__(self, engine: Engine, name: ClaimName) -> None:
        self._engine, self.name = engine, name
        self._threads = threading.Lock()
        self._hold: _Hold | None = None

    def take(self) -> bool:
        """Whether the claim is ours from now on; False at once while anybody holds it, this exchange included."""
        with self._threads:
            if self._hold is not None:
                return False
            self._hold = self._try()
            return self._hold is not None

    def is_held(self) -> bool:
        """Whether it is ours still: a session that was cut off, and its lock with it, is noticed here and let go of."""
        with self._threads:
            if self._hold is not None and not self._hold.lives():
                self._hold.let_go()
                self._hold = None
            return self._hold is not None

    def is_taken(self) -> bool:
        """Whether anybody holds it now."""
        with self._threads:
            if self._hold is not None and self._hold.lives():
                return True
        if self._engine.dialect.name == "postgresql":
            return _is_locked_at_server(self._engine, _NUMBERS[self.name])
        probe = _try_file(self._path(), shared=False)
        if probe is not None:
            probe.let_go()
        return probe is None

    def release(self) -> None:
        """Give the claim back, if it is ours."""
        with self._threads:
            hold, self._hold = self._hold, None
        if hold is not None:
            hold.let_go()

    def _try(self) -> _Hold | None:
        if self._engine.dialect.name == "postgresql":
            return _try_advisory(self._engine, _NUMBERS[self.name], shared=self.name in SHARED)
        return _try_file(self._path(), shared=self.name in SHARED)

    def _path(self) -> Path:
        with self._engine.execution_options(reading=True).connect() as connection:
            main = connection.exec_driver_sql("PRAGMA database_list").first()
        return Path(f"{main.file if main else ''}-{self.name}-lock")


class _FileHold:
    """The file is never removed: two holders could lock two files of one name."""

    def __init__(self, path: Path, file: IO[str]) -> None:
        self._path, self._file = path, file

    def lives(self) -> bool:
        """A lock on a file that nobody finds there any more keeps nobody out."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except OSError:
            return False

    def let_go(self) -> None:
        self._file.close()


def _try_file(path: Path, *, shared: bool) -> _FileHold | None:
    try:
        file = path.open("a")
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError as error:
        file.close()
        raise _unusable(path, error) from error
    return _FileHold(path, file)


def _unusable(path: Path, error: OSError) -> Unavailable:
    return Unavailable("round_lock_unusable", f"cannot lock {path.name}: {error.strerror}")


class _SessionHold:
    """The driver's own connection: one that is lost is lost, and never quietly made anew without its lock."""

    def __init__(self, connection: Connection, lost: type[Exception]) -> None:
        self._connection, self._lost = connection, lost
        pooled = connection.connection
        self._driven: Any = pooled.driver_connection
        pooled.detach()  # the pool gives this session to nobody else, and may open another one instead

    def lives(self) -> bool:
        try:
            self._driven.execute("SELECT 1")
        except self._lost:
            return False
        return True

    def let_go(self) -> None:
        with suppress(self._lost):
            self._driven.execute(
                "SELECT pg_advisory_unlock_all()"
            )  # now, not when the session's end is noticed
        with suppress(self._lost):
            self._driven.close()
        self._connection.invalidate()
        self._connection.close()


def _try_advisory(engine: Engine, number: int, *, shared: bool) -> _SessionHold | None:
    lock = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        if connection.exec_driver_sql(f"SELECT {lock}({number})").scalar():
            connection.exec_driver_sql(DEAD_AFTER)
            return _SessionHold(connection, engine.dialect.loaded_dbapi.Error)
    except BaseException:
        connection.invalidate()  # it may hold the lock
        connection.close()
        raise
    connection.close()
    return None


def _is_locked_at_server(engine: Engine, number: int) -> bool:
    halves = {"high": number >> 32, "low": number & 0xFFFFFFFF}
    with engine.execution_options(reading=True).connect() as connection:
        return bool(connection.scalar(_LOCKED, halves))
