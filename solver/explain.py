"""Why a job was not placed at a candidate, and what it would cost: candidate by candidate, in integers.

The prices and placements are those of a clearing; the job itself is taken out of what the clearing left free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from solver.outcome import Clearing
from solver.problem import ClearingProblem, Int64Array

BoolArray = npt.NDArray[np.bool_]
VerdictCode = Literal["FITS", "TOO_LATE", "TOO_LARGE", "PRICED_OUT", "NO_CAPACITY", "NO_POWER"]
"""FITS: there is room, and it pays. TOO_LATE: no start in the window. TOO_LARGE: above the free capacity or power of
every window even alone. PRICED_OUT: the cost alone reaches the job's value. NO_CAPACITY, NO_POWER: others hold the
units, or the node's power, in every window that would pay."""


@dataclass(frozen=True)
class CandidateVerdict:
    """What became of one candidate of one job. Slots are None where no such start exists."""

    candidate: int
    code: VerdictCode
    best_start: int | None
    """Start of least cost with nothing else running; the earliest of equals."""
    cost_micros: int | None
    """Cost there: fixed cost, and unit cost of its slots."""
    fitting_start: int | None
    """Start of least cost among those that fit into what the clearing left free."""
    fitting_cost_micros: int | None
    """Cost there."""
    congestion_micros: int | None
    """What the clearing's prices add at `best_start`, rounded up."""
    blocking_offering_slots: tuple[int, ...] = ()
    """Slots from `best_start` on in which the offering lacks free units."""
    blocking_node_slots: tuple[int, ...] = ()
    """Slots from `best_start` on in which the node lacks free power."""


class Explainer:
    """Verdicts for the jobs of one cleared problem; what the clearing left free is computed once."""

    def __init__(self, problem: ClearingProblem, clearing: Clearing) -> None:
        """Take a feasible clearing of the problem; raises ValueError where it belongs to another."""
        if (
            clearing.chosen.shape != (problem.jobs,)
            or clearing.price_micros.shape != problem.capacity_units.shape
        ):
            raise ValueError("the clearing belongs to another problem")
        self._problem, self._clearing = problem, clearing
        self._free_units = problem.capacity_units.copy()
        self._free_watts = problem.node_power_watts.copy()
        for job in np.flatnonzero(clearing.placed).tolist():
            self._give_back(job, -1)

    def verdicts(self, job: int) -> list[CandidateVerdict]:
        """One verdict per candidate of the job's profile, in their order."""
        problem = self._problem
        profile = int(problem.job_profile[job])
        candidates = range(int(problem.profile_start[profile]), int(problem.profile_start[profile + 1]))
        placed = bool(self._clearing.chosen[job] >= 0)
        if placed:
            self._give_back(job, 1)
        try:
            return [self._verdict(job, candidate) for candidate in candidates]
        finally:
            if placed:
                self._give_back(job, -1)

    def _give_back(self, job: int, sign: int) -> None:
        """Return what the job holds to the free units and watts, or take it again (sign -1)."""
        problem, clearing = self._problem, self._clearing
        candidate, start = int(clearing.chosen[job]), int(clearing.start_slot[job])
        offering = int(problem.candidate_offering[candidate])
        window = slice(start, start + int(problem.candidate_slots[candidate]))
        gang = int(problem.job_scale[job]) * int(problem.candidate_units[candidate])
        self._free_units[offering, window] += sign * gang
        watts = gang * int(problem.facility_watts_per_unit[offering])
        self._free_watts[int(problem.offering_node[offering]), window] += sign * watts

    def _verdict(self, job: int, candidate: int) -> CandidateVerdict:
        problem = self._problem
        offering, length = int(problem.candidate_offering[candidate]), int(problem.candidate_slots[candidate])
        first = int(problem.first_slot[job])
        starts = min(int(problem.end_slot[job]), problem.slots) - length - first + 1
        if starts <= 0:
            return CandidateVerdict(candidate, "TOO_LATE", None, None, None, None, None)
        node = int(problem.offering_node[offering])
        scale = int(problem.job_scale[job])
        gang = scale * int(problem.candidate_units[candidate])
        watts = gang * int(problem.facility_watts_per_unit[offering])
        end = first + starts + length - 1
        room = _all_over(problem.capacity_units[offering, first:end] >= gang, length)
        room &= _all_over(problem.node_power_watts[node, first:end] >= watts, length)
        if not room.any():
            return CandidateVerdict(candidate, "TOO_LARGE", None, None, None, None, None)
        units_fit = _all_over(self._free_units[offering, first:end] >= gang, length)
        watts_fit = _all_over(self._free_watts[node, first:end] >= watts, length)
        fixed = scale * int(problem.candidate_fixed_micros[candidate])
        cost = fixed + gang * _window_sums(problem.unit_cost_micros[offering, first:end], length)
        pays = cost < problem.value_micros[job]
        best = _cheapest(cost, room)
        fitting = _cheapest(cost, room & units_fit & watts_fit)
        code = _code(room & pays, units_fit, watts_fit)
        window = slice(first + best, first + best + length) if best is not None else slice(0, 0)
        short_units = np.flatnonzero(self._free_units[offering, window] < gang) + window.start
        short_watts = np.flatnonzero(self._free_watts[node, window] < watts) + window.start
        return CandidateVerdict(
            candidate,
            code,
            None if best is None else first + best,
            None if best is None else int(cost[best]),
            None if fitting is None else first + fitting,
            None if fitting is None else int(cost[fitting]),
            self._congestion(offering, node, window, gang, watts),
            tuple(short_units.tolist()),
            tuple(short_watts.tolist()),
        )

    def _congestion(self, offering: int, node: int, window: slice, gang: int, watts: int) -> int:
        clearing = self._clearing
        units_millis: int = 1000 * gang * sum(clearing.price_micros[offering, window].tolist())
        power_millis: int = watts * sum(clearing.power_price_micros[node, window].tolist())
        return -(-(units_millis + power_millis) // 1000)


def _code(could: BoolArray, units_fit: BoolArray, watts_fit: BoolArray) -> VerdictCode:
    if not could.any():
        return "PRICED_OUT"
    if (could & units_fit & watts_fit).any():
        return "FITS"
    return "NO_POWER" if (could & units_fit).any() else "NO_CAPACITY"


def _all_over(slot_good: BoolArray, length: int) -> BoolArray:
    """For every start of a window of `length` slots: whether all of them are good."""
    return np.equal(_window_sums(slot_good.astype(np.int64), length), length)


def _window_sums(per_slot: Int64Array, length: int) -> Int64Array:
    sums = np.concatenate(([0], np.cumsum(per_slot)))
    return sums[length:] - sums[:-length]


def _cheapest(cost: Int64Array, allowed: BoolArray) -> int | None:
    """Index of the least allowed cost, the earliest of equals; None where nothing is allowed."""
    where = np.flatnonzero(allowed)
    return int(where[np.argmin(cost[where])]) if where.size else None
