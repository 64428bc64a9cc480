"""Ways to run an order, in the market's words: where, when, at which price, how far and how green."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from market.clearing.eligibility import UNREACHABLE_MS
from market.clearing.free_market import Fit
from market.clearing.snapshot import MarketSnapshot
from market.clearing.supply import market_carbon_kg_per_kwh
from market.domain.orders import WHOLE_UNIT, Order


@dataclass(frozen=True, slots=True)
class Option:
    """One way to run an order: where, when, at which price, how far and how green.

    `price_micros` is what the buyer would pay; `cost_micros` adds what the policy prices.
    """

    node_id: str
    offering_id: str
    device_id: str
    starts_at: datetime
    ends_at: datetime
    price_micros: int
    cost_micros: int
    rtt_ms: float
    facility_kwh: float
    carbon_kg_location: float
    carbon_kg_market: float


def options_of(snapshot: MarketSnapshot, order: Order, fits: Iterable[Fit]) -> tuple[Option, ...]:
    """The first fit of each node, in their sequence."""
    best: dict[str, Option] = {}
    for fit in fits:
        node_id = snapshot.catalogue.offerings[fit.offering_row].node_id
        if node_id not in best:
            best[node_id] = option_of(snapshot, order, fit)
    return tuple(best.values())


def option_of(snapshot: MarketSnapshot, order: Order, fit: Fit) -> Option:
    """A fit with what it causes."""
    catalogue, horizon = snapshot.catalogue, snapshot.horizon
    offering = catalogue.offerings[fit.offering_row]
    node, device = catalogue.node_by_id[offering.node_id], catalogue.device_by_id[offering.device_id]
    region = catalogue.region_by_id[node.region_id]
    units = order.job.units * order.job.unit_tenths / WHOLE_UNIT
    facility_kwh = device.watts_per_unit * node.pue * units * fit.slots / 1000
    return Option(
        node_id=node.id,
        offering_id=offering.id,
        device_id=device.id,
        starts_at=horizon.slot_start(fit.start),
        ends_at=horizon.slot_start(fit.start + fit.slots),
        price_micros=fit.price_micros,
        cost_micros=fit.cost_micros,
        rtt_ms=catalogue.rtt_ms.get((order.job.origin_region, region.id), UNREACHABLE_MS),
        facility_kwh=facility_kwh,
        carbon_kg_location=facility_kwh * region.carbon_location_kg_per_kwh,
        carbon_kg_market=facility_kwh * market_carbon_kg_per_kwh(region, node),
    )
