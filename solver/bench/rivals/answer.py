"""What a contestant is given, and what it hands back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from solver.outcome import Status
from solver.problem import ClearingProblem, Int32Array, Int64Array

StepReport = Callable[[str, float, int, int], None]
"""Called with step, seconds, value and bound in micros."""


@dataclass
class Task:
    """One problem and one clock, which starts when the task is made."""

    problem: ClearingProblem
    seconds: float
    workers: int
    seed: int
    gap: float
    report: StepReport
    began: float = field(default_factory=time.perf_counter)

    def seconds_so_far(self) -> float:
        """Since the clock started."""
        return time.perf_counter() - self.began

    def seconds_left(self) -> float:
        """Before the limit; never negative."""
        return max(0.0, self.seconds - self.seconds_so_far())


@dataclass
class Answer:
    """What was found. Without placements the status is NO_SOLUTION; nothing claimed here is believed."""

    status: Status
    chosen: Int32Array | None = None
    start_slot: Int32Array | None = None
    price_micros: Int64Array | None = None
    """(O, T) prices that prove a bound, where the contestant has any."""
    power_price_micros: Int64Array | None = None
    own_bound_micros: int | None = None
    """What the contestant itself claims as a bound."""
    note: str = ""


def nothing(note: str = "", own_bound_micros: int | None = None) -> Answer:
    """The honest answer of somebody who has none."""
    return Answer(Status.NO_SOLUTION, note=note, own_bound_micros=own_bound_micros)
