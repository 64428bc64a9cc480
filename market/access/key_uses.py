"""When keys were used last: noted in memory, written now and then, so that a request costs no write.

What a crash takes away is a minute of notes. Several exchanges on one database write the latest that each of them knows.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

WRITTEN_EVERY = timedelta(minutes=1)
MOST_NOTED = 10_000
"""Keys whose use is remembered between two writings; beyond that the one that was used longest ago is forgotten."""


class KeyUses:
    """Notes of use. Safe between threads; its memory is bounded."""

    def __init__(self, most: int = MOST_NOTED) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._noted: OrderedDict[str, datetime] = OrderedDict()
        self._written_at: datetime | None = None

    def note(self, key_id: str, at: datetime) -> None:
        """A key was used."""
        with self._lock:
            self._noted[key_id] = at
            self._noted.move_to_end(key_id)
            if len(self._noted) > self._most:
                self._noted.popitem(last=False)

    def due(self, now: datetime, *, closing: bool = False) -> Mapping[str, datetime]:
        """What to write now: nothing within a minute of the last time, unless this is the end."""
        with self._lock:
            early = self._written_at is not None and now - self._written_at < WRITTEN_EVERY
            return {} if early and not closing else dict(self._noted)

    def written(self, uses: Mapping[str, datetime], now: datetime) -> None:
        """So much is stored; what was used again meanwhile stays noted."""
        with self._lock:
            self._written_at = now
            for key_id, at in uses.items():
                if self._noted.get(key_id) == at:
                    del self._noted[key_id]

    def newest(self, key_id: str, stored: datetime | None) -> datetime | None:
        """The later of what is noted and what is stored."""
        with self._lock:
            noted = self._noted.get(key_id)
        known = [at for at in (noted, stored) if at is not None]
        return max(known, default=None)
