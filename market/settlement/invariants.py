"""The last check before anything is granted: does it keep the market's promises?

It looks at the outcome only: allocations, the orders they are for, and the catalogue. It shares no code with whoever
built the problem, solved it or priced it, so that a fault there cannot hide here. A round that breaks a promise is
refused whole; its failure is `outcome_refused: <code of the first violation>`. So is what would be placed at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from market.domain.catalogue import Catalogue
from market.domain.clock import HOUR, local_hour
from market.domain.offerings import Offering
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.domain.states import NodeState

TENTHS = 10
MOST_WINDOWS = 10_000
"""Windows whose hours are kept: thousands of allocations run in a few hundred."""


class Broken(StrEnum):
    """Which promise does not hold."""

    GRANTED_TWICE = "GRANTED_TWICE"
    """An order is granted more than one allocation."""
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    """An allocation is for an order that the round did not see, or for another buyer's."""
    UNKNOWN_OFFERING = "UNKNOWN_OFFERING"
    """An allocation is at an offering that is not listed, or not that node's or provider's."""
    OUTSIDE_WINDOW = "OUTSIDE_WINDOW"
    """It runs before its order may start, or beyond its deadline, or for no whole number of hours."""
    OTHER_SIZE = "OTHER_SIZE"
    """It has other units than its order asks for."""
    OVER_CAPACITY = "OVER_CAPACITY"
    """An offering runs more units, or tenths of one, in an hour than it has."""
    OVER_POWER = "OVER_POWER"
    """A node draws more than its power cap in an hour."""
    ABOVE_LIMIT = "ABOVE_LIMIT"
    """A buyer pays more than what is left of its limit."""
    BELOW_ASK = "BELOW_ASK"
    """A provider earns less than its ask in an hour."""
    CHARGES_DO_NOT_ADD_UP = "CHARGES_DO_NOT_ADD_UP"
    """The charges are not one for each hour, or not the price, or a buyer pays what no provider earns."""


OF_THE_LISTING = frozenset({Broken.OVER_CAPACITY, Broken.OVER_POWER, Broken.BELOW_ASK})
"""What is measured by the catalogue as it is now."""


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """One promise that does not hold, with the facts."""

    code: Broken
    facts: Mapping[str, Any] = field(default_factory=dict)


def check_outcome(
    catalogue: Catalogue,
    orders: Mapping[str, Order],
    granted: Sequence[Allocation],
    running: Iterable[Allocation],
) -> list[BrokenPromise]:
    """Everything that does not hold, single allocations first.

    `orders`: the book the round cleared, by id. `running`: what holds capacity already; an order that is granted
    something new gives up what it held.
    """
    replaced = {allocation.order_id for allocation in granted}
    kept = [allocation for allocation in running if allocation.order_id not in replaced]
    offerings = {offering.id: offering for offering in catalogue.offerings}
    broken = list(_granted_twice(granted))
    for allocation in granted:
        order, offering = orders.get(allocation.order_id), offerings.get(allocation.offering_id)
        if order is None or order.buyer_id != allocation.buyer_id:
            broken.append(BrokenPromise(Broken.UNKNOWN_ORDER, {"order_id": allocation.order_id}))
        elif offering is None or (offering.node_id, offering.provider_id) != (
            allocation.node_id,
            allocation.provider_id,
        ):
            broken.append(BrokenPromise(Broken.UNKNOWN_OFFERING, {"offering_id": allocation.offering_id}))
        else:
            codes = (*_terms_broken(order, allocation), *_money_broken(order, offering, allocation))
            broken += [BrokenPromise(code, {"order_id": order.id}) for code in codes]
    known = [allocation for allocation in granted if allocation.offering_id in offerings]
    broken += _over_capacity(catalogue, offerings, known, kept)
    broken += _over_power(catalogue, offerings, known, kept)
    return broken


def _granted_twice(granted: Sequence[Allocation]) -> Iterator[BrokenPromise]:
    seen: set[str] = set()
    for allocation in granted:
        if allocation.order_id in seen:
            yield BrokenPromise(Broken.GRANTED_TWICE, {"order_id": allocation.order_id})
        seen.add(allocation.order_id)


def _terms_broken(order: Order, allocation: Allocation) -> Iterator[Broken]:
    earliest, length = order.terms.earliest_start, allocation.ends_at - allocation.starts_at
    too_early = earliest is not None and allocation.starts_at < earliest
    if too_early or allocation.ends_at > order.terms.deadline or length <= timedelta(0) or length % HOUR:
        yield Broken.OUTSIDE_WINDOW
    if (allocation.units, allocation.unit_tenths) != (order.job.units, order.job.unit_tenths):
        yield Broken.OTHER_SIZE


