"""Orders at the door: checked one by one, each with an answer of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from market.domain.catalogue import Directory
from market.domain.errors import MarketError
from market.domain.ids import IdSource
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.states import ORDER_MOVES, OrderState, advance
from market.ordering.checks import check_order
from market.persistence.store import Store


@dataclass(frozen=True, slots=True)
class Submission:
    """One order as it arrives: whose, and what. A draft waits outside the book until it is submitted.

    With `quote_id` it is placed at once, at the price and place that the quote holds for it.
    """

    buyer_id: str
    terms: OrderTerms
    draft: bool = False
    quote_id: str | None = None

    @property
    def looks_for_place(self) -> bool:
        """Whether it looks at free capacity, or at a held quote, as it comes in; a draft finds none."""
        return self.terms.time_in_force is TimeInForce.IMMEDIATE or self.quote_id is not None


def accept_orders(
    work: Store,
    directory: Directory,
    submissions: Sequence[Submission | MarketError],
    ids: IdSource,
    now: datetime,
) -> list[Order | MarketError]:
    """Each order under its own id, or why it is refused; an open one comes with the hold it needs."""
    return [_accept(work, directory, one, ids, now) for one in submissions]


def _accept(
    work: Store, directory: Directory, submission: Submission | MarketError, ids: IdSource, now: datetime
) -> Order | MarketError:
    if isinstance(submission, MarketError):
        return submission
    try:
        check_order(work, directory, submission.buyer_id, submission.terms, now)
    except MarketError as refusal:
        return refusal
    id_, terms = ids.new("ord", now), submission.terms
    if submission.draft:
        return Order(id_, submission.buyer_id, terms, OrderState.DRAFT, now)
    held = terms.limit_price_micros
    return Order(id_, submission.buyer_id, terms, OrderState.OPEN, now, held_micros=held)


def open_draft(work: Store, directory: Directory, draft: Order, ids: IdSource, now: datetime) -> Order:
    """The draft as an open order at the end of the queue; refused like a new one where its terms hold no more."""
    state = advance(ORDER_MOVES, draft.state, OrderState.OPEN)
    check_order(work, directory, draft.buyer_id, draft.terms, now)
    return replace(draft, state=state, queue_key=ids.new("ord", now))


def remembered_answer(answer: Order | MarketError) -> Mapping[str, Any]:
    """What is kept of an answer under an idempotency key."""
    if isinstance(answer, MarketError):
        return {
            "kind": type(answer).__name__,
            "code": answer.code,
            "message": answer.message,
            "facts": answer.facts,
        }
    return {"order_id": answer.id}
