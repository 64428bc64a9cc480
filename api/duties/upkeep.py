"""The duty to keep time: what is due starts, is paid by the hour, ends, expires, lapses; what may be forgotten is."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from api.duties.leadership import Term
from market.domain.clock import real_seconds
from market.domain.errors import Unavailable
from market.exchange import Exchange
from market.persistence.claims import ClaimName

_logger = logging.getLogger(__name__)


class Upkeep:
    """Every so often, from the moment it is led."""

    name = ClaimName.UPKEEP

    def __init__(self, exchange: Exchange, every: timedelta) -> None:
        self._exchange, self._every = exchange, every
        self._thread: threading.Thread | None = None

    @contextmanager
    def led(self, term: Term) -> Iterator[None]:
        """A thread keeps time here; what it is at is ended before this is left."""
        ending = threading.Event()
        thread = threading.Thread(target=self._run, args=(term, ending), name="upkeep", daemon=True)
        thread.start()
        self._thread = thread
        try:
            yield
        finally:
            self._thread = None
            ending.set()
            thread.join()

    def require_alive(self) -> None:
        """`Unavailable` where time should be kept here and is not."""
        thread = self._thread
        if thread is not None and not thread.is_alive():
            raise Unavailable("upkeep_stopped", "time is no longer kept; restart the exchange")

    def _run(self, term: Term, ending: threading.Event) -> None:
        pause = real_seconds(self._exchange.clock, self._every)
        while not ending.is_set():
            try:
                if term.is_ours():
                    self._exchange.keep_time()
            except Exception:  # whatever it is: the next one does what this one left
                _logger.exception("time was not kept; it is tried again in %s", self._every)
            ending.wait(pause)
