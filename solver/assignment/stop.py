"""When to stop: the time is up, or somebody has proved that nothing better exists."""

from __future__ import annotations

import threading

from solver.stopwatch import Stopwatch


class Stop:
    """Asked between pieces of work; shared by the workers of one search."""

    def __init__(self, seconds_limit: float) -> None:
        """Start the clock."""
        self._stopwatch = Stopwatch(seconds_limit)
        self._called = threading.Event()

    def call(self) -> None:
        """Stop everybody."""
        self._called.set()

    def is_up(self) -> bool:
        """Whether to stop."""
        return self._called.is_set() or self._stopwatch.is_up()

    def seconds(self) -> float:
        """Seconds so far."""
        return self._stopwatch.seconds()

    def seconds_left(self) -> float:
        """Seconds until the time is up, 0 once somebody called."""
        return 0.0 if self._called.is_set() else self._stopwatch.seconds_left()
