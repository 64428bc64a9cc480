"""What of an outcome can land, and the rows it becomes: bound before the transaction that writes them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from market.clearing.landing import RoundOutcome
from market.clearing.snapshot import Movable
from market.domain.events import EXCHANGE
from market.domain.ids import IdSource
from market.domain.ledger import Account, Transfer
from market.domain.orders import Order, TimeInForce
from market.domain.rounds import Allocation
from market.domain.states import IN_BOOK, Cause, OrderState
from market.persistence.bulk import ReadyRows
from market.persistence.event_log import EventLog
from market.persistence.staging import Stage
from market.persistence.store import Store
from market.rounds.steps import OpenedRound
from market.settlement.books import Books
from market.settlement.invariants import BrokenPromise


@dataclass(frozen=True, slots=True)
class Fit:
    """What of an outcome can land, as the market was seen at one moment."""

    outcome: RoundOutcome
    gone: frozenset[str]
    """Orders that were cleared and are left out."""
    still_open: frozenset[str]
    movable: Mapping[str, Movable]
    broken: Sequence[BrokenPromise]

    def missed(self, opened: OpenedRound) -> list[Order]:
        """Orders that wait for one round only, and have had it."""
        return [order for order in self._unplaced(opened) if _waits_for_one_round(order)]

    def waiting(self, opened: OpenedRound) -> list[Order]:
        """The orders that the round leaves in the book."""
        return [order for order in self._unplaced(opened) if not _waits_for_one_round(order)]

    def _unplaced(self, opened: OpenedRound) -> Iterator[Order]:
        """Those of the book: what was placed before, and could have been moved, stays where it is."""
        placed = {allocation.order_id for allocation in self.outcome.allocations}
        return (
            o
            for o in opened.snapshot.orders
            if o.state in IN_BOOK and o.id in self.still_open and o.id not in placed
        )


@dataclass(frozen=True, slots=True)
class LandingRows:
    """What a landing writes, bound to the database's types; each row about one order."""

    allocations: ReadyRows
    orders: ReadyRows
    transfers: ReadyRows
    events: ReadyRows
    moved_money: Sequence[Transfer]
    accounts: Sequence[Account]

    def laid_ready(self, on: Stage) -> "LandingRows":
        """The same rows, as near to where they are to be written as they can be without writing there."""
        return replace(
            self,
            allocations=on.lay_ready(self.allocations),
            orders=on.lay_ready(self.orders),
            transfers=on.lay_ready(self.transfers),
            events=on.lay_ready(self.events),
        )

    def without(self, order_ids: Collection[str]) -> "LandingRows":
        """The rows about all other orders."""
        if not order_ids:
            return self
        return LandingRows(
            self.allocations.without(order_ids),
            self.orders.without(order_ids),
            self.transfers.without(order_ids),
            self.events.without(order_ids),
            [transfer for transfer in self.moved_money if transfer.order_id not in order_ids],
            self.accounts,
        )


def bind_landing(market: Store, opened: OpenedRound, fit: Fit, ids: IdSource, now: datetime) -> LandingRows:
    """The rows of what can land: the books say what moves, and nothing is stored."""
    told = Store(market.session, EventLog(market.session, now))
    in_book = {order.id: order for order in opened.snapshot.orders}
    allocations, missed = fit.outcome.allocations, fit.missed(opened)
    granted = [
        (fit.movable[a.order_id].order if a.order_id in fit.movable else in_book[a.order_id], a)
        for a in allocations
        if not fit.broken
    ]
    entries = Books(told, ids, now).draw_up(granted, missed)
    rows = told.rounds.bind_allocations(allocations)
    _tell_steps(told, opened.round.id, granted, missed, now)
    return LandingRows(
        allocations=rows,
        orders=told.orders.bind_steps(entries.orders),
        transfers=told.ledger.bind(entries.transfers),
        events=told.events.hand_over(),
        moved_money=entries.transfers,
        accounts=entries.accounts,
    )


def _tell_steps(
    told: Store,
    round_id: str,
    granted: Sequence[tuple[Order, Allocation]],
    missed: Sequence[Order],
    now: datetime,
) -> None:
    """What the histories of orders in the book will say."""
    for state, cause in (
        (OrderState.OPEN, Cause.PLACED_IN_ROUND),
        (OrderState.INTERRUPTED, Cause.RE_MATCHED),
    ):
        placed = [order for order, _ in granted if order.state is state]
        told.orders.tell(placed, OrderState.ALLOCATED, now, cause, EXCHANGE, f"placed in {round_id}")
    told.orders.tell(
        missed, OrderState.EXPIRED, now, Cause.ROUND_MISSED, EXCHANGE, f"not placed in {round_id}"
    )


def _waits_for_one_round(order: Order) -> bool:
    return order.terms.time_in_force is TimeInForce.NEXT_ROUND
