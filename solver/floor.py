"""The floor: what is placed now, and what that leaves free. The one place where placements are put and taken away.

Costs that guide a choice are integers per unit and slot ("guide"): the unit cost, plus congestion prices where a
caller wants scarce hours spared. The value of a placement never contains prices.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.compiled import compiled
from solver.options import Options, prefix_sums
from solver.problem import ClearingProblem, Int32Array, Int64Array


class Floor(NamedTuple):
    """Placements by job, and the free units and watts they leave. The arrays change as jobs come and go."""

    option: Int64Array
    """(J,) option of the job, or -1."""
    start: Int64Array
    """(J,) start slot, or -1."""
    free_units: Int64Array
    """(O, T)"""
    free_watts: Int64Array
    """(N, T)"""


class Site(NamedTuple):
    """Where offerings stand and what a unit of each draws, both (O,), for kernels."""

    node: Int64Array
    watts_per_unit: Int64Array


def site_of(problem: ClearingProblem) -> Site:
    """The problem's part that tells which power a placement takes."""
    return Site(problem.offering_node.astype(np.int64), problem.facility_watts_per_unit)


def copy_of(floor: Floor) -> Floor:
    """A floor of its own, with the same placements."""
    return Floor(*(array.copy() for array in floor))


def empty_floor(problem: ClearingProblem) -> Floor:
    """Nothing runs."""
    nobody = np.full(problem.jobs, -1, dtype=np.int64)
    return Floor(nobody, nobody.copy(), problem.capacity_units.copy(), problem.node_power_watts.copy())


def net_values(problem: ClearingProblem, options: Options, floor: Floor) -> Int64Array:
    """(J,) net value of each placement in micros, 0 where the job is not placed."""
    net = np.zeros(problem.jobs, dtype=np.int64)
    jobs = np.flatnonzero(floor.option >= 0)
    option, start = floor.option[jobs], floor.start[jobs]
    sums = prefix_sums(problem.unit_cost_micros)
    offering, end = options.offering[option], start + options.slots[option]
    cost = options.gang[option] * (sums[offering, end] - sums[offering, start])
    net[jobs] = problem.value_micros[jobs] - options.fixed_micros[option] - cost
    return net


def worth(problem: ClearingProblem, options: Options, floor: Floor) -> int:
    """Value of the clearing in micros."""
    return int(net_values(problem, options, floor).sum())


def placements(options: Options, floor: Floor) -> tuple[Int32Array, Int32Array]:
    """(J,) candidate and (J,) start of every job, -1 where it is not placed."""
    chosen = np.full(floor.option.size, -1, dtype=np.int32)
    placed = floor.option >= 0
    chosen[placed] = options.candidate[floor.option[placed]]
    return chosen, floor.start.astype(np.int32)


def place_in_order(
    problem: ClearingProblem, options: Options, floor: Floor, order: Int64Array, guide_micros: Int64Array
) -> None:
    """Put the unplaced jobs of `order`, one after the other, where guided cost is least among what still fits.

    A job is left out where its value does not exceed its guided cost. Ties: smaller candidate, then earlier start.
    """
    place_jobs(order, problem.value_micros, options, site_of(problem), prefix_sums(guide_micros), floor)


@compiled
def fits(free_units: Int64Array, free_watts: Int64Array, gang: int, watts: int, start: int, end: int) -> bool:
    """Whether `gang` units drawing `watts` find room in every slot; rows (T,) of one offering and its node."""
    for slot in range(start, end):  # noqa: SIM110 - numba compiles the loop, not the generator
        if free_units[slot] < gang or free_watts[slot] < watts:
            return False
    return True


@compiled
def find_place(
    job: int, limit: int, options: Options, site: Site, guide_sums: Int64Array, floor: Floor
) -> tuple[int, int, int]:
    """The job's option, start and guided cost: the least below `limit` that fits; option -1 where there is none."""
    best_option, best_start, best_cost = -1, -1, limit
    for option in range(options.job_start[job], options.job_start[job + 1]):
        offering, length, gang = options.offering[option], options.slots[option], options.gang[option]
        sums, fixed = guide_sums[offering], options.fixed_micros[option]
        free_units, free_watts = floor.free_units[offering], floor.free_watts[site.node[offering]]
        watts = gang * site.watts_per_unit[offering]
        for start in range(options.first[option], options.last[option] + 1):
            cost = fixed + gang * (sums[start + length] - sums[start])
            if cost < best_cost and fits(free_units, free_watts, gang, watts, start, start + length):
                best_option, best_start, best_cost = option, start, cost
    return best_option, best_start, best_cost


@compiled
def put(job: int, option: int, start: int, options: Options, site: Site, floor: Floor) -> None:
    """Place the job there; the caller knows that it fits."""
    floor.option[job], floor.start[job] = option, start
    _take(option, start, options.gang[option], options, site, floor)


@compiled
def remove(job: int, options: Options, site: Site, floor: Floor) -> None:
    """Take a placed job off the floor."""
    option = floor.option[job]
    _take(option, floor.start[job], -options.gang[option], options, site, floor)
    floor.option[job], floor.start[job] = -1, -1


@compiled
def place_jobs(
    order: Int64Array, value: Int64Array, options: Options, site: Site, guide_sums: Int64Array, floor: Floor
) -> None:
    """See place_in_order."""
    for job in order:
        if floor.option[job] < 0:
            option, start, _ = find_place(job, value[job], options, site, guide_sums, floor)
            if option >= 0:
                put(job, option, start, options, site, floor)


@compiled
def _take(option: int, start: int, gang: int, options: Options, site: Site, floor: Floor) -> None:
    offering = options.offering[option]
    watts = gang * site.watts_per_unit[offering]
    for slot in range(start, start + options.slots[option]):
        floor.free_units[offering, slot] -= gang
        floor.free_watts[site.node[offering], slot] -= watts
