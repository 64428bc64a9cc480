"""Immediate orders: placed as they come in, at posted prices, in what is free now, or not at all.

What is free is what quotes are made of: listed, less what is allocated and what is promised, under the same power,
maintenance and drains, built by the same builder as a round. Capacity is taken one order at a time, in the sequence in
which orders came, so that a batch cannot be sold more than there is. An order on a held quote takes what that holds.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from market.clearing.snapshot import Horizon
from market.clearing.spot_market import SpotMarket
from market.domain.catalogue import Catalogue
from market.domain.errors import Conflict, InvalidInput, MarketError, Unavailable
from market.domain.ids import IdSource
from market.domain.orders import Order, TimeInForce
from market.domain.rounds import Allocation
from market.domain.states import IN_BOOK, Cause, OrderState
from market.ordering.free_now import not_placed_now, spot_horizon, spot_snapshot
from market.ordering.promises import place_on_quote, use_quote
from market.ordering.submission import Submission
from market.persistence.store import Store
from market.settlement.books import Books
from market.settlement.invariants import OF_THE_LISTING, check_outcome

_logger = logging.getLogger(__name__)
MOST_AT_ONCE = 1000
"""Immediate orders of one batch: everybody else who takes capacity waits for them."""


def wants_place_at_once(order: Order) -> bool:
    """Whether an order that comes into the book is placed at once, or not at all."""
    return order.state in IN_BOOK and order.terms.time_in_force is TimeInForce.IMMEDIATE


class PlacingAtOnce:
    """Places immediate orders in one unit of work: finds places first, and grants them once orders are stored."""

    def __init__(self, work: Store, catalogue: Catalogue, ids: IdSource, now: datetime) -> None:
        """The unit of work has asked to hold capacity (`work.promises.hold_capacity`) before anything else."""
        self._work, self._catalogue, self._ids, self._now = work, catalogue, ids, now
        self._markets: dict[datetime, SpotMarket] = {}
        self._found: dict[str, Allocation] = {}
        self._quote_of: dict[str, str] = {}
        self._refused = 0

    def find(
        self, answers: Sequence[Order | MarketError], submissions: Sequence[Submission | MarketError]
    ) -> list[Order | MarketError]:
        """Set a place aside for each immediate order; where there is none, why, instead of the order."""
        found = [
            self._on_quote(answer, asked.quote_id)
            if isinstance(answer, Order) and isinstance(asked, Submission) and asked.quote_id is not None
            else answer
            for answer, asked in zip(answers, submissions, strict=True)
        ]
        waiting = [a for a in found if isinstance(a, Order) and wants_place_at_once(a)]
        waiting = [order for order in waiting if order.id not in self._found]
        self._build_markets(waiting[:MOST_AT_ONCE])
        instead = {order.id: self._in_what_is_free(order) for order in waiting[:MOST_AT_ONCE]}
        instead |= {order.id: _too_many() for order in waiting[MOST_AT_ONCE:]}
        return [instead.get(a.id, a) if isinstance(a, Order) else a for a in found]

    def grant(self, answers: Sequence[Order | MarketError], actor: str) -> list[Order | MarketError]:
        """Store what was found for the orders among the answers, which are stored as open and hold their limits."""
        pairs = [(a, self._found[a.id]) for a in answers if isinstance(a, Order) and a.id in self._found]
        for promised in (False, True):
            some = [pair for pair in pairs if (pair[0].id in self._quote_of) is promised]
            require_promises(self._work, self._catalogue, some, promised=promised)
        granted = grant(self._work, pairs, self._ids, self._now, actor)
        for order in granted:
            if order.id in self._quote_of:
                use_quote(self._work, self._quote_of[order.id], order)
        after = {order.id: order for order in granted}
        return [after.get(a.id, a) if isinstance(a, Order) else a for a in answers]

    def _on_quote(self, order: Order, quote_id: str) -> Order | MarketError:
        if order.state is not OrderState.OPEN:
            return InvalidInput(
                "quote_for_draft", "an order on a held quote is placed at once: it is no draft"
            )
        if quote_id in self._quote_of.values():
            return Conflict("quote_expired", f"quote {quote_id} was used by an order before this one")
        try:
            place = place_on_quote(self._work, self._catalogue, order, quote_id, self._ids, self._now)
        except MarketError as refusal:
            return refusal
        self._found[order.id], self._quote_of[order.id] = place, quote_id
        return replace(order, terms=replace(order.terms, time_in_force=TimeInForce.IMMEDIATE))

    def _build_markets(self, orders: Sequence[Order]) -> None:
        """One market for each stretch of time: supply is built once for all orders that look at it."""
        looking: dict[Horizon, list[Order]] = {}
        for order in orders:
            looking.setdefault(spot_horizon(order.terms, self._now), []).append(order)
        for horizon, some in looking.items():
            snapshot = spot_snapshot(self._work, self._catalogue, some, horizon, self._now)
            self._markets[horizon.starts_at] = SpotMarket(snapshot)

    def _in_what_is_free(self, order: Order) -> Order | MarketError:
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
    require_promises(work, catalogue, [(order, allocation)], promised=False)
    (granted,) = grant(work, [(order, allocation)], ids, now, actor)
    return granted, allocation


def require_promises(
    work: Store, catalogue: Catalogue, pairs: Sequence[tuple[Order, Allocation]], *, promised: bool
) -> None:
    """`Unavailable` `outcome_refused` where what is about to be granted breaks a promise: then nothing is stored.

    The same check as a round's, by code that built none of it. What a quote `promised` stands on the listing as it was then,
    which may have changed since; the rest holds for it as well.
    """
    if not pairs:
        return
    granted = [allocation for _, allocation in pairs]
    running = work.rounds.live_allocations(min(allocation.starts_at for allocation in granted))
    broken = check_outcome(catalogue, {order.id: order for order, _ in pairs}, granted, running)
    found = [one for one in broken if not (promised and one.code in OF_THE_LISTING)]
    if found:
        _logger.error("an immediate order would break what the market promises: %s", found)
        raise Unavailable(
            "outcome_refused",
            f"the last check refused what would be granted ({found[0].code}): nothing was stored; tell the operator",
            violation=found[0].code.value,
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
