"""Offerings: listed, amended and withdrawn by their provider; public to read."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AtDesk, CurrentActor, OnceOnly, answer_page, page_of, possible_id
from api.headers import mark_replayed
from api.json_body import JsonRoute
from api.openapi import problems
from api.schemas.fields import PageAnswer
from api.schemas.offerings import OfferingAnswer, OfferingChanges, OfferingRequest, OfferingsQuery
from market.domain.parties import Role
from market.exchange import AnsweredBefore

router = APIRouter(prefix="/v1/offerings", tags=["offerings"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    operation_id="list_offering",
    summary="List an offering",
    responses=problems(400, 401, 403, 409, 413, 415, 422),
)
def list_offering(
    body: OfferingRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    response: Response,
) -> OfferingAnswer:
    """Put units of a device at a node on the market."""
    actor.require(Role.PROVIDER, Role.OPERATOR)
    provider_id = actor.organisation_or(body.provider_id, Role.PROVIDER)
    by_operator = actor.role is Role.OPERATOR
    offering = body.offering(provider_id, desk.exchange.clock.now(), by_operator=by_operator)
    try:
        listed = desk.exchange.list_offering(actor, offering, once)
    except AnsweredBefore as before:
        mark_replayed(request)
        listed = desk.enquiries.offering(before.answer["offering_id"])
    response.headers["Location"] = f"/v1/offerings/{listed.id}"
    return OfferingAnswer.of(listed)


@router.get("", operation_id="list_offerings", summary="List offerings", responses=problems(422))
def list_offerings(desk: AtDesk, query: Annotated[OfferingsQuery, Query()]) -> PageAnswer[OfferingAnswer]:
    """Offerings by id, filtered by node, provider, device or state."""
    filters = {
        "node_id": query.node_id,
        "provider_id": query.provider_id,
        "device_id": query.device_id,
        "state": query.state,
    }
    return answer_page(desk.enquiries.offerings(page_of(query), filters), OfferingAnswer.of)


@router.get(
    "/{offering_id}", operation_id="read_offering", summary="Read an offering", responses=problems(404)
)
def read_offering(offering_id: str, desk: AtDesk) -> OfferingAnswer:
    """One listing."""
    return OfferingAnswer.of(desk.enquiries.offering(possible_id(offering_id)))


@router.patch(
    "/{offering_id}",
    operation_id="amend_offering",
    summary="Amend an offering",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422),
)
def amend_offering(
    offering_id: str, body: OfferingChanges, desk: AtDesk, actor: CurrentActor
) -> OfferingAnswer:
    """Change ask, units, hours or window. What is already granted keeps its terms.

    Fewer `units` lower a larger `max_gang_units` with them, and the hours that had all units free; hours that were
    partly free stay, and must be stated anew where they exceed the units (422 `invalid_capacity`).
    """
    amended = desk.exchange.amend_offering(actor, possible_id(offering_id), **body.changes())
    return OfferingAnswer.of(amended)


@router.post(
    "/{offering_id}/withdraw",
    operation_id="withdraw_offering",
    summary="Withdraw an offering",
    responses=problems(401, 403, 404, 409, 413, 422),
)
def withdraw_offering(
    offering_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> OfferingAnswer:
    """Take an offering off the market. What is running finishes."""
    try:
        return OfferingAnswer.of(desk.exchange.withdraw_offering(actor, possible_id(offering_id), once))
    except AnsweredBefore as before:
        mark_replayed(request)
        return OfferingAnswer.of(desk.enquiries.offering(before.answer["offering_id"]))
