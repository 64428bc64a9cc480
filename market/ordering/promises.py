"""Quotes that are held: units set aside for one buyer at today's ask, until a stated time.

A held quote takes capacity like an allocation: rounds, quotes and immediate orders find the rest. Whoever holds it may
place one order there, at exactly the price that was quoted; whatever the offering asks by then, a promise is a promise.
It holds no money: the order does. Only a node that is down or a drain breaks it: nothing runs there.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from market.clearing.eligibility import RULED_OUT, EligibilityRules
from market.clearing.eligible import Eligibility
from market.clearing.free_market import at_any_price
from market.clearing.spot_market import SpotMarket
from market.clearing.supply import market_carbon_kg_per_kwh
from market.domain.catalogue import Catalogue
from market.domain.clock import HOUR, rfc3339
from market.domain.errors import Conflict, InvalidInput, NotFound
from market.domain.ids import IdSource
from market.domain.money import format_cny
from market.domain.orders import WHOLE_UNIT, Order
from market.domain.parties import Actor, Role
from market.domain.quotes import HeldQuote, HeldQuoteState
from market.domain.rounds import Allocation, ReasonCode
from market.domain.states import AllocationState, NodeState
from market.ordering.free_now import not_placed_now, spot_horizon, spot_snapshot
from market.persistence.store import Store
from market.settlement.pricing import posted_prices

LONGEST_HOLD_MINUTES = 60
MOST_HELD = 20
"""Quotes that a buyer may hold at once: enough to shop around, too few to corner a market."""


def hold_quote(
    work: Store, catalogue: Catalogue, order: Order, minutes: int, ids: IdSource, now: datetime
) -> HeldQuote:
    """Set the cheapest place for an order aside; `not_placed_now` where there is none, whatever it may cost.

    Its window begins at a full hour after now, never now: else nobody could come back for it. The order itself is not
    stored. The unit of work holds capacity.
    """
    if not 1 <= minutes <= LONGEST_HOLD_MINUTES:
        raise InvalidInput("invalid_hold", f"hold_minutes is a whole number from 1 to {LONGEST_HOLD_MINUTES}")
    if work.promises.count_held_quotes(order.buyer_id, now) >= MOST_HELD:
        raise Conflict(
            "too_many_quotes", f"at most {MOST_HELD} quotes are held at once; use one, or release one"
        )
    asking = at_any_price(order)
    horizon = spot_horizon(order.terms, now + timedelta.resolution)
    market = SpotMarket(spot_snapshot(work, catalogue, [asking], horizon, now))
    place = market.place(asking.id, ids, now)
    if place is None:
        raise not_placed_now(market.free(), order)
    quote = HeldQuote(
        id=ids.new("quo", now),
        buyer_id=order.buyer_id,
        offering_id=place.offering_id,
        node_id=place.node_id,
        units=place.units,
        unit_tenths=place.unit_tenths,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        ask_micros_per_unit_hour=place.ask_micros_per_unit_hour,
        price_micros=place.price_micros,
        offering_version=place.offering_version,
        expires_at=_held_until(place, minutes, now),
    )
    work.promises.add_quote(quote)
    return quote


def _held_until(place: Allocation, minutes: int, now: datetime) -> datetime:
    """At the latest when the window begins: nobody pays for, and no provider answers for, hours before an order came."""
    return min(now + timedelta(minutes=minutes), place.starts_at)


def own_quote(work: Store, actor: Actor, quote_id: str) -> HeldQuote:
    """A held quote the actor may see; `NotFound` also for another buyer's."""
    quote = work.promises.quote(quote_id)
    if quote is None or (actor.role is not Role.OPERATOR and quote.buyer_id != actor.organisation_id):
        raise NotFound("not_found", f"no quote {quote_id}")
    return quote


def release_quote(work: Store, quote: HeldQuote, now: datetime) -> HeldQuote:
    """Give a held quote back before its time; `quote_expired` where it is not held any more."""
    _require_held(quote, now)
    return work.promises.end_quote(quote, HeldQuoteState.LAPSED)


