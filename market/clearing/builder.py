"""From the market to the solver: a snapshot becomes a `ClearingProblem`.

Each order becomes a job whose profile lists the offerings that can run it; orders with the same needs share
a profile, whatever their size, value and window. What is no candidate is remembered with its rule.

An order that was interrupted is worth what its buyer still pays, and runs only for the share it has still to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.clearing.eligibility import Eligibility, EligibilityRules
from market.clearing.snapshot import Horizon, MarketSnapshot
from market.clearing.staying import Staying
from market.clearing.supply import Supply, build_supply
from market.domain.clock import HOUR
from market.domain.money import LARGEST_MICROS
from market.domain.orders import WHOLE_UNIT, Order, OrderTerms
from market.domain.policy import Policy
from solver import ClearingProblem

Ints = npt.NDArray[np.int64]
SLOT_HOURS = 1.0


@dataclass(frozen=True, slots=True)
class BuiltProblem:
    """A problem and what its rows mean: job j is `snapshot.orders[j]`, offering o `catalogue.offerings[o]`."""

    snapshot: MarketSnapshot
    problem: ClearingProblem
    supply: Supply
    rules: EligibilityRules
    eligibility: tuple[Eligibility, ...]
    """One for each order; orders with equal needs share one."""
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
        rtt = np.zeros(len(self.problem.candidate_offering))
        for job, profile in enumerate(self.problem.job_profile):
            rows = slice(self.problem.profile_start[profile], self.problem.profile_start[profile + 1])
            rtt[rows] = self.eligibility[job].rtt_ms[self.problem.candidate_offering[rows]]
        return rtt


@dataclass(frozen=True, slots=True)
class _Profile:
    origin: str
    offering: Ints
    slots: Ints
    parts: Ints
    fixed_micros: Ints

    def key(self) -> bytes:
        columns = (self.offering, self.slots, self.parts, self.fixed_micros)
        return b"|".join((self.origin.encode(), *(column.tobytes() for column in columns)))


def build_problem(snapshot: MarketSnapshot) -> BuiltProblem:
    """The whole step: supply, eligibility, profiles, arrays."""
    supply = build_supply(
        snapshot.catalogue, snapshot.allocations, snapshot.policy, snapshot.horizon, snapshot.held_quotes
    )
    rules = EligibilityRules(snapshot.catalogue, supply.listed_units)
    return build_demand(snapshot, supply, rules)


def build_demand(snapshot: MarketSnapshot, supply: Supply, rules: EligibilityRules) -> BuiltProblem:
    """Set the snapshot's orders against supply that is already built."""
    eligibility = _check_orders(snapshot.orders, rules)
    dearest_part = supply.part_cost_micros.max(axis=1, initial=0)
    profiles = [
        _build_profile(order.terms, found, supply.parts_per_unit, dearest_part, snapshot.policy)
        for order, found in zip(snapshot.orders, eligibility, strict=True)
    ]
    problem = _assemble(snapshot, supply, profiles)
    return BuiltProblem(snapshot, problem, supply, rules, eligibility)


def order_window(terms: OrderTerms, horizon: Horizon) -> tuple[int, int]:
    """(first slot, end slot) in which an order may run; empty windows come out as (0, 0)."""
    start = horizon.starts_at if terms.earliest_start is None else terms.earliest_start
    first = max(-((horizon.starts_at - start) // HOUR), 0)
    end = min((terms.deadline - horizon.starts_at) // HOUR, horizon.slots)
    return (first, end) if first < end else (0, 0)


def _check_orders(orders: Sequence[Order], rules: EligibilityRules) -> tuple[Eligibility, ...]:
    seen: dict[tuple[str, float], Eligibility] = {}
    found = []
    for order in orders:
        needs = repr(order.job), order.remaining_share
        if needs not in seen:
            seen[needs] = rules.check(order.job, order.remaining_share)
        found.append(seen[needs])
    return tuple(found)


def _build_profile(
    terms: OrderTerms, found: Eligibility, parts_per_unit: Ints, dearest_part: Ints, policy: Policy
) -> _Profile:
    """Candidates for scale 1: one unit, or the tenths of one that are asked for; the order's units are the scale."""
    job = terms.job
    whole = job.unit_tenths / WHOLE_UNIT
    parts: Ints = parts_per_unit * job.unit_tenths // WHOLE_UNIT
    latency = found.rtt_ms * found.slots * terms.latency_cost_micros_per_ms_unit_hour * policy.latency_weight
    transfer = np.where(found.away, job.data_gb * policy.transfer_micros_per_gb / job.units, 0.0)
    fixed = np.floor(latency * whole + transfer + 0.5)
    dearest = (dearest_part.astype(np.float64) * parts * found.slots + fixed) * job.units
    offering = np.flatnonzero((found.rule == 0) & (dearest <= LARGEST_MICROS))
    return _Profile(
        job.origin_region,
        offering,
        found.slots[offering],
        parts[offering],
        fixed[offering].astype(np.int64),
    )


def _assemble(snapshot: MarketSnapshot, supply: Supply, profiles: Sequence[_Profile]) -> ClearingProblem:
    number: dict[bytes, int] = {}
    distinct: list[_Profile] = []
    job_profile = np.zeros(len(profiles), dtype=np.int32)
    for job, profile in enumerate(profiles):
        key = profile.key()
        if key not in number:
            number[key] = len(distinct)
            distinct.append(profile)
        job_profile[job] = number[key]
    windows = np.array([order_window(o.terms, snapshot.horizon) for o in snapshot.orders], dtype=np.int32)
    windows = windows.reshape(-1, 2)
    sizes = [len(profile.offering) for profile in distinct]
    return ClearingProblem(
        capacity_units=supply.capacity_parts,
        unit_cost_micros=supply.part_cost_micros,
        offering_node=supply.offering_node,
        facility_watts_per_unit=supply.facility_watts_per_part,
        node_power_watts=supply.node_power_watts,
        job_profile=job_profile,
        job_scale=np.array([order.job.units for order in snapshot.orders], dtype=np.int64),
        value_micros=np.array([order.remaining_limit_micros for order in snapshot.orders], dtype=np.int64),
        first_slot=windows[:, 0].copy(),
        end_slot=windows[:, 1].copy(),
        profile_start=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        candidate_offering=_joined([p.offering for p in distinct]).astype(np.int32),
        candidate_slots=_joined([p.slots for p in distinct]).astype(np.int32),
        candidate_units=_joined([p.parts for p in distinct]),
        candidate_fixed_micros=_joined([p.fixed_micros for p in distinct]),
        slot_hours=SLOT_HOURS,
    )


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
