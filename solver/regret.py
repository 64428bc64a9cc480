"""What a gap is made of: who would rather have something else at the certified prices, and what is priced but idle.

For any prices p, w >= 0 and any feasible clearing the bound and the value differ by exactly four sums (MODEL.md):

    D(p, w) - value = regret of accepted + regret of rejected + idle priced units + idle priced power

none of which is negative. It is the algebra of the bound taken apart, so it holds to the last micro.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.certify import surplus_millis_by_job
from solver.held import held
from solver.layout import build_layout, room_of
from solver.outcome import Clearing
from solver.problem import ClearingProblem, Int64Array

Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class GapParts:
    """The parts of bound - value in whole micros; `total_micros` is bound - value exactly.

    The exact sums are in thousandths of a micro, and `bound_micros` rounds up once. So do the parts, along one running
    sum: accepted jobs in their order, rejected jobs in theirs, then power (idle units are whole micros anyway). A part
    of nothing stays nothing, and each is within one micro of what it is.
    """

    accepted_micros: int
    """What the placed jobs could gain elsewhere at the prices, beyond what they gain where they are."""
    rejected_micros: int
    """What the jobs that are not placed could gain at the prices."""
    idle_units_micros: int
    """Free units of the offerings, at their prices."""
    idle_power_micros: int
    """Free power of the nodes, at its prices."""
    regret_micros: npt.NDArray[Any]
    """(J,) the regret of each job; int64, or Python integers where one needs more. Their sum is the first two parts."""

    @property
    def total_micros(self) -> int:
        """The bound less the value."""
        return self.accepted_micros + self.rejected_micros + self.idle_units_micros + self.idle_power_micros


def gap_parts(problem: ClearingProblem, clearing: Clearing) -> GapParts:
    """Take the gap of a feasible clearing apart, at its own prices; only its placements and prices are read."""
    layout = build_layout(problem)
    room = room_of(layout, problem.capacity_units, problem.node_power_watts)
    prices, power_prices = clearing.price_micros, clearing.power_price_micros
    surplus_millis = surplus_millis_by_job(problem, layout, room, prices, power_prices)
    placed = np.flatnonzero(clearing.placed)
    gained_millis, idle_units, idle_watts = _placed_at_prices(problem, clearing, placed)
    regret_millis = surplus_millis.copy()
    regret_millis[placed] -= gained_millis
    rejected = np.flatnonzero(~clearing.placed)
    in_sequence = np.concatenate((placed, rejected))
    running = np.zeros(problem.jobs + 1, dtype=object)
    running[1:] = np.cumsum(regret_millis[in_sequence])
    running_micros = -(-running // 1000)
    regret_micros = np.zeros(problem.jobs, dtype=object)
    regret_micros[in_sequence] = np.diff(running_micros)
    all_accepted, all_jobs = int(running_micros[placed.size]), int(running_micros[-1])
    power_millis = _exact_dot(idle_watts, power_prices)
    return GapParts(
        accepted_micros=all_accepted,
        rejected_micros=all_jobs - all_accepted,
        idle_units_micros=_exact_dot(idle_units, prices),
        idle_power_micros=-(-(int(running[-1]) + power_millis) // 1000) - all_jobs,
        regret_micros=_narrowed(regret_micros),
    )


def _placed_at_prices(
    problem: ClearingProblem, clearing: Clearing, job: npt.NDArray[np.intp]
) -> tuple[Objects, Int64Array, Int64Array]:
    """Net value of each placement less what it takes at the prices, in millis; units and watts that stay idle."""
    candidate, start = clearing.chosen[job], clearing.start_slot[job].astype(np.int64)
    offering = problem.candidate_offering[candidate].astype(np.int64)
    end = start + problem.candidate_slots[candidate]
    gang = problem.job_scale[job] * problem.candidate_units[candidate]
    node, watts = problem.offering_node.astype(np.int64), problem.facility_watts_per_unit
    power_prices = clearing.power_price_micros.astype(object)
    unit_millis = 1000 * (problem.unit_cost_micros.astype(object) + clearing.price_micros.astype(object))
    if problem.offerings:
        unit_millis = unit_millis + watts.astype(object)[:, None] * power_prices[node]
    sums = np.zeros((problem.offerings, problem.slots + 1), dtype=object)
    if unit_millis.size:
        sums[:, 1:] = np.cumsum(unit_millis, axis=1)
    fixed = problem.job_scale[job].astype(object) * problem.candidate_fixed_micros[candidate].astype(object)
    paid_millis = gang.astype(object) * (sums[offering, end] - sums[offering, start])
    gained: Objects = 1000 * (problem.value_micros[job].astype(object) - fixed) - paid_millis
    idle_units = problem.capacity_units - held(gang, offering, start, end, problem.capacity_units.shape)
    drawn = held(gang * watts[offering], node[offering], start, end, problem.node_power_watts.shape)
    return gained, idle_units, problem.node_power_watts - drawn


def _exact_dot(amounts: Int64Array, prices: Int64Array) -> int:
    """sum(amounts * prices) in Python integers, over the priced entries only."""
    priced = np.flatnonzero(prices)
    pairs = zip(amounts.ravel()[priced].tolist(), prices.ravel()[priced].tolist(), strict=True)
    return sum(amount * price for amount, price in pairs)


def _narrowed(numbers: Objects) -> npt.NDArray[Any]:
    """As int64 where all of them fit."""
    fits = max(numbers.tolist(), default=0) < 2**63
    return numbers.astype(np.int64) if fits else numbers
