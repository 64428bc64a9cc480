"""Orders at the door: checked one by one, each with an answer of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from market.checks import check_order
from market.domain.catalogue import Catalogue
from market.domain.errors import MarketError
from market.domain.ids import IdSource
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.states import ORDER_MOVES, OrderState, advance
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
    def at_once(self) -> bool:
        """Whether it takes free capacity as it comes in."""
        immediate = self.terms.time_in_force is TimeInForce.IMMEDIATE or self.quote_id is not None
        return immediate and not self.draft


def accept_order(
    work: Store, catalogue: Catalogue, submission: Submission | MarketError, ids: IdSource, now: datetime
) -> Order | MarketError:
    """The order under its own id, or why it is refused."""
    if isinstance(submission, MarketError):
        return submission
    try:
        check_order(work, catalogue, submission.buyer_id, submission.terms, now)
    except MarketError as refusal:
        return refusal
    state = OrderState.DRAFT if submission.draft else OrderState.OPEN
    return Order(ids.new("ord", now), submission.buyer_id, submission.terms, state, now)


def open_draft(work: Store, catalogue: Catalogue, draft: Order, ids: IdSource, now: datetime) -> Order:
    """The draft as an open order at the end of the queue; refused like a new one where its terms hold no more."""
    state = advance(ORDER_MOVES, draft.state, OrderState.OPEN)
    check_order(work, catalogue, draft.buyer_id, draft.terms, now)
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
