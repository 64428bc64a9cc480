"""Wall-clock time, asked only to stop: no step takes anything else from it."""

from __future__ import annotations

import time


class Stopwatch:
    """Runs from its creation; is up after `seconds_limit`."""

    def __init__(self, seconds_limit: float) -> None:
        """Start."""
        self._began = time.perf_counter()
        self._limit = seconds_limit

    def seconds(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._began

    def seconds_left(self) -> float:
        """Seconds until it is up, never negative."""
        return max(0.0, self._limit - self.seconds())

    def is_up(self) -> bool:
        """Whether to stop."""
        return self.seconds() >= self._limit

    def part(self, share: float) -> Stopwatch:
        """One that is up when this share of the seconds left is gone."""
        return Stopwatch(share * self.seconds_left())
