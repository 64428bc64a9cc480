"""The duty to clear a round every so often."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from api.duties.leadership import Term
from api.timer import RoundTimer
from market.domain.clock import real_seconds
from market.exchange import Exchange, RoundRequest
from market.persistence.claims import ClaimName
from market.persistence.store import Store
from market.round_desks.desk import RoundDesk


class ScheduledRounds:
    """Whoever takes it over goes on where the one before was: an interval after the newest round."""

    name = ClaimName.ROUNDS

    def __init__(
        self, exchange: Exchange, rounds: RoundDesk, request: RoundRequest, every: timedelta
    ) -> None:
        self._exchange, self._rounds, self._request, self._every = exchange, rounds, request, every
        self._timer: RoundTimer | None = None
        self._first_at: datetime | None = None

    @contextmanager
    def led(self, term: Term) -> Iterator[None]:
        """A timer runs here; a round that clears lands before this is left.

        What the first one would wait for is loaded as it begins.
        """
        ending = threading.Event()
        self._rounds.warm()
        self._first_at = self._after_the_newest() if term.taken_over else None
        wait = self._waiting(term, ending)
        with RoundTimer(self._exchange, self._rounds, self._request, self._every, wait) as timer:
            self._timer = timer
            try:
                yield
            finally:
                self._timer = None
                ending.set()

    def require_alive(self) -> None:
        """`Unavailable` where a timer should run here and does not."""
        timer = self._timer
        if timer is not None:
            timer.require_alive()

    def next_at(self) -> datetime | None:
        """When the next round is due; None while one clears. Where another process leads: as the newest round says."""
        timer = self._timer
        if timer is not None:
            return self._first_at or timer.next_at()
        due = self._after_the_newest()
        return due if due is not None and due > self._exchange.clock.now() else None

    def _waiting(self, term: Term, ending: threading.Event) -> Callable[[float], bool]:
        """Passes so many seconds, the first time what is left of them; says whether to stop: asked to, or led no longer."""

        def wait(seconds: float) -> bool:
            if self._first_at is not None:
                left = max(self._first_at - self._exchange.clock.now(), timedelta(0))
                seconds = min(seconds, real_seconds(self._exchange.clock, left))
            try:
                return ending.wait(seconds) or not term.is_ours()
            finally:
                self._first_at = None

        return wait

    def _after_the_newest(self) -> datetime | None:
        """An interval after it ended, or began if it clears; None where there was none."""
        with self._exchange.database.reading() as session:
            rounds = Store(session).rounds
            newest_id = rounds.newest_id()
            newest = None if newest_id is None else rounds.get(newest_id)
        return None if newest is None else (newest.closed_at or newest.opened_at) + self._every
