"""The judge: recompute feasibility, value, bound and gap from the problem, the placements and the prices alone.

It shares no code with what it judges (an import contract keeps it so) and believes no field of a clearing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.outcome import Clearing, Status
from solver.problem import ClearingProblem, Int64Array
from solver.reckon import SAFE, bound_of, worth_of

GAP_TOLERANCE = 1e-9
"""A claimed gap is a float; this much it may differ from the quotient of the integers."""


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
    value = worth_of(problem, clearing) if sound.size == int((clearing.chosen != -1).sum()) else None
    negative = _negative_prices(clearing)
    violations += negative
    bound = None if negative else bound_of(problem, clearing)
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
