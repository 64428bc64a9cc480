"""The duties that one process takes part in, started and stopped together."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.duties.leadership import BEAT_SECONDS, Duty, Leadership
from market.persistence.claims import Claim
from market.persistence.database import Database


class Duties:
    """Which of them are done here is settled with all other processes on the database. Safe between threads."""

    def __init__(self, database: Database, beat_seconds: float = BEAT_SECONDS) -> None:
        self._database, self._beat_seconds = database, beat_seconds
        self._duties: list[Duty] = []
        self._leaderships: list[Leadership] = []
        self._counting, self._started = threading.Lock(), 0

    def add(self, duty: Duty) -> None:
        """One more, before they are started."""
        self._duties.append(duty)

    def start(self) -> None:
        """Take part, until `stop` was called as often: one application may be served twice at a time."""
        with self._counting:
            self._started += 1
            if self._started == 1:
                self._leaderships = [self._leadership_of(duty) for duty in self._duties]
                for leadership in self._leaderships:
                    leadership.start()

    def begin_stopping(self) -> None:
        """Hand over what is led here as soon as it can be. It is called from a signal handler."""
        for leadership in self._leaderships:
            leadership.begin_stopping()

    def stop(self) -> None:
        """Return when all of it is handed over."""
        with self._counting:
            self._started -= 1
            if self._started == 0:
                self.begin_stopping()
                for leadership in self._leaderships:
                    leadership.join()

    @contextmanager
    def done(self) -> Iterator[None]:
        """As long as this is open."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def _leadership_of(self, duty: Duty) -> Leadership:
        return Leadership(Claim(self._database.engine, duty.name), duty, self._beat_seconds)
