"""Members: the people of an organisation, or the operator's staff."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AtDesk, CurrentActor, OnceOnly, answer_page, page_of, possible_id
from api.openapi import problems
from api.schemas.fields import PageAnswer
from api.schemas.members import MemberAnswer, MemberChanges, MemberRequest, MembersQuery
from api.wire.etags import IfChanged, IfUnchanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.exchange import AnsweredBefore

router = APIRouter(prefix="/v1/members", tags=["parties"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    operation_id="add_member",
    summary="Add a member",
    responses=problems(400, 401, 403, 409, 413, 415, 422, "unknown_organisation"),
)
def add_member(
    body: MemberRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    response: Response,
) -> MemberAnswer:
    """For keys with `access:write`: of the organisation, or the operator's. A member acts with keys (POST /v1/keys).

    Nobody makes an owner whose own key could not do an owner's work (403 `missing_scope`).
    """
    try:
        member = desk.exchange.add_member(actor, body.member(), once)
    except AnsweredBefore as before:
        mark_replayed(request)
        member = desk.access.member(actor.rereading(), before.answer["member_id"])
    response.headers["Location"] = f"/v1/members/{member.id}"
    return MemberAnswer.of(member)


@router.get("", operation_id="list_members", summary="List members", responses=problems(401, 403, 422))
def list_members(
    desk: AtDesk, actor: CurrentActor, query: Annotated[MembersQuery, Query()]
) -> PageAnswer[MemberAnswer]:
    """One's own organisation's, those included that were removed; for the operator everybody. By id."""
    page = desk.access.members(actor, page_of(query), query.organisation_id)
    return answer_page(page, MemberAnswer.of)


@router.get(
    "/{member_id}",
    operation_id="read_member",
    summary="Read a member",
    responses=problems(401, 403, 404),
)
def read_member(member_id: str, desk: AtDesk, actor: CurrentActor, seen: IfChanged) -> MemberAnswer:
    """One member."""
    return seen.tagged(MemberAnswer.of(desk.access.member(actor, possible_id(member_id))))


@router.patch(
    "/{member_id}",
    operation_id="change_member",
    summary="Change a member",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422, "last_owner", "member_removed"),
)
def change_member(
    member_id: str, body: MemberChanges, desk: AtDesk, actor: CurrentActor, expected: IfUnchanged
) -> MemberAnswer:
    """Name, email or role. Another role holds for the member's keys from their next request on; the last owner stays
    one (409 `last_owner`).
    """
    only_if = expected.as_shown(MemberAnswer.of)
    changed = desk.exchange.change_member(actor, possible_id(member_id), body.changes(), only_if)
    return expected.tagged(MemberAnswer.of(changed))


@router.post(
    "/{member_id}/remove",
    operation_id="remove_member",
    summary="Remove a member",
    responses=problems(401, 403, 404, 409, 413, 422, "last_owner"),
)
def remove_member(
    member_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> MemberAnswer:
    """The member's keys are revoked with it. The last owner cannot be removed (409 `last_owner`)."""
    try:
        return MemberAnswer.of(desk.exchange.remove_member(actor, possible_id(member_id), once))
    except AnsweredBefore as before:
        mark_replayed(request)
        return MemberAnswer.of(desk.access.member(actor.rereading(), before.answer["member_id"]))
