"""What takes thought but changes nothing: quotes, prices, allocations."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.dependencies import AtDesk, CurrentActor, OnceOnly, answer_page, page_of
from api.headers import mark_replayed
from api.json_body import JsonRoute
from api.openapi import problems
from api.schemas.allocations import AllocationAnswer, AllocationsQuery
from api.schemas.explanations import QuoteAnswer
from api.schemas.fields import PageAnswer
from api.schemas.orders import OrderRequest
from api.schemas.prices import PriceHours, PricesQuery, PriceSummary
from market.domain.parties import Role
from market.exchange import AnsweredBefore

router = APIRouter(prefix="/v1", route_class=JsonRoute)


@router.post(
    "/quotes",
    tags=["quotes"],
    operation_id="quote_order",
    summary="What would this order cost now",
    responses=problems(400, 401, 403, 409, 413, 415, 422),
)
def quote_order(
    body: OrderRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> QuoteAnswer:
    """Node by node, cheapest first, and why not elsewhere. Nothing is submitted; operators need name no buyer.

    An `Idempotency-Key` is bound to the question, not to its answer: asked again under the same key, the same
    question is answered as the market is by then.
    """
    actor.require(Role.BUYER, Role.OPERATOR)
    anybodys = actor.role is Role.OPERATOR and body.buyer_id is None
    buyer_id = None if anybodys else actor.organisation_or(body.buyer_id, Role.BUYER)
    quote = desk.enquiries.quote(actor, buyer_id, body.terms())
    if once is not None:
        try:
            desk.exchange.remember_question(actor, once)
        except AnsweredBefore:
            mark_replayed(request)
    return QuoteAnswer.of(quote)


@router.get(
    "/prices",
    tags=["prices"],
    operation_id="read_prices",
    summary="Prices by offering, or hour by hour for one",
    responses=problems(404, 422),
)
def read_prices(desk: AtDesk, query: Annotated[PricesQuery, Query()]) -> PriceSummary | PriceHours:
    """Of a landed round (the newest, unless `round_id` names one): one line for each offering; with
    `offering_id`, that offering hour by hour. As recorded: what is listed today does not matter.
    """
    named = query.round_id
    round_ = desk.enquiries.newest_landed_round() if named is None else desk.enquiries.round(named)
    if query.offering_id is None:
        return PriceSummary.of(round_, desk.enquiries.prices(round_.id))
    return PriceHours.of(round_, query.offering_id, desk.enquiries.prices(round_.id, query.offering_id))


@router.get(
    "/allocations",
    tags=["allocations"],
    operation_id="list_allocations",
    summary="List allocations",
    responses=problems(401, 403, 422),
)
def list_allocations(
    desk: AtDesk, actor: CurrentActor, query: Annotated[AllocationsQuery, Query()]
) -> PageAnswer[AllocationAnswer]:
    """A buyer's own, those on a provider's offerings, all for the operator; newest first."""
    filters = {"round_id": query.round_id, "order_id": query.order_id}
    return answer_page(
        desk.enquiries.allocations(actor, page_of(query, newest_first=True), filters), AllocationAnswer.of
    )
