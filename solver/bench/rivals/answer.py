"""What a contestant is given, and what it hands back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from solver.outcome import Clearing, Status
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
    earlier: Clearing | None = None
    """An earlier clearing of a market much like this one, for who can start from it."""
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


def arrays_of(answer: Answer) -> dict[str, Any]:
    """What an answer file holds: placements, and prices where there are any."""
    names = ("chosen", "start_slot", "price_micros", "power_price_micros")
    return {name: getattr(answer, name) for name in names if getattr(answer, name) is not None}


def load_arrays(path: str | Path) -> dict[str, Any]:
    """What `arrays_of` gave, from its file."""
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def claimed_clearing(arrays: dict[str, Any], problem: ClearingProblem) -> Clearing:
    """The answer as a clearing that claims nothing; prices are zero where there are none."""
    zero = np.zeros_like(problem.capacity_units), np.zeros_like(problem.node_power_watts)
    return Clearing(
        Status.FEASIBLE, 0, 0, 0.0, arrays["chosen"], arrays["start_slot"],
        arrays.get("price_micros", zero[0]), arrays.get("power_price_micros", zero[1]),
    )  # fmt: skip
