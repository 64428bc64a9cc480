"""The spot market: orders that are placed at once, at posted prices, in what is free now.

What is free is what quotes are made of: listed, less what is allocated and what is promised, under the same power,
maintenance and drains, built and judged by the same functions as a round. Capacity is taken one order at a time, in
the sequence in which orders came, so that a batch cannot be sold more than there is.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from market.clearing.changes import smallest_change
from market.clearing.free_market import FreeMarket
from market.clearing.request import MOST_SLOTS
from market.clearing.snapshot import Horizon, MarketSnapshot
from market.clearing.spot_market import SpotMarket
from market.domain.catalogue import Catalogue
from market.domain.clock import HOUR, next_hour
from market.domain.errors import Conflict, MarketError
from market.domain.ids import IdSource
from market.domain.money import format_cny
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.rounds import Allocation, Change, Reason
from market.domain.states import IN_BOOK, Cause, OrderState
from market.persistence.store import Store
from market.settlement.books import Books

MOST_AT_ONCE = 1000
"""Immediate orders of one batch: everybody else who takes capacity waits for them."""

MOST_EXPLAINED = 10
"""Refusals of one batch that come with the price and the change that would help: these ask the market many times."""

MOST_REASONED = 100
"""Refusals of one batch that come with reasons, node by node: everybody else waits while they are looked up."""


def wants_place_at_once(order: Order) -> bool:
    """Whether an order that comes into the book is placed at once, or not at all."""
    return order.state in IN_BOOK and order.terms.time_in_force is TimeInForce.IMMEDIATE


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


class PlacingAtOnce:
    """Places immediate orders in one unit of work: finds places first, and grants them once orders are stored."""

    def __init__(self, work: Store, catalogue: Catalogue, ids: IdSource, now: datetime) -> None:
        """The unit of work has asked to hold capacity (`work.promises.hold_capacity`) before anything else."""
        self._work, self._catalogue, self._ids, self._now = work, catalogue, ids, now
        self._markets: dict[datetime, SpotMarket] = {}
        self._found: dict[str, Allocation] = {}
        self._refused = 0

    def find(self, answers: Sequence[Order | MarketError]) -> list[Order | MarketError]:
        """Set a place aside for each immediate order; where there is none, `not_placed_now` instead of the order."""
        orders = [a for a in answers if isinstance(a, Order) and wants_place_at_once(a)]
        self._build_markets(orders[:MOST_AT_ONCE])
        instead = {order.id: self._find(order) for order in orders[:MOST_AT_ONCE]}
        instead |= {order.id: _too_many() for order in orders[MOST_AT_ONCE:]}
        return [instead.get(a.id, a) if isinstance(a, Order) else a for a in answers]

    def grant(self, answers: Sequence[Order | MarketError], actor: str) -> list[Order | MarketError]:
        """Store what was found for the orders among the answers, which are stored as open and hold their limits."""
        pairs = [(a, self._found[a.id]) for a in answers if isinstance(a, Order) and a.id in self._found]
        granted = grant(self._work, pairs, self._ids, self._now, actor)
        after = {order.id: order for order in granted}
        return [after.get(a.id, a) if isinstance(a, Order) else a for a in answers]

    def _build_markets(self, orders: Sequence[Order]) -> None:
        """One market for each stretch of time: supply is built once for all orders that look at it."""
        looking: dict[Horizon, list[Order]] = {}
        for order in orders:
            looking.setdefault(spot_horizon(order.terms, self._now), []).append(order)
        for horizon, some in looking.items():
            snapshot = spot_snapshot(self._work, self._catalogue, some, horizon, self._now)
            self._markets[horizon.starts_at] = SpotMarket(snapshot)

    def _find(self, order: Order) -> Order | MarketError:
        market = self._markets[spot_horizon(order.terms, self._now).starts_at]
        allocation = market.place(order.id, self._ids, self._now)
        if allocation is None:
            self._refused += 1
            return not_placed_now(market.free(), order, refused_before=self._refused - 1)
        self._found[order.id] = allocation
        for other in self._markets.values():
            other.take(allocation)
        return order


def place_at_once(
    work: Store, catalogue: Catalogue, order: Order, ids: IdSource, now: datetime, actor: str
) -> tuple[Order, Allocation]:
    """Place one order that is stored in the book and holds its limit price; `Conflict` `not_placed_now` where none
    takes it. The unit of work holds capacity (`work.promises.hold_capacity`) since before it locked what is in the book.
    """
    horizon = spot_horizon(order.terms, now)
    market = SpotMarket(spot_snapshot(work, catalogue, [order], horizon, now))
    allocation = market.place(order.id, ids, now)
    if allocation is None:
        raise not_placed_now(market.free(), order)
    (granted,) = grant(work, [(order, allocation)], ids, now, actor)
    return granted, allocation


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


def grant(
    work: Store, pairs: Sequence[tuple[Order, Allocation]], ids: IdSource, now: datetime, actor: str
) -> list[Order]:
    """Store allocations of orders that are in the book: these become allocated, their holds the prices."""
    if not pairs:
        return []
    work.rounds.add_allocations([allocation for _, allocation in pairs])
    books = Books(work, ids, now)
    with books.together():
        paid = [books.grant(order, allocation) for order, allocation in pairs]
    work.orders.move(paid, OrderState.ALLOCATED, now, Cause.PLACED_AT_ONCE, actor, "placed at once")
    return [replace(order, state=OrderState.ALLOCATED) for order in paid]


def _too_many() -> Conflict:
    return Conflict(
        "too_many_at_once",
        f"a batch places at most {MOST_AT_ONCE} orders at once; send the others in a batch of their own",
    )


def _told(reason: Reason) -> dict[str, Any]:
    return {"node_id": reason.node_id, "code": reason.code.value, "facts": dict(reason.facts)}


def _told_change(change: Change) -> dict[str, Any]:
    to = format_cny(change.to) if change.field == "limit_price" else change.to
    return {"field": change.field, "to": to, "by": change.by, "node_id": change.node_id}
