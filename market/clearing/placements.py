"""What a clearing granted, in market terms: where, when, at which price, with how much energy and carbon."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem
from market.domain.ids import IdSource
from market.domain.rounds import Allocation
from market.domain.states import AllocationState
from solver import Clearing

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placements:
    """Columns over the placed orders, in queue order (rows of `job` point into the snapshot's orders)."""

    job: Ints
    offering: Ints
    start: Ints
    slots: Ints
    units: Ints
    price_micros: Ints
    """Posted price of the whole window: ask x units x hours."""
    policy_cost_micros: Ints
    """What the objective charges: ask, priced energy and carbon, latency and transfer."""
    rtt_ms: Floats
    it_kwh: Floats
    facility_kwh: Floats
    carbon_kg_location: Floats
    carbon_kg_market: Floats


def read_placements(built: BuiltProblem, clearing: Clearing) -> Placements:
    """The placed orders of a clearing with what they cost and cause."""
    problem, supply, catalogue = built.problem, built.supply, built.snapshot.catalogue
    job = np.flatnonzero(clearing.chosen >= 0)
    candidate = clearing.chosen[job]
    offering = problem.candidate_offering[candidate].astype(np.int64)
    slots = problem.candidate_slots[candidate].astype(np.int64)
    units = problem.candidate_units[candidate] * problem.job_scale[job]
    start = clearing.start_slot[job].astype(np.int64)
    node = supply.offering_node[offering]
    pue = np.array([n.pue for n in catalogue.nodes])
    facility_kwh = supply.facility_watts_per_unit[offering] * units * slots / 1000
    rtt = np.array([built.eligibility[j].rtt_ms[o] for j, o in zip(job, offering, strict=True)])
    return Placements(
        job=job,
        offering=offering,
        start=start,
        slots=slots,
        units=units,
        price_micros=supply.ask_micros[offering] * units * slots,
        policy_cost_micros=units * _unit_cost_of_window(supply.unit_cost_micros, offering, start, slots)
        + problem.candidate_fixed_micros[candidate] * problem.job_scale[job],
        rtt_ms=rtt.astype(np.float64),
        it_kwh=facility_kwh / pue[node] if len(pue) else facility_kwh,
        facility_kwh=facility_kwh,
        carbon_kg_location=facility_kwh * supply.kg_per_kwh_location[node],
        carbon_kg_market=facility_kwh * supply.kg_per_kwh_market[node],
    )


def _unit_cost_of_window(unit_cost: Ints, offering: Ints, start: Ints, slots: Ints) -> Ints:
    running = np.zeros((unit_cost.shape[0], unit_cost.shape[1] + 1), dtype=np.int64)
    np.cumsum(unit_cost, axis=1, out=running[:, 1:])
    cost: Ints = running[offering, start + slots] - running[offering, start]
    return cost


def build_allocations(
    built: BuiltProblem, placed: Placements, round_id: str, ids: IdSource, now: datetime
) -> tuple[Allocation, ...]:
    """One allocation for each placed order."""
    offerings, horizon = built.snapshot.catalogue.offerings, built.snapshot.horizon
    allocations = []
    for row, job in enumerate(placed.job):
        order, offering = built.snapshot.orders[job], offerings[placed.offering[row]]
        start = int(placed.start[row])
        allocations.append(
            Allocation(
                id=ids.new("alo", now),
                round_id=round_id,
                order_id=order.id,
                buyer_id=order.buyer_id,
                offering_id=offering.id,
                provider_id=offering.provider_id,
                node_id=offering.node_id,
                units=int(placed.units[row]),
                starts_at=horizon.slot_start(start),
                ends_at=horizon.slot_start(start + int(placed.slots[row])),
                ask_micros_per_unit_hour=offering.ask_micros_per_unit_hour,
                price_micros=int(placed.price_micros[row]),
                charges_micros=_by_hour(placed, row),
                earnings_micros=_by_hour(placed, row),
                offering_version=offering.version,
                rtt_ms=float(placed.rtt_ms[row]),
                facility_kwh=float(placed.facility_kwh[row]),
                carbon_kg_location=float(placed.carbon_kg_location[row]),
                carbon_kg_market=float(placed.carbon_kg_market[row]),
                state=AllocationState.GRANTED,
            )
        )
    return tuple(allocations)


def _by_hour(placed: Placements, row: int) -> tuple[int, ...]:
    """The posted price, hour by hour."""
    slots = int(placed.slots[row])
    return (int(placed.price_micros[row]) // slots,) * slots
