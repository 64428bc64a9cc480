"""Wall-clock time, asked only to stop: no step takes anything else from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Step = TypeVar("Step")


def _never() -> bool:
    return False


class Stopwatch:
    """Runs from its creation; is up after `seconds_limit`, or at once when `cancelled()` turns true or it is called off."""

    def __init__(self, seconds_limit: float, cancelled: Callable[[], bool] | None = None) -> None:
        """Start. `cancelled` may be asked from any thread, and stays true once it is."""
        self._began = time.perf_counter()
        self._limit = seconds_limit
        self._cancelled = cancelled or _never
        self._called_off = False

    def seconds(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._began

    def seconds_left(self) -> float:
        """Seconds until it is up, never negative; none once it is cancelled."""
        return 0.0 if self._is_off() else max(0.0, self._limit - self.seconds())

    def is_up(self) -> bool:
        """Whether to stop."""
        return self._is_off() or self.seconds() >= self._limit

    def until_up(self, steps: Iterable[Step]) -> Iterator[Step]:
        """The first of the steps, and the next ones until it is up."""
        for step in steps:
            yield step
            if self.is_up():
                return

    def part(self, share: float) -> Stopwatch:
        """One that is up when this share of the seconds left is gone, or when this one is cancelled or called off."""
        return Stopwatch(share * self.seconds_left(), self._is_off)

    def call_off(self) -> None:
        """Be up from now on: what is under way is of no use any more. May be called from any thread."""
        self._called_off = True

    def _is_off(self) -> bool:
        return self._called_off or self._cancelled()
