"""The floor: what is placed now, and what that leaves free. The one place where placements are put and taken away.

Costs that guide a choice are integers per unit and slot ("guide"): the unit cost, plus congestion prices where a
caller wants scarce hours spared. The value of a placement never contains prices.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.compiled import compiled
from solver.layout import Layout, prefix_sums
from solver.problem import ClearingProblem, Int64Array


class Floor(NamedTuple):
    """Placements by job, and the free units and watts they leave. The arrays change as jobs come and go."""

    candidate: Int64Array
    """(J,) candidate of the job, or -1."""
    start: Int64Array
    """(J,) start slot, or -1."""
    free_units: Int64Array
    """(O, T)"""
    free_watts: Int64Array
    """(N, T)"""


def copy_of(floor: Floor) -> Floor:
    """A floor of its own, with the same placements."""
    return Floor(*(array.copy() for array in floor))


def empty_floor(problem: ClearingProblem) -> Floor:
    """Nothing runs."""
    nobody = np.full(problem.jobs, -1, dtype=np.int64)
    return Floor(nobody, nobody.copy(), problem.capacity_units.copy(), problem.node_power_watts.copy())


def net_values(problem: ClearingProblem, layout: Layout, floor: Floor) -> Int64Array:
    """(J,) net value of each placement in micros, 0 where the job is not placed."""
    net = np.zeros(problem.jobs, dtype=np.int64)
    jobs = np.flatnonzero(floor.candidate >= 0)
    candidate, start = floor.candidate[jobs], floor.start[jobs]
    sums = prefix_sums(problem.unit_cost_micros)
    offering, end = layout.offering[candidate], start + layout.slots[candidate]
    per_unit = sums[offering, end] - sums[offering, start]
    per_scale = layout.fixed_micros[candidate] + layout.units[candidate] * per_unit
    net[jobs] = problem.value_micros[jobs] - problem.job_scale[jobs] * per_scale
    return net


def worth(problem: ClearingProblem, layout: Layout, floor: Floor) -> int:
    """Value of the clearing in micros."""
    return int(net_values(problem, layout, floor).sum())


def place_in_order(layout: Layout, floor: Floor, order: Int64Array, guide_micros: Int64Array) -> None:
    """Put the unplaced jobs of `order`, one after the other, where guided cost is least among what still fits.

    A job is left out where its value does not exceed its guided cost. Ties: smaller candidate, then earlier start.
    """
    place_jobs(order, layout, prefix_sums(guide_micros), floor)


@compiled
def fits(free_units: Int64Array, free_watts: Int64Array, gang: int, watts: int, start: int, end: int) -> bool:
    """Whether `gang` units drawing `watts` find room in every slot; rows (T,) of one offering and its node."""
    for slot in range(start, end):  # noqa: SIM110 - numba compiles the loop, not the generator
        if free_units[slot] < gang or free_watts[slot] < watts:
            return False
    return True


@compiled
def find_place(
    job: int, limit: int, layout: Layout, guide_sums: Int64Array, floor: Floor
) -> tuple[int, int, int]:
    """The job's candidate, start and guided cost: the least below `limit` that fits; candidate -1 where none does."""
    best_candidate, best_start, best_cost = -1, -1, limit
    scale, first, end, profile = layout.scale[job], layout.first[job], layout.end[job], layout.profile[job]
    for candidate in range(layout.profile_start[profile], layout.profile_start[profile + 1]):
        offering, length = layout.offering[candidate], layout.slots[candidate]
        gang, fixed = scale * layout.units[candidate], scale * layout.fixed_micros[candidate]
        sums, free_units = guide_sums[offering], floor.free_units[offering]
        free_watts, watts = floor.free_watts[layout.node[offering]], gang * layout.watts[offering]
        for start in range(first, end - length + 1):
            cost = fixed + gang * (sums[start + length] - sums[start])
            if cost < best_cost and fits(free_units, free_watts, gang, watts, start, start + length):
                best_candidate, best_start, best_cost = candidate, start, cost
    return best_candidate, best_start, best_cost


@compiled
def put(job: int, candidate: int, start: int, layout: Layout, floor: Floor) -> None:
    """Place the job there; the caller knows that it fits."""
    floor.candidate[job], floor.start[job] = candidate, start
    _take(candidate, start, layout.scale[job] * layout.units[candidate], layout, floor)


@compiled
def remove(job: int, layout: Layout, floor: Floor) -> None:
    """Take a placed job off the floor."""
    candidate = floor.candidate[job]
    _take(candidate, floor.start[job], -layout.scale[job] * layout.units[candidate], layout, floor)
    floor.candidate[job], floor.start[job] = -1, -1


@compiled
def place_jobs(order: Int64Array, layout: Layout, guide_sums: Int64Array, floor: Floor) -> None:
    """See place_in_order."""
    for job in order:
        if floor.candidate[job] < 0:
            candidate, start, _ = find_place(job, layout.value_micros[job], layout, guide_sums, floor)
            if candidate >= 0:
                put(job, candidate, start, layout, floor)


@compiled
def _take(candidate: int, start: int, gang: int, layout: Layout, floor: Floor) -> None:
    offering = layout.offering[candidate]
    watts = gang * layout.watts[offering]
    for slot in range(start, start + layout.slots[candidate]):
        floor.free_units[offering, slot] -= gang
        floor.free_watts[layout.node[offering], slot] -= watts
