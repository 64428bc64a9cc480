"""Orders, their history and why they were not placed."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, String, any_, bindparam, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from market.domain.errors import Conflict
from market.domain.events import Event
from market.domain.orders import Order
from market.domain.rounds import Explanation
from market.domain.states import IN_BOOK, ORDER_MOVES, Cause, OrderState, RoundState, advance
from market.persistence import mapping
from market.persistence.bulk import BoundRows, bind_inserts, bind_updates, insert_rows
from market.persistence.event_log import EventLog
from market.persistence.filters import NO_FILTERS, Filters, conditions
from market.persistence.models import BuyerRow, ExplanationRow, OrderRow, RoundRow
from market.persistence.paging import Page, PageRequest, read_plain_page

_ORDERS = select(OrderRow.__table__)
_FILTERED = {
    "buyer_id": OrderRow.buyer_id,
    "state": OrderRow.state,
    "submitted_at": OrderRow.submitted_at,
    "compute_class": OrderRow.job["compute_class"].as_string(),
}
_ONE = _ORDERS.where(OrderRow.id == bindparam("id"))
_STEP = ("state", "held_micros", "paid_micros", "remaining_share")
"""What changes where an order takes a step that moves money."""


class OrderStore:
    """Reads and writes orders in one session."""

    def __init__(self, session: Session, events: EventLog) -> None:
        self._session = session
        self._events = events
        self._buyers: dict[str, bool] = {}

    def add(self, orders: Sequence[Order], actor: str) -> None:
        """Insert new orders, open or drafts, with the first entry of their history."""
        if not orders:
            return
        insert_rows(self._session, OrderRow, [mapping.order_columns(order) for order in orders])
        for state, cause in ((OrderState.OPEN, Cause.SUBMITTED), (OrderState.DRAFT, Cause.DRAFTED)):
            new = [order for order in orders if order.state is state]
            self._record(new, state, orders[0].submitted_at, cause, actor, cause.value)

    def get(self, order_id: str) -> Order | None:
        """One order."""
        row = self._session.connection().execute(_ONE, {"id": order_id}).first()
        return None if row is None else mapping.read_order(row)

    def named(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Those of the given orders that there are, by id."""
        found: dict[str, Order] = {}
        for start in range(0, len(order_ids), 500):
            query = select(OrderRow).where(OrderRow.id.in_(order_ids[start : start + 500]))
            found |= {row.id: mapping.read_order(row) for row in self._session.scalars(query)}
        return found

    def held(self, order_ids: Iterable[str]) -> dict[str, Order]:
        """The given orders by id, none of which changes elsewhere before the end of this unit of work."""
        wanted = sorted(set(order_ids))
        found: dict[str, Order] = {}
        for start in range(0, len(wanted), 500):  # always in one sequence: no deadlock
            query = _ORDERS.where(OrderRow.id.in_(wanted[start : start + 500])).order_by(OrderRow.id)
            rows = self._session.connection().execute(query.with_for_update(key_share=True))
            found |= {row.id: mapping.read_order(row) for row in rows}
        return found

    def past_deadline(self, now: datetime) -> tuple[str, ...]:
        """Ids of drafts and orders in the book whose deadline has passed, in queue order."""
        waiting = [OrderState.DRAFT, *IN_BOOK]
        query = select(OrderRow.id).where(OrderRow.state.in_(waiting), OrderRow.deadline <= now)
        return tuple(self._session.scalars(query.order_by(OrderRow.queue_key)))

    def open_orders(self) -> tuple[Order, ...]:
        """The book in queue order: open orders, and interrupted ones that wait to be matched again."""
        query = _ORDERS.where(OrderRow.state.in_(IN_BOOK)).order_by(OrderRow.queue_key)
        return tuple(mapping.read_order(row) for row in self._session.connection().execute(query))

    def hold_book(self, and_also: Iterable[str] = ()) -> None:
        """Nobody else changes an order in the book, or one of those named, before the end of this unit of work.

        SQLite has one writer anyway.
        """
        if self._session.get_bind().dialect.name == "postgresql":
            named = OrderRow.id == any_(literal(sorted(and_also), ARRAY(String)))
            query = select(OrderRow.id).where(or_(OrderRow.state.in_(IN_BOOK), named))
            query = query.order_by(OrderRow.id)  # as `held` locks them, and all of them at once: no deadlock
            self._session.execute(query.with_for_update(key_share=True)).all()

    def bind_steps(self, changes: Sequence[tuple[Order, Order]]) -> BoundRows:
        """(before, after) of orders that take a step, with the money it moves: to be written over just that, later."""
        for current, to in {(before.state, after.state) for before, after in changes}:
            if current is not to:
                advance(ORDER_MOVES, current, to)
        rows = [(_step_columns(before), _step_columns(after)) for before, after in changes]
        return bind_updates(self._session, OrderRow, _STEP, rows)

    def tell(
        self, orders: Iterable[Order], to: OrderState, at: datetime, cause: Cause, actor: str, reason: str
    ) -> None:
        """Note in the orders' histories what is written otherwise."""
        self._record(orders, to, at, cause, actor, reason)

    def move(
        self,
        orders: Sequence[Order],
        to: OrderState,
        at: datetime,
        cause: Cause,
        actor: str,
        reason: str,
    ) -> None:
        """Advance orders; `Conflict` where a move is not legal, or one has moved on meanwhile."""
        for current in {order.state for order in orders}:
            advance(ORDER_MOVES, current, to)
            self._move_rows([order.id for order in orders if order.state is current], current, to)
        self._record(orders, to, at, cause, actor, reason)

    def write(self, order: Order, at: datetime, cause: Cause, actor: str, reason: str) -> None:
        """Write an order's fields over what is stored, its state staying; `Conflict` if that has moved on."""
        columns = mapping.order_columns(order)
        statement = update(OrderRow).where(OrderRow.id == order.id, OrderRow.state == order.state)
        written = self._session.execute(statement.values(**columns))
        if written.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("order_changed", "an order changed state meanwhile; read it again")
        self._record([order], order.state, at, cause, actor, reason)

    def requeue(self, order: Order) -> None:
        """Write an order's place in the queue."""
        statement = update(OrderRow).where(OrderRow.id == order.id)
        self._session.execute(statement.values(queue_key=order.queue_key))

    def page(self, request: PageRequest, filters: Filters = NO_FILTERS) -> Page[Order]:
        """Orders, paged, filtered by buyer_id, state, submitted_at or compute_class."""
        query = _ORDERS.where(*conditions(_FILTERED, filters))
        return read_plain_page(self._session, query, OrderRow.id, mapping.read_order, request)

    def counts(self, filters: Filters = NO_FILTERS) -> dict[OrderState, int]:
        """How many orders are in which state, filtered as `page` is; by buyer or of all, an index answers alone."""
        query = select(OrderRow.state, func.count()).where(*conditions(_FILTERED, filters))
        rows = self._session.connection().execute(query.group_by(OrderRow.state))
        return {OrderState(state): count for state, count in rows}

    def history(self, order_id: str) -> tuple[Event, ...]:
        """Every step of one order's life, oldest first."""
        return self._events.history("order", order_id)

    def note_buyers(self, asked: Iterable[str], found: Collection[str]) -> None:
        """Which of some ids are buyers', as somebody else found: `buyer_exists` asks for them no more."""
        self._buyers |= {id_: id_ in found for id_ in asked}

    def buyer_exists(self, buyer_id: str) -> bool:
        """Whether a buyer is registered; asked once in a unit of work."""
        if buyer_id not in self._buyers:
            found = self._session.scalar(select(BuyerRow.id).where(BuyerRow.id == buyer_id))
            self._buyers[buyer_id] = found is not None
        return self._buyers[buyer_id]

    def bind_explanations(self, explanations: Sequence[Explanation]) -> BoundRows:
        """Why a round leaves orders unplaced, to be inserted; nobody sees it before the round has landed."""
        rows = mapping.explanation_columns(explanations)
        return bind_inserts(self._session, ExplanationRow, rows, [e.order_id for e in explanations])

    def drop_explanations(self, round_id: str, order_ids: Collection[str]) -> None:
        """Take back what was inserted of orders that are not there any more."""
        gone = sorted(order_ids)
        for start in range(0, len(gone), 500):
            some = ExplanationRow.order_id.in_(gone[start : start + 500])
            self._session.execute(delete(ExplanationRow).where(ExplanationRow.round_id == round_id, some))

    def explanation(self, order_id: str) -> Explanation | None:
        """The newest explanation of one order."""
        query = (
            select(ExplanationRow)
            .join(RoundRow, RoundRow.id == ExplanationRow.round_id)
            .where(ExplanationRow.order_id == order_id, RoundRow.state == RoundState.LANDED)
            .order_by(ExplanationRow.round_id.desc())
            .limit(1)
        )
        row = self._session.scalar(query)
        return None if row is None else mapping.read_explanation(row)

    def _move_rows(self, ids: Sequence[str], current: OrderState, to: OrderState) -> None:
        for start in range(0, len(ids), 500):
            chunk = ids[start : start + 500]
            statement = (
                update(OrderRow).where(OrderRow.id.in_(chunk), OrderRow.state == current).values(state=to)
            )
            moved = self._session.execute(statement, execution_options={"synchronize_session": False})
            if moved.rowcount != len(chunk):  # type: ignore[attr-defined]
                raise Conflict("order_changed", "an order changed state meanwhile; read it again")

    def _record(
        self,
        orders: Iterable[Order],
        state: OrderState,
        at: datetime,
        cause: Cause,
        actor: str,
        reason: str,
    ) -> None:
        told = {"state": state.value, "cause": cause.value, "reason": reason}
        whose = [(order.id, order.buyer_id) for order in orders]
        self._events.record_of_each("order", cause.value, whose, told, at=at, actor=actor)


def _step_columns(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "state": str(order.state),
        "held_micros": order.held_micros,
        "paid_micros": order.paid_micros,
        "remaining_share": order.remaining_share,
    }


def same_work(before: Order, now: Order) -> bool:
    """Whether it is still the same work on the same terms and money, amended or interrupted again as it may have been."""
    return all(
        getattr(before, name) == getattr(now, name)
        for name in ("state", "terms", "remaining_share", "held_micros", "paid_micros")
    )
