"""Parts of a problem side by side, on threads: kernels let go of the interpreter, memory is shared as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from solver.stopwatch import Stopwatch

Item = TypeVar("Item")

EFFORT_EXPONENT = 0.7
"""The seconds that a market takes to 0.1% grew like so: 2.4 at 300 jobs, 33 at 10,000."""


def effort_of(jobs: int) -> float:
    """What a market of so many jobs takes, measured against others."""
    return float(max(1, jobs) ** EFFORT_EXPONENT)


class TimeShares:
    """Hands out the seconds left to whoever begins, by effort; what one leaves over is everybody's."""

    def __init__(self, stopwatch: Stopwatch, efforts: Sequence[float], lanes: int) -> None:
        """So many of these run at a time."""
        self._stopwatch, self._lanes = stopwatch, lanes
        self._waiting = sum(efforts)
        self._lock = threading.Lock()

    def begin(self, effort: float) -> Stopwatch:
        """The share of one that begins; all there is where no more than the lanes are left."""
        with self._lock:
            share = self._lanes * effort / self._waiting
        return self._stopwatch if share >= 1.0 else self._stopwatch.part(share)

    def end(self, effort: float) -> None:
        """It is through."""
        with self._lock:
            self._waiting -= effort


def side_by_side(
    work: Callable[[Item], None], items: Sequence[Item], lanes: int, call_off: Callable[[], None]
) -> None:
    """Do the work for every item, so many at a time, in order; here where there is only one of either.

    Raises what the first to fail raises, once those under way, which are told by `call_off`, have ended.
    """
    if min(lanes, len(items)) <= 1:
        for item in items:
            work(item)
        return
    with ThreadPoolExecutor(lanes, thread_name_prefix="part") as threads:
        begun = [threads.submit(work, item) for item in items]
        try:
            for done in as_completed(begun):
                done.result()
        except BaseException:  # an interrupt, too, is meant for all
            call_off()
            threads.shutdown(wait=False, cancel_futures=True)
            raise
