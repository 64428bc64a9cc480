"""The judge: recompute feasibility, value, bound and gap from the problem, the placements and the prices alone.

It shares no code with what it judges (an import contract keeps it so) and believes no field of a clearing. Plain
numpy with int64 where a bound on the magnitudes proves that safe, Python integers where not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from solver.outcome import Clearing, Status
from solver.problem import ClearingProblem, Int64Array

CHUNK_CELLS = 2_000_000
"""(placements x starts) looked at together while bounding: 16 MB of int64."""
GAP_TOLERANCE = 1e-9
"""A claimed gap is a float; this much it may differ from the quotient of the integers."""
SAFE = 2**62


@dataclass(frozen=True)
class Violation:
    """One thing that does not hold."""

    code: str
    message: str
    facts: dict[str, int | float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verification:
    """What the judge found; value, bound and gap are recomputed, None where the clearing allows no computation."""

    ok: bool
    violations: list[Violation]
    value_micros: int | None
    bound_micros: int | None
    gap: float | None


def verify(problem: ClearingProblem, clearing: Clearing) -> Verification:
    """List every violation; see `Violation.code` for:

    WRONG_SHAPE, CANDIDATE_UNKNOWN, CANDIDATE_OF_ANOTHER_PROFILE, HALF_PLACED, STARTS_TOO_EARLY, ENDS_TOO_LATE,
    BEYOND_HORIZON, OVER_CAPACITY, OVER_POWER, NEGATIVE_PRICE, WRONG_VALUE, WRONG_BOUND, WRONG_GAP, VALUE_ABOVE_BOUND,
    MIP_BOUND_BELOW_VALUE, FALSE_STATUS.
    """
    misshapen = _misshapen(problem, clearing)
    if misshapen:
        return Verification(ok=False, violations=misshapen, value_micros=None, bound_micros=None, gap=None)
    violations, sound = _check_placements(problem, clearing)
    violations += _check_limits(problem, clearing, sound)
    value = _value(problem, clearing) if sound.size == int((clearing.chosen != -1).sum()) else None
    negative = _negative_prices(clearing)
    violations += negative
    bound = None if negative else _bound(problem, clearing)
    gap = None
    if value is not None and bound is not None:
        gap = (bound - value) / bound if bound else 0.0
    violations += _check_claims(clearing, value, bound, gap)
    return Verification(not violations, violations, value, bound, gap)


def _misshapen(problem: ClearingProblem, clearing: Clearing) -> list[Violation]:
    wanted = {
        "chosen": (problem.jobs,),
        "start_slot": (problem.jobs,),
        "price_micros": (problem.offerings, problem.slots),
        "power_price_micros": (problem.nodes, problem.slots),
    }
    return [
        Violation(
            "WRONG_SHAPE", f"{name} has shape {getattr(clearing, name).shape}, not {shape}", {"array": name}
        )
        for name, shape in wanted.items()
        if getattr(clearing, name).shape != shape
    ]


def _check_placements(problem: ClearingProblem, clearing: Clearing) -> tuple[list[Violation], Int64Array]:
    """Violations of single placements, and the jobs whose placement is sound as far as it alone goes."""
    job = np.flatnonzero((clearing.chosen != -1) | (clearing.start_slot != -1))
    chosen = clearing.chosen[job].astype(np.int64)
    start = clearing.start_slot[job].astype(np.int64)
    half = (chosen == -1) | (start == -1)
    unknown = ~half & ((chosen < 0) | (chosen >= problem.candidates))
    known = ~half & ~unknown
    candidate = np.where(known, chosen, 0)
    profile = problem.job_profile[job]
    if not problem.candidates:
        slots, foreign = np.zeros_like(start), np.zeros_like(known)
    else:
        slots = problem.candidate_slots[candidate].astype(np.int64)
        low, high = problem.profile_start[profile], problem.profile_start[profile + 1]
        foreign = known & ((candidate < low) | (candidate >= high))
    early = known & (start < problem.first_slot[job])
    late = known & (start + slots > problem.end_slot[job])
    beyond = known & ((start < 0) | (start + slots > problem.slots))
    checks = (
        (half, "HALF_PLACED", "has a candidate without a start, or a start without a candidate"),
        (unknown, "CANDIDATE_UNKNOWN", "is placed at a candidate that does not exist"),
        (foreign, "CANDIDATE_OF_ANOTHER_PROFILE", "is placed at a candidate of another profile"),
        (early, "STARTS_TOO_EARLY", "starts before its first slot"),
        (late, "ENDS_TOO_LATE", "is not over by its end slot"),
        (beyond, "BEYOND_HORIZON", "runs outside the horizon"),
    )
    bad = np.zeros(job.size, dtype=bool)
    violations = []
    for wrong, code, words in checks:
        bad |= wrong
        for at in np.flatnonzero(wrong).tolist():
            facts: dict[str, int | float | str] = {
                "job": int(job[at]), "candidate": int(chosen[at]), "start_slot": int(start[at]),
            }  # fmt: skip
            violations.append(Violation(code, f"job {job[at]} {words}", facts))
    return violations, job[~bad]


def _check_limits(problem: ClearingProblem, clearing: Clearing, sound: Int64Array) -> list[Violation]:
    """Offerings above their capacity and nodes above their power, from the sound placements."""
    candidate = clearing.chosen[sound].astype(np.int64)
    start = clearing.start_slot[sound].astype(np.int64)
    end = start + problem.candidate_slots[candidate]
    gang = problem.job_scale[sound] * problem.candidate_units[candidate]
    offering = problem.candidate_offering[candidate].astype(np.int64)
    watts = gang * problem.facility_watts_per_unit[offering]
    node = problem.offering_node[offering].astype(np.int64)
    units_used = _running(gang, offering, start, end, problem.capacity_units.shape)
    watts_used = _running(watts, node, start, end, problem.node_power_watts.shape)
    violations = []
    for row, slot in np.argwhere(units_used > problem.capacity_units).tolist():
        used, limit = int(units_used[row, slot]), int(problem.capacity_units[row, slot])
        words = f"offering {row} runs {used} of {limit} units in slot {slot}"
        violations.append(
            Violation("OVER_CAPACITY", words, {"offering": row, "slot": slot, "used": used, "limit": limit})
        )
    for row, slot in np.argwhere(watts_used > problem.node_power_watts).tolist():
        used, limit = int(watts_used[row, slot]), int(problem.node_power_watts[row, slot])
        words = f"node {row} draws {used} of {limit} W in slot {slot}"
        violations.append(
            Violation("OVER_POWER", words, {"node": row, "slot": slot, "used": used, "limit": limit})
        )
    return violations


def _running(
    amount: Int64Array, row: Int64Array, start: Int64Array, end: Int64Array, shape: tuple[int, ...]
) -> npt.NDArray[Any]:
    """Sum of the amounts running in every (row, slot): added where they start, taken off where they end."""
    safe = float(np.abs(amount.astype(np.float64)).sum()) < SAFE
    kind = np.int64 if safe else object
    change = np.zeros((shape[0], shape[1] + 1), dtype=kind)
    np.add.at(change, (row, start), amount.astype(kind))
    np.subtract.at(change, (row, end), amount.astype(kind))
    running: npt.NDArray[Any] = np.cumsum(change, axis=1)[:, : shape[1]]
    return running


def _value(problem: ClearingProblem, clearing: Clearing) -> int:
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


def _negative_prices(clearing: Clearing) -> list[Violation]:
    return [
        Violation(
            "NEGATIVE_PRICE",
            f"{name} is negative at {row}, {slot}",
            {"array": name, "row": row, "slot": slot},
        )
        for name in ("price_micros", "power_price_micros")
        for row, slot in np.argwhere(getattr(clearing, name) < 0).tolist()
    ]


def _bound(problem: ClearingProblem, clearing: Clearing) -> int:
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


def _check_claims(
    clearing: Clearing, value: int | None, bound: int | None, gap: float | None
) -> list[Violation]:
    """What the clearing says of itself against what was found."""
    violations = []
    if value is not None and clearing.value_micros != value:
        facts: dict[str, int | float | str] = {"claimed": clearing.value_micros, "found": value}
        violations.append(
            Violation("WRONG_VALUE", f"claims {clearing.value_micros}, is worth {value}", facts)
        )
    if bound is not None and clearing.bound_micros != bound:
        facts = {"claimed": clearing.bound_micros, "found": bound}
        violations.append(
            Violation("WRONG_BOUND", f"claims {clearing.bound_micros}, prices prove {bound}", facts)
        )
    if gap is not None and not abs(clearing.gap - gap) <= GAP_TOLERANCE:
        violations.append(
            Violation(
                "WRONG_GAP", f"claims {clearing.gap}, is {gap}", {"claimed": clearing.gap, "found": gap}
            )
        )
    if value is not None and bound is not None and value > bound and not violations:
        facts = {"value": value, "bound": bound}
        violations.append(Violation("VALUE_ABOVE_BOUND", f"{value} exceeds the bound {bound}", facts))
    return violations + _check_status(clearing, value, bound)


def _check_status(clearing: Clearing, value: int | None, bound: int | None) -> list[Violation]:
    violations = []
    mip_bound = clearing.mip_bound_micros
    if mip_bound is not None and value is not None and mip_bound < value:
        facts: dict[str, int | float | str] = {"mip_bound": mip_bound, "value": value}
        violations.append(
            Violation("MIP_BOUND_BELOW_VALUE", f"{mip_bound} is less than the value {value}", facts)
        )
    if (
        clearing.status is Status.OPTIMAL
        and value is not None
        and bound is not None
        and value not in {bound, mip_bound}
    ):
        facts = {"status": clearing.status.value, "value": value, "bound": bound}
        violations.append(
            Violation("FALSE_STATUS", "says OPTIMAL, but no bound is as low as its value", facts)
        )
    if clearing.status in {Status.INFEASIBLE, Status.NO_SOLUTION} and bool((clearing.chosen != -1).any()):
        violations.append(
            Violation(
                "FALSE_STATUS",
                f"says {clearing.status.value}, but places jobs",
                {"status": clearing.status.value},
            )
        )
    return violations
