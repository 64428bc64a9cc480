"""SQLite's writers take turns: threads of one process, and processes.

SQLite lets one write at a time, and whoever waits for it asks again and again with longer and longer sleeps between: a few
writers leave it idle most of the time, and one that writes again and again (a round that lands) keeps the others out for
seconds. So they wait in line before they ask: in each process on a lock, and among processes on two files beside the
database, which the system frees when a process dies. Whoever holds the first is next; whoever holds the second writes.
"""

import fcntl
import os
import threading
import time
from contextlib import suppress

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

PAUSE_SECONDS = 0.001
"""Between two looks whether it is our turn: a wait for a lock of the system could not be given up."""
_HAS_TURN = "has_turn"
FOR_THE_OWNER_ALONE = 0o600


class WritersInTurn:
    """The turns of one engine. Whoever has waited for too long tries SQLite's lock all the same."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._turn = threading.Lock()
        self._line: _Line | None = None

    def watch(self, engine: Engine) -> None:
        """From `begin` to when the connection is given back, which is after its commit."""
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "checkin", self._end)
        event.listen(engine, "engine_disposed", self._close)

    def _begin(self, connection: Connection) -> None:
        """Writers take the lock at once instead of failing half-way; readers take none; a question is no transaction."""
        options = connection.get_execution_options()
        if options.get("asking", False):
            return
        if options.get("reading", False):
            connection.exec_driver_sql("BEGIN")
            return
        until = time.monotonic() + self._patience
        if not connection.info.get(_HAS_TURN) and self._turn.acquire(timeout=self._patience):
            connection.info[_HAS_TURN] = True
            self._line = self._line or _line_beside(connection)
            self._line.wait(until)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _end(self, _connection: object, record: ConnectionPoolEntry) -> None:
        if record.info.pop(_HAS_TURN, False):
            if self._line is not None:
                self._line.leave()
            self._turn.release()

    def _close(self, _engine: Engine) -> None:
        with self._turn:
            line, self._line = self._line, None
        if line is not None:
            line.close()


class _Line:
    """The line of processes, for one thread of this one at a time; files that nobody can make keep nobody waiting."""

    def __init__(self, *paths: str) -> None:
        self._files: list[int] = []
        with suppress(OSError):
            self._files = [os.open(path, os.O_CREAT | os.O_RDWR, FOR_THE_OWNER_ALONE) for path in paths]

    def wait(self, until: float) -> None:
        """Until it is our turn, or that moment (on the monotonic clock) has come."""
        if self._files and _lock(self._files[0], until):
            _lock(self._files[1], until)
            fcntl.flock(self._files[0], fcntl.LOCK_UN)

    def leave(self) -> None:
        """The next one may write."""
        if self._files:
            fcntl.flock(self._files[1], fcntl.LOCK_UN)

    def close(self) -> None:
        """Nobody of this process waits any more."""
        for file in self._files:
            os.close(file)
        self._files = []


def _line_beside(connection: Connection) -> _Line:
    """Its files are never removed: two processes could lock two files of one name."""
    main = connection.exec_driver_sql("PRAGMA database_list").first()
    return _Line(f"{main.file}-next-writer-lock", f"{main.file}-writer-lock") if main else _Line()


def _lock(file: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(PAUSE_SECONDS)
        except OSError:  # a file system without such locks
            return False
        else:
            return True
