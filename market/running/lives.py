"""Steps in the life of what was granted: order, allocation and money move together, or not at all.

However many steps a life takes within `together`, its rows are written once, at the end. Each step works inside a unit of
work that holds the order (`work.orders.held`). Times in history are those at which the exchange took note; `started_at` and
`ended_at` of an allocation say when it took effect.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from market.domain.events import EXCHANGE
from market.domain.ids import IdSource
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.domain.states import (
    ALLOCATION_MOVES,
    ORDER_MOVES,
    AllocationState,
    Cause,
    OrderState,
    advance,
)
from market.persistence.store import Store
from market.settlement.books import Books


@dataclass(frozen=True, slots=True)
class Running:
    """An order and its live allocation."""

    order: Order
    allocation: Allocation


class Lives:
    """Takes lives forward at one moment, in one unit of work, on behalf of one actor."""

    def __init__(self, work: Store, ids: IdSource, now: datetime, actor: str = EXCHANGE) -> None:
        self.now = now
        self._work = work
        self._books = Books(work, ids, now)
        self._actor = actor

    @contextmanager
    def together(self) -> Iterator[None]:
        """For many lives, or many steps: what they come to is stored at the end, in a few statements."""
        with self._books.together():
            yield

    def start(self, running: Running, at: datetime, *, beats: bool = False) -> Running:
        """It runs from `at` on; `beats`: its provider said so, and will say so again."""
        states, reason = (OrderState.ACTIVE, AllocationState.ACTIVE), f"runs as {running.allocation.id}"
        beat = at if beats else None
        return self._step(running, states, Cause.STARTED, reason, started_at=at, heartbeat_at=beat)

    def settle(self, running: Running) -> Running:
        """Capture the hours that are over."""
        return Running(*self._books.settle(running.order, running.allocation))

    def complete(self, running: Running, at: datetime, reason: str) -> Running:
        """It ended well at `at`: used time is paid, the rest is released."""
        states = OrderState.COMPLETED, AllocationState.COMPLETED
        with self.together():
            paid = Running(*self._books.finish(running.order, running.allocation, at))
            return self._step(paid, states, Cause.COMPLETED, reason, ended_at=at)

    def fail(self, running: Running, at: datetime, reason: str) -> Running:
        """The job itself failed at `at`: used time is paid, the rest is released."""
        states = OrderState.FAILED, AllocationState.FAILED
        with self.together():
            paid = Running(*self._books.finish(running.order, running.allocation, _ran_until(running, at)))
            return self._step(paid, states, Cause.JOB_FAILED, reason, ended_at=at)

    def interrupt(self, running: Running, at: datetime, cause: Cause, reason: str) -> Running:
        """What it ran on is gone at `at`: the order waits in the book to be matched again.

        A drain comes with notice and credits nothing; anything else is credited by the offering's grade.
        """
        until, credited = _ran_until(running, at), cause is not Cause.DRAINED
        states = OrderState.INTERRUPTED, AllocationState.INTERRUPTED
        with self.together():
            paid = Running(
                *self._books.interrupt(running.order, running.allocation, until, credited=credited)
            )
            return self._step(paid, states, cause, reason, ended_at=at)

    def give_up(self, allocation: Allocation) -> None:
        """It will run elsewhere: what was granted here is free again."""
        self._work.rounds.move_allocation(allocation, AllocationState.MOVED, ended_at=self.now)

    def note_move(self, to: Allocation) -> None:
        """The order stays allocated, to another place; its history says so."""
        order = self._work.orders.held([to.order_id])[to.order_id]
        reason = f"moved to {to.node_id} by {to.round_id}"
        self._work.orders.write(order, self.now, Cause.MOVED, self._actor, reason)

    def expire(self, orders: Sequence[Order], cause: Cause, reason: str) -> None:
        """Take orders out of the book; what was held for them goes back."""
        with self._books.together():
            for order in orders:
                self._books.release(order)
        self._work.orders.move(orders, OrderState.EXPIRED, self.now, cause, self._actor, reason)

    def _step(
        self,
        running: Running,
        states: tuple[OrderState, AllocationState],
        cause: Cause,
        reason: str,
        **times: Any,
    ) -> Running:
        """Both in their next state, told in their histories; stored with the money of the step."""
        order, allocation = running.order, running.allocation
        order_state, allocation_state = states
        advance(ORDER_MOVES, order.state, order_state)
        self._work.orders.tell([order], order_state, self.now, cause, self._actor, reason)
        advance(ALLOCATION_MOVES, allocation.state, allocation_state)
        self._work.rounds.tell(allocation, allocation_state)
        after = Running(
            replace(order, state=order_state), replace(allocation, state=allocation_state, **times)
        )
        self._books.note_step((order, allocation), (after.order, after.allocation))
        return after


def _ran_until(running: Running, at: datetime) -> datetime:
    """Nothing is paid for a window in which nothing was started."""
    started = running.allocation.started_at is not None
    return at if started else min(at, running.allocation.starts_at)


def held_running(work: Store, order_ids: Sequence[str]) -> list[Running]:
    """Orders and their live allocations, which nobody else changes before the end of this unit of work."""
    orders = work.orders.held(order_ids)
    live = work.rounds.live_allocations_of(order_ids)
    return [Running(orders[id_], live[id_]) for id_ in order_ids if id_ in live]
