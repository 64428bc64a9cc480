"""The judge's figures: what placements are worth and what prices prove, reckoned again from the problem alone.

Plain numpy with int64 where a bound on the magnitudes proves that safe, Python integers where not. Whom it judges
neither lends it code nor borrows any (import contracts keep it so).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from solver.outcome import Clearing
from solver.problem import ClearingProblem, Int64Array

CHUNK_CELLS = 2_000_000
"""(placements x starts) looked at together while bounding: 16 MB of int64."""
SAFE = 2**62
"""What stays below this is reckoned in int64."""


def worth_of(problem: ClearingProblem, clearing: Clearing) -> int:
    """Sum of the net values of the placements, exact at any size; all placements must be sound."""
    job = np.flatnonzero(clearing.chosen != -1)
    candidate, start = clearing.chosen[job], clearing.start_slot[job]
    offering, end = problem.candidate_offering[candidate], start + problem.candidate_slots[candidate]
    parts = (problem.value_micros[job], problem.job_scale[job], problem.candidate_fixed_micros[candidate],
             problem.candidate_units[candidate])  # fmt: skip
    largest_sum = np.abs(problem.unit_cost_micros.astype(np.float64)).sum(axis=1)[offering]
    value, scale, fixed, units = (np.abs(part.astype(np.float64)) for part in parts)
    safe = np.all(largest_sum < SAFE) and np.all(value + scale * (fixed + units * largest_sum) < SAFE)
    kind = np.int64 if safe else object
    sums = _prefix_sums(problem.unit_cost_micros.astype(kind))
    value, scale, fixed, units = (part.astype(kind) for part in parts)
    return _exact_sum(value - scale * (fixed + units * (sums[offering, end] - sums[offering, start])))


def _exact_sum(numbers: npt.NDArray[Any]) -> int:
    """Sum as a Python integer: 64-bit numbers by halves, whose sums stay within 64 bits up to 2^31 of them."""
    if numbers.dtype == object:
        return int(numbers.sum())
    return (int((numbers >> 32).sum()) << 32) + int((numbers & (2**32 - 1)).sum())


def bound_of(problem: ClearingProblem, clearing: Clearing) -> int:
    """D(p, w) of MODEL.md in micros, rounded up: in thousandths of a micro, since w is per kilowatt."""
    prices, power_prices = clearing.price_micros.astype(object), clearing.power_price_micros.astype(object)
    millis = 1000 * int((problem.capacity_units * prices).sum()) + int(
        (problem.node_power_watts * power_prices).sum()
    )
    unit_millis = 1000 * (problem.unit_cost_micros.astype(object) + prices)
    if problem.offerings:
        unit_millis = (
            unit_millis
            + problem.facility_watts_per_unit.astype(object)[:, None] * power_prices[problem.offering_node]
        )
    return -(-(millis + _surplus_millis(problem, unit_millis)) // 1000)


def _surplus_millis(problem: ClearingProblem, unit_millis: npt.NDArray[np.object_]) -> int:
    """Sum over jobs of max(0, best net value) where a unit costs so much per slot; exact at any size."""
    # Jobs of one (profile, first, end, scale) share their least cost: it is computed once for all of them.
    columns = (problem.job_profile, problem.first_slot, problem.end_slot, problem.job_scale)
    head, its_class = _groups(*columns)
    classes = np.stack([column[head].astype(np.int64) for column in columns], axis=1)
    least, can_run = _least_cost_millis(problem, classes, unit_millis)
    job = np.flatnonzero(can_run[its_class])
    parts = (problem.value_micros[job], problem.job_scale[job], least[its_class[job]])
    value, scale, cost = (np.abs(part.astype(np.float64)) for part in parts)
    kind = np.int64 if np.all(1000 * value + scale * cost < SAFE) else object
    value, scale, cost = (part.astype(kind) for part in parts)
    return _exact_sum(np.maximum(1000 * value - scale * cost, 0))


def _groups(*columns: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows that agree in every column: one row of each such group, and the group of each row."""
    key = np.zeros(columns[0].size, dtype=np.int64)
    span = 1
    for given in columns:
        column = given.astype(np.int64)
        low, high = (int(end) for end in (column.min(initial=0), column.max(initial=0)))
        if span * (high - low + 1) >= SAFE:
            # One number cannot tell so many apart: number what there really is.
            key, column = (np.unique(part, return_inverse=True)[1].astype(np.int64) for part in (key, column))
            low, high, span = 0, column.size, column.size
        key, span = key * (high - low + 1) + (column - low), span * (high - low + 1)
    _, row, group = np.unique(key, return_index=True, return_inverse=True)
    return row, group.reshape(-1)


