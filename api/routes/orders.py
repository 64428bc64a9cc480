"""Orders: submitted, read, cancelled, explained; one by one or many at once."""

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import to_json

from api.dependencies import AtDesk, CurrentActor, OnceOnly, page_of, possible_id
from api.intake.submitting import submission_of, submit
from api.openapi import problems
from api.schemas.amendments import OrderChanges
from api.schemas.explanations import OrderExplanationAnswer
from api.schemas.fields import PageAnswer
from api.schemas.orders import (
    OrderAnswer,
    OrderCountsAnswer,
    OrderCountsQuery,
    OrderDetail,
    OrderRequest,
    OrdersQuery,
    order_fields,
    story_fields,
)
from api.wire.etags import IfUnchanged, tag_of_json
from api.wire.headers import mark_replayed
from api.wire.json_answer import JsonAnswer
from api.wire.json_body import JsonRoute
from market.domain.errors import MarketError
from market.domain.parties import Role
from market.domain.scopes import Scope
from market.exchange import AnsweredBefore

from typing import Annotated  # isort: skip

router = APIRouter(prefix="/v1/orders", tags=["orders"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    response_model=OrderAnswer,
    operation_id="submit_order",
    summary="Submit an order",
    responses=problems(400, 401, 403, 409, 413, 415, 422),
)
def submit_order(
    body: OrderRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
) -> Response:
    """Put one order in the book, where it waits for a round. An immediate one, or one on a held quote, is placed at once
    or refused; a draft waits outside the book.
    """
    actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.ORDERS)
    (answer,) = submit(desk, actor, [submission_of(actor, body)], once, request)
    if isinstance(answer, MarketError):
        raise answer
    return JsonAnswer(order_fields(answer), 201, {"Location": f"/v1/orders/{answer.id}"})


@router.get(
    "",
    operation_id="list_orders",
    summary="List orders",
    response_model=PageAnswer[OrderAnswer],
    responses=problems(401, 403, 422),
)
def list_orders(desk: AtDesk, actor: CurrentActor, query: Annotated[OrdersQuery, Query()]) -> Response:
    """One's own orders; all of them for the operator."""
    request = page_of(query, newest_first=query.sort.startswith("-"))
    page = desk.enquiries.orders(actor, request, query.filters())
    return JsonAnswer({"items": list(map(order_fields, page.items)), "next_cursor": page.next_cursor})


@router.get("/counts", operation_id="count_orders", summary="Count orders", responses=problems(401, 403, 422))
def count_orders(
    desk: AtDesk, actor: CurrentActor, query: Annotated[OrderCountsQuery, Query()]
) -> OrderCountsAnswer:
    """How many of one's own orders are in which state; of all of them for the operator."""
    return OrderCountsAnswer.of(desk.enquiries.order_counts(actor, query.filters()))


@router.get(
    "/{order_id}",
    operation_id="read_order",
    summary="Read an order",
    response_model=OrderDetail,
    responses=problems(401, 403, 404),
)
def read_order(order_id: str, desk: AtDesk, actor: CurrentActor) -> Response:
    """The order, what was granted to it, and every step of its life.

    `ETag` is that of the order alone, as the list shows it: what can be changed, and what `If-Match` compares.
    """
    story = desk.enquiries.order_story(actor, possible_id(order_id))
    shown = order_fields(story.order)
    return JsonAnswer(shown | story_fields(story), headers={"ETag": tag_of_json(to_json(shown))})


@router.patch(
    "/{order_id}",
    operation_id="amend_order",
    summary="Amend an order",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422),
)
def amend_order(
    order_id: str, body: OrderChanges, desk: AtDesk, actor: CurrentActor, expected: IfUnchanged
) -> OrderAnswer:
    """Change terms of a draft or of an order in the book; it is checked like a new one, and the hold follows.

    It keeps its place in the queue if it only asks for less or pays more: limit price up, deadline later, max_rtt up
    or none, more regions or devices allowed, fewer units. Anything else sends it to the end.
    """
    only_if = expected.as_shown(OrderAnswer.of)
    amended = desk.exchange.amend_order(actor, possible_id(order_id), body.changes(), only_if=only_if)
    return expected.tagged(OrderAnswer.of(amended))


@router.post(
    "/{order_id}/submit",
    operation_id="submit_draft",
    summary="Submit a draft",
    responses=problems(401, 403, 404, 409, 413, 422),
)
def submit_draft(
    order_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request, expected: IfUnchanged
) -> OrderAnswer:
    """Turn a draft into an open order: its limit price is held from then on."""
    only_if = expected.as_shown(OrderAnswer.of)
    try:
        order = desk.exchange.submit_draft(actor, possible_id(order_id), once, only_if=only_if)
    except AnsweredBefore as before:
        mark_replayed(request)
        order = desk.enquiries.order(actor.rereading(), before.answer["order_id"])
    return expected.tagged(OrderAnswer.of(order))


@router.post(
    "/{order_id}/cancel",
    operation_id="cancel_order",
    summary="Cancel an order",
    responses=problems(401, 403, 404, 409, 413, 422),
)
def cancel_order(
    order_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request, expected: IfUnchanged
) -> OrderAnswer:
    """Take an order out of the book, for free, or out of its allocation: what was booked until an hour later is paid."""
    only_if = expected.as_shown(OrderAnswer.of)
    try:
        order = desk.exchange.cancel_order(actor, possible_id(order_id), once, only_if=only_if)
    except AnsweredBefore as before:
        mark_replayed(request)
        order = desk.enquiries.order(actor.rereading(), before.answer["order_id"])
    return expected.tagged(OrderAnswer.of(order))


@router.get(
    "/{order_id}/explanation",
    operation_id="explain_order",
    summary="Why an order was or was not placed",
    responses=problems(401, 403, 404),
)
def explain_order(order_id: str, desk: AtDesk, actor: CurrentActor) -> OrderExplanationAnswer:
    """Node by node, and the smallest change that would place it: proven by asking the market again."""
    return OrderExplanationAnswer.of(desk.enquiries.explain_order(actor, possible_id(order_id)))
