"""Counts of two windows for each client: the store behind the rate limits, in this process's memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport

MOST_CLIENTS = 100_000
"""Clients that are remembered, some 250 bytes each; beyond that the one that was away longest is forgotten."""

ROUNDING = 1e-6
"""Of a request: whoever waited as long as told is not sent away again for a float's sake."""


@dataclass(slots=True)
class _Count:
    window: int
    current: int = 0
    previous: int = 0


class WindowCounts(Storage, SlidingWindowCounterSupport):
    """What `limits` asks of a store, for a sliding window counter.

    The library's own memory store starts a thread for every 10 ms of traffic and walks all keys in it; this one looks at
    one key at a time, forgets by itself, and takes its clock as a parameter.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, most: int = MOST_CLIENTS) -> None:
        """`now` in seconds, from any moment on."""
        super().__init__()
        self._now, self._most = now, most
        self._counts: dict[str, _Count] = {}

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._counts)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` more, unless that is more than `limit` in the last `expiry` seconds."""
        count, elapsed = self._at(key, expiry)
        weighted = count.previous * (1 - elapsed) + count.current
        if weighted + amount > limit + ROUNDING:
            return False
        count.current += amount
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Count and seconds to live of the window before this one, and of this one."""
        count, elapsed = self._at(key, expiry)
        left = (1 - elapsed) * expiry
        return count.previous, left if count.previous else 0.0, count.current, left + expiry

    def seconds_until(self, key: str, limit: int, expiry: int, amount: int) -> float:
        """When `amount` more will be let through, if nothing else comes."""
        count, elapsed = self._at(key, expiry)
        room = limit - amount
        if count.current <= room:
            fraction = 1 - (room - count.current) / count.previous if count.previous else 0.0
            return max(0.0, fraction - elapsed) * expiry
        return (2 - elapsed - room / count.current) * expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:  # noqa: ARG002 - as the interface has it
        """Forget a client."""
        self.clear(key)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong in here: nothing that is not a defect."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count without a limit; what this window holds then."""
        count, _ = self._at(key, expiry)
        count.current += amount
        return count.current

    def get(self, key: str) -> int:
        """What the window that was counted in last holds."""
        found = self._counts.get(key)
        return 0 if found is None else found.current

    def get_expiry(self, key: str) -> float:  # noqa: ARG002 - as the interface has it
        """Counts fall away by themselves: nothing is due."""
        return self._now()

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget everybody; how many they were."""
        forgotten = len(self._counts)
        self._counts.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forget a client."""
        self._counts.pop(key, None)

    def _at(self, key: str, expiry: int) -> tuple[_Count, float]:
        """A client's counts as of now, and how much of the present window is over (0 to 1)."""
        window, elapsed = divmod(self._now() / expiry, 1)
        count = self._counts.get(key)
        if count is None or count.window != window:
            count = self._turn(key, count, int(window))
        return count, elapsed

    def _turn(self, key: str, before: _Count | None, window: int) -> _Count:
        """A new window; the dictionary's sequence is that of last windows, so whoever was away longest comes first."""
        self._counts.pop(key, None)
        just_before = before is not None and before.window == window - 1
        count = _Count(window, previous=before.current if before is not None and just_before else 0)
        self._counts[key] = count
        if len(self._counts) > self._most:
            del self._counts[next(iter(self._counts))]
        return count
