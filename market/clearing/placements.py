"""What a clearing granted, in market terms: where, when, at which price, with how much energy and carbon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem
from market.clearing.hour_prices import congestion_by_hour
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


_GRANTED = ("units", "unit_tenths", "rtt_ms", "facility_kwh", "carbon_kg_location", "carbon_kg_market")
"""Columns of placements that allocations have by the same names."""


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
    units, tenths = built.asked.units[job], built.asked.unit_tenths[job]
    sold = zip(supply.ask_micros[offering].tolist(), units.tolist(), tenths.tolist(), strict=True)
    hourly = np.array([hourly_price_micros(*one) for one in sold], dtype=np.int64)
    start = clearing.start_slot[job].astype(np.int64)
    node = supply.offering_node[offering]
    pue = np.array([n.pue for n in catalogue.nodes])
    facility_kwh = supply.facility_watts_per_unit[offering] * units * tenths * slots / (1000 * WHOLE_UNIT)
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
        rtt_ms=built.eligibility.rtt(job, offering),
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
    orders, supply = built.snapshot.orders, built.supply
    congestion = congestion_by_hour(built.problem, clearing, supply.parts_per_unit)
    columns = (placed.job, placed.offering, placed.start, placed.slots, placed.units, placed.unit_tenths)
    return tuple(
        price_hours(
            rule,
            ask_micros=ask,
            congestion_micros=congestion[offering][first : first + slots],
            units=units,
            unit_tenths=tenths,
            limit_micros=orders[job].remaining_limit_micros,
        )
        for ask, job, offering, first, slots, units, tenths in zip(
            supply.ask_micros[placed.offering].tolist(), *(column.tolist() for column in columns), strict=True
        )
    )


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
    if prices is None:
        prices = [_posted(built, placed, row) for row in range(len(placed.job))]
    hours = [horizon.slot_start(slot) for slot in range(horizon.slots + 1)]
    places = zip(
        placed.job.tolist(),
        placed.offering.tolist(),
        placed.start.tolist(),
        placed.slots.tolist(),
        strict=True,
    )
    granted = zip(*(getattr(placed, name).tolist() for name in _GRANTED), strict=True)
    allocations = []
    for (job, row, start, slots), priced, columns in zip(places, prices, granted, strict=True):
        order, offering = built.snapshot.orders[job], offerings[row]
        allocations.append(
            Allocation(
                id=ids.new("alo", now),
                round_id=round_id,
                order_id=order.id,
                buyer_id=order.buyer_id,
                offering_id=offering.id,
                provider_id=offering.provider_id,
                node_id=offering.node_id,
                starts_at=hours[start],
                ends_at=hours[start + slots],
                ask_micros_per_unit_hour=offering.ask_micros_per_unit_hour,
                price_micros=priced.price_micros,
                charges_micros=priced.charges_micros,
                earnings_micros=priced.earnings_micros,
                offering_version=offering.version,
                state=AllocationState.GRANTED,
                **dict(zip(_GRANTED, columns, strict=True)),
            )
        )
    return tuple(allocations)


def _posted(built: BuiltProblem, placed: Placements, row: int) -> HourlyPrices:
    ask = int(built.supply.ask_micros[placed.offering[row]])
    return posted_prices(ask, int(placed.slots[row]), int(placed.units[row]), int(placed.unit_tenths[row]))
