"""What a victim says of its landing, from within the process that clears its rounds, to whoever is to kill it in time.

`ChildTerms.settle` is called there once everything is loaded; here it hooks the program up to a named pipe. As long as the
process lives it holds the pipe open, so its end is heard as well.
"""

import os
import select
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

LANDING, STOPPED, COMMITTING, COMMITTED = "landing", "stopped", "committing", "committed"
"""Its first statement, the statement at which it was to stop, just before its commit, just after it."""
STOP_SECONDS = 300.0


def tell_landing(pipe: str, stop_at: int | None) -> None:
    """Tell of the first landing of this process; before its statement or commit `stop_at` it stops, to be killed there."""
    try:
        line = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return  # nobody is to be killed any more: this is the process that came after
    landing = _Landing(line, stop_at)
    event.listen(Engine, "before_cursor_execute", landing.on_statement)
    event.listen(Engine, "commit", landing.on_commit)
    event.listen(Session, "after_commit", landing.on_committed)


class _Landing:
    def __init__(self, line: int, stop_at: int | None) -> None:
        self._line, self._stop_at = line, stop_at
        self._steps = -1
        self._closes = self._commits = self._over = False

    def on_statement(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if self._over:
            return
        if self._steps < 0 and statement.startswith("INSERT INTO round_records"):
            self._tell(LANDING)
            self._steps = 0
        self._closes = self._closes or (self._steps >= 0 and statement.startswith("UPDATE rounds"))
        self._step()

    def on_commit(self, _connection: Any) -> None:
        self._step()
        if self._closes and not self._commits:
            self._commits = True
            self._tell(COMMITTING)

    def on_committed(self, _session: Any) -> None:
        if self._commits and not self._over:
            self._over = True
            self._tell(COMMITTED)

    def _step(self) -> None:
        if self._steps < 0 or self._over:
            return
        if self._steps == self._stop_at:
            self._tell(STOPPED)
            time.sleep(STOP_SECONDS)
        self._steps += 1

    def _tell(self, word: str) -> None:
        os.write(self._line, f"{word} {os.getpid()}\n".encode())


class Hearing:
    """The other end of the pipe."""

    def __init__(self, pipe: str) -> None:
        os.mkfifo(pipe)
        self._line = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._line, select.POLLIN)
        self.process_id = 0
        """Of the process that clears, once it has said anything."""

    def words(self, patience_seconds: float) -> Iterator[str]:
        """As they are said, until the process has ended; `TimeoutError` where nothing happens."""
        while True:
            if not self._poll.poll(1000 * patience_seconds):
                raise TimeoutError("the process that clears neither says anything nor ends")
            said = os.read(self._line, 4096).decode()
            if not said:
                return
            for line in said.splitlines():
                word, process_id = line.split()
                self.process_id = int(process_id)
                yield word

    def close(self) -> None:
        os.close(self._line)
