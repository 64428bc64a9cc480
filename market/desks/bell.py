"""A bell that rings when something new is in the log."""

import threading
from collections.abc import Callable


class Bell:
    """Rung by the desks of this process after each commit that told something.

    What other processes commit is found by looking now and then. Whoever learns of it sooner (on PostgreSQL a connection
    that LISTENs: `market.persistence.notices`) rings here as well. Safe between threads.
    """

    def __init__(self) -> None:
        self._hearers: tuple[Callable[[], None], ...] = ()
        self._changing = threading.Lock()

    def hear(self, hearer: Callable[[], None]) -> Callable[[], None]:
        """Call `hearer` at every ring, from whichever thread rings: it must neither wait nor raise. Returns how to stop."""
        with self._changing:
            self._hearers = (*self._hearers, hearer)

        def stop() -> None:
            with self._changing:
                self._hearers = tuple(one for one in self._hearers if one is not hearer)

        return stop

    def ring(self) -> None:
        """There is something new."""
        for hearer in self._hearers:
            hearer()
