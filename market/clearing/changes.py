"""The smallest change of one field that places an order in what is free, the rest staying fixed.

**Measure.** A change is as large as what it gives up relative to what it was: (to - was) / was for a limit price, a
latency limit (of at least 1 ms), a PUE, a green share and units, the hours added over the hours of the order's window
for a deadline, and one over how many there were for a region or a device added to a list. Of equal changes the field
named first in `FIELDS` wins. An order that fits as it is needs no more than the limit price it has: a change by 0.

Each change is found by dropping the one limit and looking at all that fits then, and proven by asking the market again
with the changed order.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from market.clearing.free_market import Fit, FreeMarket, limit_above
from market.domain.amendments import amended_terms
from market.domain.clock import HOUR, rfc3339
from market.domain.money import LARGEST_MICROS
from market.domain.orders import FURTHEST_DEADLINE, WHOLE_UNIT, Order
from market.domain.rounds import Change

FIELDS = (
    "limit_price",
    "deadline",
    "max_rtt_ms",
    "allowed_regions",
    "devices",
    "units",
    "max_pue",
    "min_green_share",
)
"""Fields that are looked at, named as `PATCH /v1/orders/{id}` names them."""

LARGEST_RTT_MS = 1e6
"""A limit beyond this is none; so are the regions to which no distance is known."""


def smallest_change(market: FreeMarket, order: Order) -> Change | None:
    """The smallest change that places the order now; None where no single one does."""
    found = sorted(_changes(market, order), key=lambda change: (change.by, FIELDS.index(change.field)))
    smaller_gang = _fewer_units(market, order, min(found[0].by, 1.0) if found else 1.0)
    if smaller_gang is not None:
        found.insert(0, smaller_gang)
    return next((change for change in found if market.affordable(apply_change(order, change))), None)


def apply_change(order: Order, change: Change) -> Order:
    """The order with one field changed, as an amendment would change it: the hold follows the limit price."""
    changed = _amended(order, **amendment_of(change))
    if change.field != "limit_price":
        return changed
    return replace(changed, held_micros=changed.terms.limit_price_micros - changed.paid_micros)


def amendment_of(change: Change) -> Mapping[str, Any]:
    """What the change means to an order's terms, in the market's words."""
    if change.field == "limit_price":
        return {"limit_price_micros": change.to}
    if change.field == "deadline":
        return {"deadline": datetime.fromisoformat(change.to)}
    if change.field == "units":
        return _size(change.to)
    return {change.field: tuple(change.to) if isinstance(change.to, list) else change.to}


def _changes(market: FreeMarket, order: Order) -> Iterator[Change]:
    yield from _dearer(market, order)
    yield from _later(market, order)
    yield from _farther(market, order)
    yield from _region_more(market, order)
    yield from _device_more(market, order)
    yield from _less_green(market, order)


def _dearer(market: FreeMarket, order: Order) -> Iterator[Change]:
    fits = market.fits(order)
    if not fits:
        return
    was = order.terms.limit_price_micros
    to = max(limit_above(fits[0].cost_micros) + order.paid_micros, was)
    if to <= LARGEST_MICROS:
        yield Change("limit_price", to, (to - was) / was, market.node_of(fits[0].offering_row))


def _later(market: FreeMarket, order: Order) -> Iterator[Change]:
    """The earliest later deadline at which the order fits and pays."""
    horizon, terms = market.horizon, order.terms
    last = min(horizon.ends_at, order.submitted_at + FURTHEST_DEADLINE)
    if last <= terms.deadline:
        return
    first, end = market.window_of(_amended(order, deadline=last))
    windows = market.windows(order)
    pays = windows.cost < order.remaining_limit_micros
    candidate, start = np.nonzero(windows.room & pays & windows.between(first, end))
    over = start + windows.slots[candidate]
    late = np.flatnonzero(over > (terms.deadline - horizon.starts_at) // HOUR)
    if not late.size:
        return
    best = late[np.lexsort((windows.cost[candidate[late], start[late]], over[late]))[0]]
    deadline = horizon.slot_start(int(over[best]))
    window = max(terms.deadline - (terms.earliest_start or horizon.starts_at), HOUR)
    node = market.node_of(int(windows.offering[candidate[best]]))
    yield Change("deadline", rfc3339(deadline), (deadline - terms.deadline) / window, node)


def _farther(market: FreeMarket, order: Order) -> Iterator[Change]:
    """The nearest node beyond the RTT limit at which the order fits and pays."""
    limit = order.job.max_rtt_ms
    if limit is None:
        return
    relaxed = _amended(order, max_rtt_ms=None)
    fits = market.affordable(relaxed)
    if not fits:
        return
    rtt = market.built(relaxed).eligibility.of(0).rtt_ms
    nearest = min(fits, key=lambda fit: (rtt[fit.offering_row], fit.cost_micros, fit.offering_row))
    to = max(math.ceil(rtt[nearest.offering_row] * 100) / 100, limit)
    if to <= LARGEST_RTT_MS:
        yield Change("max_rtt_ms", to, (to - limit) / max(limit, 1.0), market.node_of(nearest.offering_row))


def _region_more(market: FreeMarket, order: Order) -> Iterator[Change]:
    """One region more: where it is cheapest."""
    allowed = order.job.allowed_regions
    fit = None if allowed is None else _cheapest(market, _amended(order, allowed_regions=None))
    if allowed is not None and fit is not None:
        node = market.node_of(fit.offering_row)
        region = market.snapshot.catalogue.node_by_id[node].region_id
        yield Change("allowed_regions", [*allowed, region], 1 / len(allowed), node)


def _device_more(market: FreeMarket, order: Order) -> Iterator[Change]:
    """One device more: where it is cheapest. The first one stays first: hours are measured on it."""
    listed, hours = order.job.devices, order.job.hours
    if listed is None:
        return
    known = market.snapshot.catalogue.device_by_id.values()
    others = [
        device.id
        for device in known
        if device.compute_class is order.job.compute_class
        and device.id not in listed
        and (not isinstance(hours, Mapping) or device.id in hours)
    ]
    fit = _cheapest(market, _amended(order, devices=(*listed, *others))) if others else None
    if fit is not None:
        device_id = market.snapshot.catalogue.offerings[fit.offering_row].device_id
        yield Change("devices", [*listed, device_id], 1 / len(listed), market.node_of(fit.offering_row))


def _less_green(market: FreeMarket, order: Order) -> Iterator[Change]:
    """The best PUE, and the greenest power, beyond what is asked for."""
    pue, green, nodes = order.job.max_pue, order.job.min_green_share, market.snapshot.catalogue.node_by_id
    if pue is not None:
        fits = market.affordable(_amended(order, max_pue=None))
        best = min((nodes[market.node_of(fit.offering_row)] for fit in fits), key=_pue, default=None)
        if best is not None:
            to = max(best.pue, pue)
            yield Change("max_pue", to, (to - pue) / pue, best.id)
    if green is not None:
        fits = market.affordable(_amended(order, min_green_share=None))
        best = max((nodes[market.node_of(fit.offering_row)] for fit in fits), key=_green, default=None)
        if best is not None and green > 0:
            to = min(best.green_share, green)
            yield Change("min_green_share", to, (green - to) / green, best.id)


def _fewer_units(market: FreeMarket, order: Order, less_than: float) -> Change | None:
    """The most units, fewer than asked for, that fit and pay: looked for only where that gives up less than `less_than`.

    What fits stays fitting with fewer units, until an offering's smallest order is reached: between two of those sizes
    one bisection is enough.
    """
    was = _count(order)
    least = math.floor(was * (1 - less_than)) + 1
    smallest = {offering.min_units_per_order for offering in market.snapshot.catalogue.offerings}
    bounds = sorted({least, *(n for n in smallest if least < n < was)}, reverse=True)
    end = was
    for floor in bounds:
        if floor < end and _cheapest(market, _sized(order, floor)):
            more = range(floor + 1, end)
            count = floor + bisect_left(
                more, 1, key=lambda n: int(_cheapest(market, _sized(order, n)) is None)
            )
            fit = _cheapest(market, _sized(order, count))
            if fit is not None:
                to = count if order.job.unit_tenths == WHOLE_UNIT else count / WHOLE_UNIT
                return Change("units", to, (was - count) / was, market.node_of(fit.offering_row))
        end = floor
    return None


def _count(order: Order) -> int:
    """Units; tenths of a card where it asks for a share of one."""
    return order.job.units if order.job.unit_tenths == WHOLE_UNIT else order.job.unit_tenths


def _sized(order: Order, count: int) -> Order:
    whole = order.job.unit_tenths == WHOLE_UNIT
    return _amended(order, **({"units": count} if whole else {"unit_tenths": count}))


def _size(units: float) -> Mapping[str, int]:
    if isinstance(units, int):
        return {"units": units, "unit_tenths": WHOLE_UNIT}
    return {"units": 1, "unit_tenths": round(units * WHOLE_UNIT)}


def _cheapest(market: FreeMarket, order: Order) -> Fit | None:
    return next(iter(market.affordable(order)), None)


def _amended(order: Order, **changes: Any) -> Order:
    return replace(order, terms=amended_terms(order.terms, changes))


def _pue(node: Any) -> float:
    return float(node.pue)


def _green(node: Any) -> float:
    return float(node.green_share)