def _money_broken(order: Order, offering: Offering, allocation: Allocation) -> Iterator[Broken]:
    charges, earnings = allocation.charges_micros, allocation.earnings_micros
    if allocation.price_micros > order.terms.limit_price_micros - order.paid_micros:
        yield Broken.ABOVE_LIMIT
    ask_tenths = offering.ask_micros_per_unit_hour * allocation.units * allocation.unit_tenths
    if any(TENTHS * earning < ask_tenths for earning in earnings):
        yield Broken.BELOW_ASK
    hours = (allocation.ends_at - allocation.starts_at) // HOUR
    if (
        len(charges) != hours
        or len(earnings) != hours
        or sum(charges) != allocation.price_micros
        or any(not 0 <= charge <= earning for charge, earning in zip(charges, earnings, strict=False))
    ):
        yield Broken.CHARGES_DO_NOT_ADD_UP


def _over_capacity(
    catalogue: Catalogue,
    offerings: Mapping[str, Offering],
    granted: Sequence[Allocation],
    kept: Sequence[Allocation],
) -> Iterator[BrokenPromise]:
    """Offering-hours in which what is granted, on top of what runs, exceeds what the offering has."""
    nodes = {node.id: node for node in catalogue.nodes}
    used: dict[tuple[str, datetime], int] = defaultdict(int)
    for allocation in granted:
        for hour in hours_of(allocation):
            used[allocation.offering_id, hour] += allocation.units * allocation.unit_tenths
    for allocation in kept:
        for hour in hours_of(allocation):
            if (allocation.offering_id, hour) in used:
                used[allocation.offering_id, hour] += allocation.units * allocation.unit_tenths
    for (offering_id, hour), tenths in used.items():
        offering = offerings[offering_id]
        up = nodes[offering.node_id].state is NodeState.UP
        limit = TENTHS * _units_there_are(offering, hour) if up else 0
        if tenths > limit:
            facts = {"offering_id": offering_id, "hour": hour, "tenths": tenths, "limit_tenths": limit}
            yield BrokenPromise(Broken.OVER_CAPACITY, facts)


def _units_there_are(offering: Offering, hour: datetime) -> int:
    """Units that may run in the hour that starts then, whoever has them."""
    over = hour + HOUR
    if not offering.is_available(hour) or (offering.drain_at is not None and over > offering.drain_at):
        return 0
    units = offering.free_units_by_hour[local_hour(hour)]
    for window in offering.maintenance:
        if window.starts_at < over and hour < window.ends_at:
            units = min(units, window.units_left)
    return units


def _over_power(
    catalogue: Catalogue,
    offerings: Mapping[str, Offering],
    granted: Sequence[Allocation],
    kept: Sequence[Allocation],
) -> Iterator[BrokenPromise]:
    """Node-hours in which what is granted, on top of what runs, draws more than the node's cap."""
    nodes = {node.id: node for node in catalogue.nodes}
    it_watts = {device.id: device.watts_per_unit for device in catalogue.devices}

    def tenth_watts(allocation: Allocation) -> int:
        offering = offerings[allocation.offering_id]
        facility = round(it_watts[offering.device_id] * nodes[offering.node_id].pue)
        return facility * allocation.units * allocation.unit_tenths

    drawn: dict[tuple[str, datetime], int] = defaultdict(int)
    for allocation in granted:
        node_id, watts = offerings[allocation.offering_id].node_id, tenth_watts(allocation)
        if watts and nodes[node_id].power_cap_kw is not None:
            for hour in hours_of(allocation):
                drawn[node_id, hour] += watts
    for allocation in kept:
        for hour in hours_of(allocation):
            if (allocation.node_id, hour) in drawn:
                drawn[allocation.node_id, hour] += tenth_watts(allocation)
    for (node_id, hour), tenths in drawn.items():
        cap = nodes[node_id].power_cap_kw
        if cap is not None and tenths > TENTHS * 1000 * cap:
            facts = {"node_id": node_id, "hour": hour, "watts": tenths / TENTHS, "limit_watts": 1000 * cap}
            yield BrokenPromise(Broken.OVER_POWER, facts)


def hours_of(allocation: Allocation) -> tuple[datetime, ...]:
    """The start of every clock hour that the allocation touches."""
    return _hours_between(allocation.starts_at, allocation.ends_at)


@lru_cache(maxsize=MOST_WINDOWS)
def _hours_between(starts_at: datetime, ends_at: datetime) -> tuple[datetime, ...]:
    first = starts_at.replace(minute=0, second=0, microsecond=0)
    return tuple(first + n * HOUR for n in range(-((first - ends_at) // HOUR)))
