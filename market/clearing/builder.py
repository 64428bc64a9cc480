"""From the market to the solver: a snapshot becomes a `ClearingProblem`.

Each order becomes a job whose profile lists the offerings that can run it (`profiles`). What is no candidate is
remembered with its rule (`eligibility`).

An order that was interrupted is worth what its buyer still pays, and runs only for the share it has still to do.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.clearing.asked import Asked
from market.clearing.eligibility import EligibilityRules
from market.clearing.eligible import Eligible
from market.clearing.profiles import find_candidates, share_profiles
from market.clearing.snapshot import Horizon, MarketSnapshot
from market.clearing.staying import Staying
from market.clearing.supply import Supply, build_supply
from market.domain.clock import HOUR
from market.domain.orders import OrderTerms
from solver import ClearingProblem

Ints = npt.NDArray[np.int64]
SLOT_HOURS = 1.0
NOBODY = -1
"""Stands for the origin of a profile that no job has."""


@dataclass(frozen=True, slots=True)
class BuiltProblem:
    """A problem and what its rows mean: job j is `snapshot.orders[j]`, offering o `catalogue.offerings[o]`."""

    snapshot: MarketSnapshot
    problem: ClearingProblem
    supply: Supply
    rules: EligibilityRules
    asked: Asked
    eligibility: Eligible
    staying: Staying | None = None
    """Where jobs stay that may be moved; None where nothing may."""

    @property
    def worth_micros(self) -> Ints:
        """(J,) value of each job as it is published: without the bonus of what may be moved."""
        value: Ints = self.problem.value_micros
        return value if self.staying is None else value - self.staying.bonus_micros

    @property
    def bonus_micros(self) -> int:
        """What the problem's values and bounds have too much of."""
        return 0 if self.staying is None else int(self.staying.bonus_micros.sum())

    def rtt_of_candidates(self) -> npt.NDArray[np.float64]:
        """(C,) RTT in ms of each candidate, from the origin of the profile's orders."""
        problem, found = self.problem, self.eligibility
        origin = np.full(problem.profiles, NOBODY, dtype=np.int64)
        origin[problem.job_profile] = found.origin
        of_candidate = np.repeat(origin, np.diff(problem.profile_start))
        rtt = found.rtt_ms[of_candidate, problem.candidate_offering] if problem.candidates else np.zeros(0)
        return np.where(of_candidate == NOBODY, 0.0, rtt)


def build_problem(snapshot: MarketSnapshot) -> BuiltProblem:
    """The whole step: supply, eligibility, profiles, arrays."""
    supply = build_supply(
        snapshot.catalogue, snapshot.allocations, snapshot.policy, snapshot.horizon, snapshot.held_quotes
    )
    rules = EligibilityRules(snapshot.catalogue, supply.listed_units)
    return build_demand(snapshot, supply, rules)


def build_demand(snapshot: MarketSnapshot, supply: Supply, rules: EligibilityRules) -> BuiltProblem:
    """Set the snapshot's orders against supply that is already built."""
    orders = snapshot.orders
    eligibility = rules.check_all([o.job for o in orders], [o.remaining_share for o in orders])
    asked = Asked.of(orders)
    candidates = find_candidates(orders, asked, eligibility, supply, snapshot.policy)
    profiles = share_profiles(candidates, eligibility.origin)
    windows = np.array([order_window(o.terms, snapshot.horizon) for o in orders], dtype=np.int32).reshape(
        -1, 2
    )
    problem = ClearingProblem(
        capacity_units=supply.capacity_parts,
        unit_cost_micros=supply.part_cost_micros,
        offering_node=supply.offering_node,
        facility_watts_per_unit=supply.facility_watts_per_part,
        node_power_watts=supply.node_power_watts,
        job_profile=profiles.of_job.astype(np.int32),
        job_scale=asked.units,
        value_micros=np.array([order.remaining_limit_micros for order in orders], dtype=np.int64),
        first_slot=windows[:, 0].copy(),
        end_slot=windows[:, 1].copy(),
        profile_start=profiles.start,
        candidate_offering=profiles.candidates.offering.astype(np.int32),
        candidate_slots=profiles.candidates.slots.astype(np.int32),
        candidate_units=profiles.candidates.parts,
        candidate_fixed_micros=profiles.candidates.fixed_micros,
        slot_hours=SLOT_HOURS,
    )
    return BuiltProblem(snapshot, problem, supply, rules, asked, eligibility)


def order_window(terms: OrderTerms, horizon: Horizon) -> tuple[int, int]:
    """(first slot, end slot) in which an order may run; empty windows come out as (0, 0)."""
    start = horizon.starts_at if terms.earliest_start is None else terms.earliest_start
    first = max(-((horizon.starts_at - start) // HOUR), 0)
    end = min((terms.deadline - horizon.starts_at) // HOUR, horizon.slots)
    return (first, end) if first < end else (0, 0)
