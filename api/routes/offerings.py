"""Offerings: listed, amended and withdrawn by their provider; public to read."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import (
    AtDesk,
    CurrentActor,
    OnceOnly,
    PossibleActor,
    answer_page,
    page_of,
    possible_id,
)
from api.openapi import KEY_OPTIONAL, problems
from api.schemas.fields import PageAnswer, PageQuery
from api.schemas.listings import CalendarAnswer, CalendarQuery, DrainRequest, VersionAnswer
from api.schemas.offerings import (
    MaintenanceRequest,
    OfferingAnswer,
    OfferingChanges,
    OfferingRequest,
    OfferingsQuery,
)
from api.wire.etags import IfChanged, IfUnchanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.parties import Role
from market.domain.scopes import Scope
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
    actor.require(Role.PROVIDER, Role.OPERATOR, scope=Scope.OFFERINGS)
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
def list_offerings(
    desk: AtDesk, query: Annotated[OfferingsQuery, Query()], seen: IfChanged
) -> PageAnswer[OfferingAnswer]:
    """Offerings by id, withdrawn ones too unless `state` says otherwise."""
    page = desk.enquiries.offerings(page_of(query), query.filters())
    return seen.tagged(answer_page(page, OfferingAnswer.of))


@router.get(
    "/{offering_id}", operation_id="read_offering", summary="Read an offering", responses=problems(404)
)
def read_offering(offering_id: str, desk: AtDesk, seen: IfChanged) -> OfferingAnswer:
    """One listing."""
    return seen.tagged(OfferingAnswer.of(desk.enquiries.offering(possible_id(offering_id))))


@router.patch(
    "/{offering_id}",
    operation_id="amend_offering",
    summary="Amend an offering",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422),
)
def amend_offering(
    offering_id: str, body: OfferingChanges, desk: AtDesk, actor: CurrentActor, expected: IfUnchanged
) -> OfferingAnswer:
    """Change terms; each change is a version. What is already granted keeps the ask it was matched at.

    New `maintenance` windows are refused where what is granted would not fit any more (409 `in_use`).
    Fewer `units` lower a larger `max_gang_units` with them, and the hours that had all units free; hours that were
    partly free stay, and must be stated anew where they exceed the units (422 `invalid_capacity`).
    """
    only_if = expected.as_shown(OfferingAnswer.of)
    amended = desk.exchange.amend_offering(actor, possible_id(offering_id), only_if, **body.changes())
    return expected.tagged(OfferingAnswer.of(amended))


@router.post(
    "/{offering_id}/withdraw",
    operation_id="withdraw_offering",
    summary="Withdraw an offering",
    responses=problems(401, 403, 404, 409, 413, 422),
)
def withdraw_offering(
    offering_id: str,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    expected: IfUnchanged,
) -> OfferingAnswer:
    """Take an offering off the market. What is running finishes."""
    only_if = expected.as_shown(OfferingAnswer.of)
    try:
        withdrawn = desk.exchange.withdraw_offering(actor, possible_id(offering_id), once, only_if=only_if)
    except AnsweredBefore as before:
        mark_replayed(request)
        withdrawn = desk.enquiries.offering(before.answer["offering_id"])
    return expected.tagged(OfferingAnswer.of(withdrawn))


@router.post(
    "/{offering_id}/drain",
    operation_id="drain_offering",
    summary="Drain an offering, with notice",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422),
)
def drain_offering(
    offering_id: str,
    body: DrainRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    expected: IfUnchanged,
) -> OfferingAnswer:
    """From `at` on nothing runs here. Nothing new is placed that would run into it; what is granted beyond it is
    interrupted then, matched again elsewhere, and not credited. Until it begins it may be moved, or taken back (null).
    """
    only_if = expected.as_shown(OfferingAnswer.of)
    try:
        drained = desk.exchange.drain_offering(
            actor, possible_id(offering_id), body.at, once, only_if=only_if
        )
    except AnsweredBefore as before:
        mark_replayed(request)
        drained = desk.enquiries.offering(before.answer["offering_id"])
    return expected.tagged(OfferingAnswer.of(drained))


@router.post(
    "/{offering_id}/maintenance",
    operation_id="add_maintenance",
    summary="Announce a maintenance window",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422),
)
def add_maintenance(
    offering_id: str,
    body: MaintenanceRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    expected: IfUnchanged,
) -> OfferingAnswer:
    """At most `units_left` units in a window. Refused where what is already granted or promised would not fit any
    more (409 `in_use`, with the hours and the units in use), unless `force` interrupts it; quotes that are held
    cannot be forced out. `PATCH` with `maintenance` takes windows back.
    """
    only_if = expected.as_shown(OfferingAnswer.of)
    try:
        changed = desk.exchange.add_maintenance(
            actor, possible_id(offering_id), body.window(), once, force=body.force, only_if=only_if
        )
    except AnsweredBefore as before:
        mark_replayed(request)
        changed = desk.enquiries.offering(before.answer["offering_id"])
    return expected.tagged(OfferingAnswer.of(changed))


@router.get(
    "/{offering_id}/calendar",
    operation_id="read_calendar",
    summary="What an offering has free, hour by hour",
    responses=problems(404, 422),
)
def read_calendar(offering_id: str, desk: AtDesk, query: Annotated[CalendarQuery, Query()]) -> CalendarAnswer:
    """Listed, usable, allocated, held and free units of each hour, from the present one or a later one on."""
    found = possible_id(offering_id)
    return CalendarAnswer.of(found, desk.enquiries.offering_calendar(found, query.start, query.hours))


@router.get(
    "/{offering_id}/versions",
    operation_id="list_versions",
    summary="An offering's terms, version by version",
    responses=problems(401, 404, 422),
    openapi_extra=KEY_OPTIONAL,
)
def list_versions(
    offering_id: str, desk: AtDesk, actor: PossibleActor, query: Annotated[PageQuery, Query()]
) -> PageAnswer[VersionAnswer]:
    """Which terms held since when. Whose key set them is told to its provider and the operator only."""
    page = desk.enquiries.offering_versions(possible_id(offering_id), page_of(query), actor)
    return answer_page(page, VersionAnswer.of)
