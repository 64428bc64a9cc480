"""What a clearing granted, in market terms: where, when, at which price, with how much energy and carbon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem
from market.clearing.hour_prices import congestion_micros
from market.domain.ids import IdSource
from market.domain.money import hourly_price_micros
from market.domain.orders import WHOLE_UNIT
from market.domain.policy import PricingRule
from market.domain.rounds import Allocation
from market.domain.states import AllocationState
from market.settlement.pricing import HourlyPrices, posted_prices, price_hours
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
    """Whole units; 1 where the order takes `unit_tenths` of one."""
    unit_tenths: Ints
    parts: Ints
    """The same as the problem counts: tenths where tenths are sold, else units."""
    hourly_micros: Ints
    """Posted price of one hour: ask x units x tenths / 10."""
    price_micros: Ints
    """Posted price of the whole window."""
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
    parts = problem.candidate_units[candidate] * problem.job_scale[job]
    jobs = [built.snapshot.orders[j].job for j in job]
    units = np.array([j.units for j in jobs], dtype=np.int64)
    tenths = np.array([j.unit_tenths for j in jobs], dtype=np.int64)
    asks = supply.ask_micros[offering].tolist()
    hourly = np.array(
        [hourly_price_micros(ask, j.units, j.unit_tenths) for ask, j in zip(asks, jobs, strict=True)],
        dtype=np.int64,
    )
    start = clearing.start_slot[job].astype(np.int64)
    node = supply.offering_node[offering]
    pue = np.array([n.pue for n in catalogue.nodes])
    facility_kwh = supply.facility_watts_per_unit[offering] * units * tenths * slots / (1000 * WHOLE_UNIT)
    rtt = np.array([built.eligibility[j].rtt_ms[o] for j, o in zip(job, offering, strict=True)])
    return Placements(
        job=job,
        offering=offering,
        start=start,
        slots=slots,
        units=units,
        unit_tenths=tenths,
        parts=parts,
        hourly_micros=hourly,
        price_micros=hourly * slots,
        policy_cost_micros=parts * _cost_of_window(supply.part_cost_micros, offering, start, slots)
        + problem.candidate_fixed_micros[candidate] * problem.job_scale[job],
        rtt_ms=rtt.astype(np.float64),
        it_kwh=facility_kwh / pue[node] if len(pue) else facility_kwh,
        facility_kwh=facility_kwh,
        carbon_kg_location=facility_kwh * supply.kg_per_kwh_location[node],
        carbon_kg_market=facility_kwh * supply.kg_per_kwh_market[node],
    )


def _cost_of_window(part_cost: Ints, offering: Ints, start: Ints, slots: Ints) -> Ints:
    running = np.zeros((part_cost.shape[0], part_cost.shape[1] + 1), dtype=np.int64)
    np.cumsum(part_cost, axis=1, out=running[:, 1:])
    cost: Ints = running[offering, start + slots] - running[offering, start]
    return cost


def price_placements(
    built: BuiltProblem, placed: Placements, clearing: Clearing, rule: PricingRule
) -> tuple[HourlyPrices, ...]:
    """What each placed order pays and its provider earns, hour by hour, at the clearing's prices."""
    priced = []
    for row, job in enumerate(placed.job):
        order, offering = built.snapshot.orders[job], int(placed.offering[row])
        first, parts_per_unit = int(placed.start[row]), int(built.supply.parts_per_unit[offering])
        hours = range(first, first + int(placed.slots[row]))
        priced.append(
            price_hours(
                rule,
                ask_micros=int(built.supply.ask_micros[offering]),
                congestion_micros=[
                    congestion_micros(built.problem, clearing, parts_per_unit, offering, hour)
                    for hour in hours
                ],
                units=int(placed.units[row]),
                unit_tenths=int(placed.unit_tenths[row]),
                limit_micros=order.remaining_limit_micros,
            )
        )
    return tuple(priced)


def build_allocations(
    built: BuiltProblem,
    placed: Placements,
    round_id: str | None,
    ids: IdSource,
    now: datetime,
    prices: Sequence[HourlyPrices] | None = None,
) -> tuple[Allocation, ...]:
    """One allocation for each placed order, at these prices; at posted ones where none are given."""
    offerings, horizon = built.snapshot.catalogue.offerings, built.snapshot.horizon
    allocations = []
    for row, job in enumerate(placed.job):
        order, offering = built.snapshot.orders[job], offerings[placed.offering[row]]
        start = int(placed.start[row])
        priced = _posted(built, placed, row) if prices is None else prices[row]
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
                unit_tenths=int(placed.unit_tenths[row]),
                starts_at=horizon.slot_start(start),
                ends_at=horizon.slot_start(start + int(placed.slots[row])),
                ask_micros_per_unit_hour=offering.ask_micros_per_unit_hour,
                price_micros=priced.price_micros,
                charges_micros=priced.charges_micros,
                earnings_micros=priced.earnings_micros,
                offering_version=offering.version,
                rtt_ms=float(placed.rtt_ms[row]),
                facility_kwh=float(placed.facility_kwh[row]),
                carbon_kg_location=float(placed.carbon_kg_location[row]),
                carbon_kg_market=float(placed.carbon_kg_market[row]),
                state=AllocationState.GRANTED,
            )
        )
    return tuple(allocations)


def _posted(built: BuiltProblem, placed: Placements, row: int) -> HourlyPrices:
    ask = int(built.supply.ask_micros[placed.offering[row]])
    return posted_prices(ask, int(placed.slots[row]), int(placed.units[row]), int(placed.unit_tenths[row]))
