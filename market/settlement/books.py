"""The books: each step of an order's life as it moves money. The rules are written here, and nowhere else.

Every method returns the new order (and allocation), with sums and transfers stored in the session; states are for the
caller to move, or to have written along with the money (`note_step`). Orders and allocations must be stored before money
moves for them. What the caller read must be what is stored: `Conflict` `sums_changed` where somebody else was faster.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from market.domain.clock import HOUR
from market.domain.errors import Conflict, MarketError
from market.domain.ids import IdSource
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.domain.states import IN_BOOK, OrderState
from market.persistence.store import Store
from market.settlement import holds
from market.settlement.capture import Metered, capture
from market.settlement.metering import MeteredHour, used_hours, whole_hours
from market.settlement.postings import Entries, Postings
from market.settlement.refunds import credit, refund
from market.settlement.terms import TermsOfTrade
from market.settlement.vouchers import Vouchers

NOTICE = HOUR
"""Who cancels pays for what was booked until so long after."""


class Books:
    """Money of orders in one unit of work, at one moment."""

    def __init__(self, work: Store, ids: IdSource, now: datetime) -> None:
        self._now = now
        self._postings = Postings(work, ids, now)
        self._vouchers = Vouchers(self._postings)
        self._terms = TermsOfTrade(work)

    @contextmanager
    def together(self) -> Iterator[None]:
        """For many orders: what is done within is stored at the end, in a few statements."""
        with self._postings.together():
            yield

    def note_step(self, before: tuple[Order, Allocation], after: tuple[Order, Allocation]) -> None:
        """An order and its allocation take a step: their rows are written once, with the sums that change beside.

        `Conflict` `order_changed` or `allocation_changed` where their states are not those before any more.
        """
        with self.together():
            self._postings.note_order(before[0], after[0])
            self._postings.note_allocation(before[1], after[1])

    def draw_up(self, granted: Iterable[tuple[Order, Allocation]], expired: Iterable[Order]) -> Entries:
        """What grants and expiries come to, states included, for another unit of work to store: nothing is stored here."""
        with self._postings.unstored():
            for order, allocation in granted:
                self._grant(order, allocation, OrderState.ALLOCATED)
            for order in expired:
                holds.hold_exactly(self._postings, order, 0, to=OrderState.EXPIRED)
            return self._postings.take()

    def admit(self, answers: Sequence[Order | MarketError]) -> list[Order | MarketError]:
        """Before new orders are stored: each open one holds its limit price, or is `insufficient_funds` on its own."""
        return holds.admit(self._postings, answers)

    def accept(self, orders: Iterable[Order]) -> list[Order]:
        """Orders come into the book: each holds its limit price."""
        with self.together():
            return [holds.accept(self._postings, order) for order in orders]

    def accept_unasked(self, orders: Sequence[Order]) -> list[Order]:
        """The same of orders that were not admitted: the table of accounts refuses what is not covered (`enough_funds`)."""
        holds.ask_nobody(self._postings, orders)
        return self.accept(orders)

    def amend(self, order: Order, new_limit_micros: int) -> Order:
        """The hold of an order in the book follows its limit price; writing the terms is up to the caller."""
        if order.state not in IN_BOOK:
            return order
        with self.together():
            if order.state is OrderState.INTERRUPTED:
                return holds.hold_what_remains(self._postings, order, new_limit_micros)
            return holds.hold_exactly(self._postings, order, new_limit_micros)

    def release(self, order: Order) -> Order:
        """Everything that is held goes back: the order has ended."""
        with self.together():
            return holds.hold_exactly(self._postings, order, 0)

    def grant(self, order: Order, allocation: Allocation) -> Order:
        """The hold becomes the price: what is not needed is released at once."""
        with self.together():
            return self._grant(order, allocation)

    def settle(self, order: Order, allocation: Allocation) -> tuple[Order, Allocation]:
        """Capture the hours that are over by now."""
        with self.together():
            return self._capture(order, allocation, whole_hours(allocation, self._now))

    def finish(self, order: Order, allocation: Allocation, at: datetime) -> tuple[Order, Allocation]:
        """The job ended, or failed by itself: used time is paid, to the second, and the rest released."""
        with self.together():
            paid, settled = self._capture(order, allocation, used_hours(allocation, at))
            return holds.hold_exactly(self._postings, paid, 0, settled), settled

    def cancel(
        self, order: Order, allocation: Allocation | None, at: datetime
    ) -> tuple[Order, Allocation | None]:
        """Free while the order is in the book; else what was booked until one hour after `at` is paid."""
        if allocation is None:
            return self.release(order), None
        return self.finish(order, allocation, at + NOTICE)

    def interrupt(
        self,
        order: Order,
        allocation: Allocation,
        at: datetime,
        credited: bool,  # noqa: FBT001 - the fact itself, as the caller has it
    ) -> tuple[Order, Allocation]:
        """The provider broke off. Finished hours of an interruptible order are kept, any other work is refunded.

        The provider credits a share of the price if `credited`; what the buyer may still spend is held again.
        `Conflict` `allocation_over` where every hour had been finished by `at`: that is a completion.
        """
        with self.together():
            if order.terms.interruptible:
                order, allocation = self._capture(order, allocation, whole_hours(allocation, at))
                order = self._postings.note_order(order, _with_less_to_do(order, allocation))
            else:
                order, allocation = refund(self._postings, self._vouchers, order, allocation)
            if credited:
                credit(self._postings, order, allocation, self._terms.grade(allocation))
            limit = order.terms.limit_price_micros
            return holds.hold_what_remains(self._postings, order, limit, allocation), allocation

    def _grant(self, order: Order, allocation: Allocation, to: OrderState | None = None) -> Order:
        if allocation.price_micros > order.terms.limit_price_micros - order.paid_micros:
            raise Conflict("above_limit", f"{allocation.id} costs more than {order.id} may still pay")
        return holds.hold_exactly(self._postings, order, allocation.price_micros, allocation, to)

    def _capture(
        self, order: Order, allocation: Allocation, hours: Iterable[MeteredHour]
    ) -> tuple[Order, Allocation]:
        metered = Metered(order, allocation)
        for hour in hours:
            fee_rate = self._terms.fee_rate(order, allocation)
            metered = capture(self._postings, self._vouchers, metered, hour, fee_rate)
        self._postings.note_order(order, metered.order)
        self._postings.note_allocation(allocation, metered.allocation)
        return metered.order, metered.allocation


def _with_less_to_do(order: Order, allocation: Allocation) -> Order:
    hours = len(allocation.charges_micros)
    left = hours - allocation.settled_hours
    if hours and not left:
        raise Conflict("allocation_over", f"{allocation.id} ran to its end: it is complete, not interrupted")
    return replace(order, remaining_share=order.remaining_share * left / max(hours, 1))
