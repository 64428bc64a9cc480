"""Since when providers are heard: silence while nobody listened is held against none of them.

Whoever serves the API shares one claim. A process that keeps time and serves nobody looks whether there is such a one.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from market.domain.clock import Clock
from market.domain.errors import Unavailable
from market.persistence.claims import Claim, ClaimName
from market.persistence.database import Database

LOOK_SECONDS = 1.0


class Listened:
    """Looks every second whether anybody listens."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._claim, self._clock = Claim(database.engine, ClaimName.LISTENING), clock
        self._since: datetime | None = None

    def since(self) -> datetime:
        """From when on somebody has listened without a break, as far as this process saw; now, where nobody does."""
        return self._since or self._clock.now()

    def look(self) -> None:
        """Whether somebody listens now; a database that does not answer keeps no reports either."""
        try:
            heard = self._claim.is_taken()
        except (SQLAlchemyError, Unavailable):
            heard = False
        self._since = (self._since or self._clock.now()) if heard else None

    @contextmanager
    def looking(self) -> Iterator[Callable[[], datetime]]:
        """As long as this is open; gives `since`."""
        ending = threading.Event()
        self.look()

        def look_on() -> None:
            while not ending.wait(LOOK_SECONDS):
                self.look()

        thread = threading.Thread(target=look_on, name="listened", daemon=True)
        thread.start()
        try:
            yield self.since
        finally:
            ending.set()
            thread.join()
