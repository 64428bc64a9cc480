"""From the bodies of orders to the market and back: what one order and ten thousand have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request

from api.dependencies import Desk
from api.errors import MalformedLine
from api.schemas.orders import OrderRequest
from api.wire.headers import mark_replayed
from market.domain.errors import Conflict, InvalidInput, MarketError, NotFound, NotPermitted
from market.domain.orders import Order
from market.domain.parties import Actor, Role
from market.exchange import AnsweredBefore, Once, Submission

REFUSALS: Mapping[str, type[MarketError]] = {
    kind.__name__: kind for kind in (InvalidInput, NotPermitted, Conflict, MalformedLine)
}
Answer = Order | MarketError


def submission_of(actor: Actor, body: OrderRequest) -> Submission:
    """The order as the market takes it: whose it is, and what it asks for."""
    buyer_id = actor.organisation_or(body.buyer_id, Role.BUYER)
    return Submission(buyer_id, body.terms(), body.draft, body.quote_id)


def submit(
    desk: Desk,
    actor: Actor,
    submissions: Sequence[Submission | MarketError],
    once: Once | None,
    request: Request,
) -> Sequence[Answer]:
    """Orders or refusals, in the same sequence; those given before, where the idempotency key was used before."""
    try:
        return desk.exchange.submit_orders(actor, submissions, once)
    except AnsweredBefore as before:
        mark_replayed(request)
        return _remembered(desk, actor.rereading(), before.answer["orders"])


def _remembered(desk: Desk, actor: Actor, entries: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """The answers given the first time, with the orders as they are now."""
    orders = desk.enquiries.orders_named(actor, [e["order_id"] for e in entries if "order_id" in e])
    answers: list[Answer] = []
    for entry in entries:
        if "order_id" not in entry:
            answers.append(REFUSALS[entry["kind"]](entry["code"], entry["message"], **entry["facts"]))
        elif entry["order_id"] in orders:
            answers.append(orders[entry["order_id"]])
        else:
            answers.append(NotFound("not_found", f"no order {entry['order_id']}"))
    return answers
