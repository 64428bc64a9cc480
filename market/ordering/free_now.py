"""What is free now, for whoever takes some of it at once: the hours that are looked at, and why nothing may be found."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from market.clearing.changes import smallest_change
from market.clearing.free_market import FreeMarket
from market.clearing.request import MOST_SLOTS
from market.clearing.snapshot import Horizon, MarketSnapshot
from market.domain.catalogue import Catalogue
from market.domain.clock import HOUR, next_hour
from market.domain.errors import Conflict
from market.domain.money import format_cny
from market.domain.orders import Order, OrderTerms
from market.domain.rounds import Change, Reason
from market.persistence.store import Store

MOST_EXPLAINED = 10
"""Refusals of one batch that come with the price and the change that would help: these ask the market many times."""

MOST_REASONED = 100
"""Refusals of one batch that come with reasons, node by node: everybody else waits while they are looked up."""


def spot_horizon(terms: OrderTerms, now: datetime) -> Horizon:
    """The hours that are looked at for an order: those from the next full one on, or, where it starts beyond them, the
    stretch after them that its start lies in, and the next."""
    near = Horizon(next_hour(now), MOST_SLOTS)
    start = terms.earliest_start
    if start is None or start < near.ends_at:
        return near
    stretches = (start - near.starts_at) // (MOST_SLOTS * HOUR)
    return Horizon(near.slot_start(stretches * MOST_SLOTS), 2 * MOST_SLOTS)


def spot_snapshot(
    work: Store, catalogue: Catalogue, orders: Sequence[Order], horizon: Horizon, now: datetime
) -> MarketSnapshot:
    """Orders and what is free for them over some hours now, under the policy in force."""
    return MarketSnapshot(
        catalogue=catalogue,
        allocations=work.rounds.live_allocations(horizon.starts_at),
        orders=tuple(orders),
        policy=work.access.policy(),
        horizon=horizon,
        held_quotes=work.promises.held_quotes(now),
    )


def not_placed_now(market: FreeMarket, order: Order, refused_before: int = 0) -> Conflict:
    """Why nothing free takes an order. The first refusals of a batch say what would help, the next ones still why."""
    facts: dict[str, Any] = {}
    if refused_before < MOST_EXPLAINED:
        price, change = market.price_to_place(order), smallest_change(market, order)
        facts["price_to_place"] = None if price is None else format_cny(price)
        facts["smallest_change"] = None if change is None else _told_change(change)
    if refused_before < MOST_REASONED:
        facts["reasons"] = [_told(reason) for reason in market.reasons(order)]
    return Conflict(
        "not_placed_now",
        "nothing that is free now takes this order at its limit price; a quote says what there is",
        **facts,
    )


def _told(reason: Reason) -> dict[str, Any]:
    return {**reason.facts, "node": reason.node_id, "code": reason.code.value}


def _told_change(change: Change) -> dict[str, Any]:
    to = format_cny(change.to) if change.field == "limit_price" else change.to
    return {"field": change.field, "to": to, "by": change.by, "node_id": change.node_id}