def place_on_quote(
    work: Store, catalogue: Catalogue, order: Order, quote_id: str, ids: IdSource, now: datetime
) -> Allocation:
    """What a held quote grants an order of its buyer: exactly that place, window and price; `use_quote` when it is stored.

    `unknown_quote` for another buyer's; `quote_expired`, also where nothing can run there any more; `quote_mismatch`
    where the order is another one than was asked for.
    """
    quote = work.promises.quote(quote_id)
    if quote is None or quote.buyer_id != order.buyer_id:
        raise InvalidInput("unknown_quote", f"no quote {quote_id!r} of this buyer", quote_id=quote_id)
    _require_held(quote, now)
    offering = next(o for o in catalogue.offerings if o.id == quote.offering_id)
    drained = offering.drain_at is not None and offering.drain_at < quote.ends_at
    if drained or catalogue.node_by_id[quote.node_id].state is NodeState.DOWN:
        raise Conflict("quote_expired", f"nothing runs at {quote.node_id} then any more; ask for a new quote")
    row = catalogue.offerings.index(offering)
    rules = EligibilityRules(catalogue, np.array([o.units for o in catalogue.offerings], dtype=np.int64))
    found = rules.check(order.job, order.remaining_share)
    _require_match(order, quote, found, row)
    return _allocation(catalogue, order, quote, float(found.rtt_ms[row]), ids, now)


def use_quote(work: Store, quote_id: str, order: Order) -> None:
    """The quote has become an order's allocation."""
    quote = work.promises.quote(quote_id)
    if quote is None:
        raise Conflict("quote_expired", f"no quote {quote_id} is held any more")
    work.promises.end_quote(quote, HeldQuoteState.USED, order.id)


def _require_held(quote: HeldQuote, now: datetime) -> None:
    if quote.state is not HeldQuoteState.HELD or quote.expires_at <= now:
        raise Conflict(
            "quote_expired",
            f"quote {quote.id} is {quote.state.value}, it was held until {rfc3339(quote.expires_at)}: ask for a new one",
            expires_at=rfc3339(quote.expires_at),
        )


def _require_match(order: Order, quote: HeldQuote, found: Eligibility, row: int) -> None:
    """The job would run at exactly this place and window, and its buyer pays the price."""
    ruled_out = int(found.rule[row]) not in _ALLOWED_RULES
    terms, job = order.terms, order.job
    differs = {
        "units": (job.units, job.unit_tenths) != (quote.units, quote.unit_tenths),
        "job": ruled_out,
        "hours": int(found.slots[row]) != (quote.ends_at - quote.starts_at) // HOUR,
        "earliest_start": terms.earliest_start is not None and terms.earliest_start > quote.starts_at,
        "deadline": terms.deadline < quote.ends_at,
        "limit_price": order.remaining_limit_micros < quote.price_micros,
    }
    wrong: Sequence[str] = [field for field, is_wrong in differs.items() if is_wrong]
    if wrong:
        raise Conflict(
            "quote_mismatch",
            f"quote {quote.id} was made for another order: {', '.join(wrong)} differ",
            fields=list(wrong),
            price=format_cny(quote.price_micros),
        )


_ALLOWED_RULES = (0, 1 + RULED_OUT.index(ReasonCode.TOO_LARGE))
"""Rules of eligibility that leave a promise standing: none, and sizes, which may have been listed anew since."""


def _allocation(
    catalogue: Catalogue, order: Order, quote: HeldQuote, rtt_ms: float, ids: IdSource, now: datetime
) -> Allocation:
    offering = next(o for o in catalogue.offerings if o.id == quote.offering_id)
    node, device = catalogue.node_by_id[quote.node_id], catalogue.device_by_id[offering.device_id]
    region = catalogue.region_of(node.id)
    hours = (quote.ends_at - quote.starts_at) // HOUR
    prices = posted_prices(quote.ask_micros_per_unit_hour, hours, quote.units, quote.unit_tenths)
    watts = round(device.watts_per_unit * node.pue) * quote.units * quote.unit_tenths / WHOLE_UNIT
    kwh = watts * hours / 1000
    return Allocation(
        id=ids.new("alo", now),
        round_id=None,
        order_id=order.id,
        buyer_id=order.buyer_id,
        offering_id=offering.id,
        provider_id=offering.provider_id,
        node_id=node.id,
        units=quote.units,
        unit_tenths=quote.unit_tenths,
        starts_at=quote.starts_at,
        ends_at=quote.ends_at,
        ask_micros_per_unit_hour=quote.ask_micros_per_unit_hour,
        price_micros=prices.price_micros,
        charges_micros=prices.charges_micros,
        earnings_micros=prices.earnings_micros,
        offering_version=quote.offering_version,
        rtt_ms=rtt_ms,
        facility_kwh=kwh,
        carbon_kg_location=kwh * region.carbon_location_kg_per_kwh,
        carbon_kg_market=kwh * market_carbon_kg_per_kwh(region, node),
        state=AllocationState.GRANTED,
    )
