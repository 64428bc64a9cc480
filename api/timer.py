"""Rounds on a schedule: a thread that keeps time and clears, round after round, until it is told to stop."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType

from market.domain.clock import real_seconds
from market.domain.errors import Conflict, Unavailable
from market.domain.parties import Actor, Role
from market.domain.rounds import Round
from market.exchange import Exchange, RoundRequest
from market.round_desks.desk import RoundDesk

TIMER = Actor("exchange", Role.OPERATOR, None)
"""Who asks for rounds that nobody asks for."""
EXPECTED = frozenset({"round_in_progress", "exchange_stopping"})
"""Refusals that are no news: another round is clearing, or the exchange is on its way down."""
_logger = logging.getLogger(__name__)


class RoundTimer:
    """Clears a round every so often; use it as a context manager. Rounds follow each other, never overlap."""

    def __init__(
        self,
        exchange: Exchange,
        rounds: RoundDesk,
        request: RoundRequest,
        every: timedelta,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """`exchange` keeps time, `rounds` clears. `wait` passes so many seconds and says whether to stop: the timer's own
        event, unless a test brings one.
        """
        self._exchange, self._rounds = exchange, rounds
        self._request = request
        self._every = every
        self._next_at: datetime | None = None
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._thread = threading.Thread(target=self._run, name="round-timer", daemon=True)

    def __enter__(self) -> "RoundTimer":
        """Start; the first round comes after the first interval."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; a round that is clearing lands first."""
        self._stopped.set()
        self._thread.join()

    def tick(self) -> Round | None:
        """Clear a round; None where another round is clearing, or this one failed (the log says why).

        What is due is done as the round opens.
        """
        try:
            return self._rounds.open(TIMER, self._request).finish()
        except (Conflict, Unavailable) as refusal:
            if refusal.code not in EXPECTED:
                _logger.exception("a scheduled round was refused; the next one comes in %s", self._every)
        except Exception:
            _logger.exception("a scheduled round failed; the next one comes in %s", self._every)
        return None

    def next_at(self) -> datetime | None:
        """When the next round is due; None while one clears, and when there will be none."""
        return self._next_at

    def require_alive(self) -> None:
        """`Unavailable` where nobody will clear another round."""
        if not self._thread.is_alive():
            raise Unavailable(
                "round_timer_died", "rounds are no longer cleared on a schedule; restart the exchange"
            )

    def _run(self) -> None:
        while not self._pause():
            self.tick()

    def _pause(self) -> bool:
        """Until the next round is due; whether to stop."""
        self._next_at = self._exchange.clock.now() + self._every
        try:
            return self._wait(real_seconds(self._exchange.clock, self._every))
        finally:
            self._next_at = None
