"""Orders placed one after another in what is free: each takes what it got from those that come after it.

The orders are built into one problem, as in a round; then each job looks for its cheapest start by itself, at posted
prices. Among equals the smaller offering goes first, then the earlier start: what a quote offers first.
"""

from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem, build_demand
from market.clearing.eligibility import EligibilityRules
from market.clearing.free_market import FreeMarket
from market.clearing.placements import build_allocations, read_placements
from market.clearing.snapshot import MarketSnapshot
from market.clearing.supply import build_supply, take
from market.domain.ids import IdSource
from market.domain.rounds import Allocation
from solver import Clearing, ClearingProblem, Status

Ints = npt.NDArray[np.int64]
TOO_DEAR = np.iinfo(np.int64).max
"""Stands for the cost of a start that does not fit."""


class SpotMarket:
    """The orders of a snapshot against what its allocations and held quotes leave free."""

    def __init__(self, snapshot: MarketSnapshot) -> None:
        self._snapshot = snapshot
        self._supply = build_supply(
            snapshot.catalogue, snapshot.allocations, snapshot.policy, snapshot.horizon, snapshot.held_quotes
        )
        rules = EligibilityRules(snapshot.catalogue, self._supply.listed_units)
        self._built = build_demand(snapshot, self._supply, rules)
        self._cost_before = _running_sums(self._built.problem.unit_cost_micros)
        self._free: FreeMarket | None = None
        self._job = {order.id: job for job, order in enumerate(snapshot.orders)}

    def place(self, order_id: str, ids: IdSource, now: datetime) -> Allocation | None:
        """Grant an order its cheapest place, if that costs less than the order may still pay; None if there is none."""
        job = self._job[order_id]
        found = self._cheapest(job)
        if found is None or found[0] >= self._snapshot.orders[job].remaining_limit_micros:
            return None
        _, candidate, start = found
        placed = _only(self._built, job, candidate, start)
        (allocation,) = build_allocations(self._built, read_placements(self._built, placed), None, ids, now)
        return allocation

    def take(self, allocation: Allocation) -> None:
        """What was granted is free no more."""
        self._snapshot = replace(self._snapshot, allocations=(*self._snapshot.allocations, allocation))
        self._free = None
        take(self._supply, self._snapshot.catalogue, self._snapshot.horizon, [allocation])

    def free(self) -> FreeMarket:
        """The same market for whoever asks about other orders, or why not."""
        if self._free is None:
            self._free = FreeMarket(replace(self._snapshot, orders=()))
        return self._free

    def _cheapest(self, job: int) -> tuple[int, int, int] | None:
        """(cost, candidate, start), the least in this sequence, of what fits."""
        problem, supply = self._built.problem, self._supply
        profile = int(problem.job_profile[job])
        candidates = np.arange(problem.profile_start[profile], problem.profile_start[profile + 1])
        best: tuple[int, int, int] | None = None
        for slots in np.unique(problem.candidate_slots[candidates]).tolist():
            alike = candidates[problem.candidate_slots[candidates] == slots]
            cost = _costs_of_starts(
                problem, supply.capacity_parts, supply.node_power_watts, self._cost_before, job, alike, slots
            )
            if cost.size and cost.min() < TOO_DEAR:
                row, start = divmod(int(cost.argmin()), cost.shape[1])
                found = int(cost[row, start]), int(alike[row]), int(problem.first_slot[job]) + start
                best = found if best is None else min(best, found)
        return best


def _costs_of_starts(
    problem: ClearingProblem,
    free_parts: Ints,
    free_watts: Ints,
    cost_before: Ints,
    job: int,
    candidates: Ints,
    slots: int,
) -> Ints:
    """(candidates, starts) cost of each start in the job's window; `TOO_DEAR` where units or power are taken."""
    first, end = int(problem.first_slot[job]), min(int(problem.end_slot[job]), problem.slots)
    if end - first < slots:
        return np.zeros((len(candidates), 0), dtype=np.int64)
    offering, scale = problem.candidate_offering[candidates], int(problem.job_scale[job])
    parts = scale * problem.candidate_units[candidates]
    watts = parts * problem.facility_watts_per_unit[offering]
    short = free_parts[offering, first:end] < parts[:, None]
    short |= free_watts[problem.offering_node[offering], first:end] < watts[:, None]
    short_before = _running_sums(short.astype(np.int64))
    fits = short_before[:, slots:] == short_before[:, :-slots]
    before = cost_before[offering, first : end + 1]
    fixed = scale * problem.candidate_fixed_micros[candidates]
    cost: Ints = fixed[:, None] + parts[:, None] * (before[:, slots:] - before[:, :-slots])
    return np.where(fits, cost, TOO_DEAR)


def _running_sums(per_slot: Ints) -> Ints:
    """(rows, T + 1) sums of all slots before each."""
    sums = np.zeros((per_slot.shape[0], per_slot.shape[1] + 1), dtype=np.int64)
    np.cumsum(per_slot, axis=1, out=sums[:, 1:])
    return sums


def _only(built: BuiltProblem, job: int, candidate: int, start: int) -> Clearing:
    """A clearing that places one job and nothing else."""
    problem = built.problem
    chosen = np.full(problem.jobs, -1, dtype=np.int32)
    start_slot = np.full(problem.jobs, -1, dtype=np.int32)
    chosen[job], start_slot[job] = candidate, start
    return Clearing(
        status=Status.FEASIBLE,
        value_micros=0,
        bound_micros=0,
        gap=0.0,
        chosen=chosen,
        start_slot=start_slot,
        price_micros=np.zeros_like(problem.capacity_units),
        power_price_micros=np.zeros_like(problem.node_power_watts),
    )