def _least_cost_millis(
    problem: ClearingProblem, classes: Int64Array, unit_millis: npt.NDArray[np.object_]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Per class the least cost for scale 1 over candidates and starts that can run alone, and if any can.

    Where none can, the cost means nothing.
    """
    offering_and_slots = (problem.candidate_offering, problem.candidate_slots)
    head, run_of_candidate = _groups(*offering_and_slots)
    runs = np.stack([part[head].astype(np.int64) for part in offering_and_slots], axis=1)
    room, cost, kind = _run_tables(problem, runs, unit_millis)
    first_candidate, past_candidate = (problem.profile_start[classes[:, 0] + step] for step in (0, 1))
    counts = past_candidate - first_candidate
    least: npt.NDArray[Any] = np.zeros(len(classes), dtype=kind)
    can_run = np.zeros(len(classes), dtype=np.bool_)
    with_any = np.flatnonzero(counts)
    chunk_of = np.cumsum(counts[with_any] * max(1, problem.slots)) // CHUNK_CELLS
    for rows in np.split(with_any, np.flatnonzero(np.diff(chunk_of)) + 1):
        if not rows.size:
            continue
        begin = np.concatenate(([0], np.cumsum(counts[rows])))
        its_class = np.repeat(rows, counts[rows])
        within = np.arange(begin[-1]) - np.repeat(begin[:-1], counts[rows])
        candidate = first_candidate[its_class] + within
        best, possible = _least_over_starts(
            problem, classes[its_class], candidate, run_of_candidate, room, cost, kind
        )
        best = np.where(possible, best, np.iinfo(np.int64).max if kind is np.int64 else 2**200)
        can_run[rows] = np.logical_or.reduceat(possible, begin[:-1])
        least[rows] = np.minimum.reduceat(best, begin[:-1])
    return least, can_run


def _run_tables(
    problem: ClearingProblem, runs: Int64Array, unit_millis: npt.NDArray[np.object_]
) -> tuple[Int64Array, npt.NDArray[Any], type]:
    """Per run (offering, slots) and start: units that could run alone (-1: beyond the horizon), and cost of one unit.

    The third answer is the type in which `fixed + units * cost` is safe.
    """
    room = np.full((len(runs), problem.slots), -1, dtype=np.int64)
    cost = np.zeros((len(runs), problem.slots), dtype=object)
    sums = _prefix_sums(unit_millis)
    for index, (offering, slots) in enumerate(runs.tolist()):
        starts = problem.slots - slots + 1
        if starts <= 0:
            continue
        capacity = problem.capacity_units[offering]
        watts = int(problem.facility_watts_per_unit[offering])
        if watts:
            capacity = np.minimum(
                capacity, problem.node_power_watts[problem.offering_node[offering]] // watts
            )
        room[index, :starts] = sliding_window_view(capacity, slots).min(axis=1)
        cost[index, :starts] = sums[offering, slots:] - sums[offering, :starts]
    largest = max((abs(number) for number in cost.ravel().tolist()), default=0)
    most_units = int(problem.candidate_units.max(initial=1))
    fixed = problem.candidate_fixed_micros
    most_fixed = max(-int(fixed.min(initial=0)), int(fixed.max(initial=0)))
    safe = 1000 * most_fixed + most_units * largest < SAFE
    return (room, cost.astype(np.int64), np.int64) if safe else (room, cost, object)


def _least_over_starts(
    problem: ClearingProblem,
    its_class: Int64Array,
    candidate: Int64Array,
    run_of_candidate: npt.NDArray[np.intp],
    room: Int64Array,
    cost: npt.NDArray[Any],
    kind: type,
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Per (class, candidate) the least cost for scale 1 over starts in the window with room alone, and if any."""
    run = run_of_candidate[candidate]
    start = np.arange(problem.slots)
    last = its_class[:, 2] - problem.candidate_slots[candidate]
    units = problem.candidate_units[candidate]
    allowed = (start >= its_class[:, 1, None]) & (start <= last[:, None])
    allowed &= room[run] >= (its_class[:, 3] * units)[:, None]
    unreached = np.iinfo(np.int64).max if kind is np.int64 else 2**200
    per_unit = np.where(allowed, cost[run], unreached).min(axis=1, initial=unreached)
    possible: npt.NDArray[np.bool_] = np.any(allowed, axis=1)
    per_unit = np.where(possible, per_unit, 0)
    fixed: npt.NDArray[Any] = problem.candidate_fixed_micros[candidate].astype(kind)
    return 1000 * fixed + units.astype(kind) * per_unit, possible


def _prefix_sums(per_slot: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(rows, T) -> (rows, T + 1) with a leading zero, of the same type."""
    sums = np.zeros((per_slot.shape[0], per_slot.shape[1] + 1), dtype=per_slot.dtype)
    if per_slot.size:
        sums[:, 1:] = np.cumsum(per_slot, axis=1)
    return sums
