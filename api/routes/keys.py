"""API keys: issued, shown without their secret, rotated, revoked."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, answer_page, page_of, possible_id
from api.openapi import problems
from api.schemas.fields import PageAnswer
from api.schemas.keys import IssuedKeyAnswer, KeyAnswer, KeysQuery, NewKeyRequest, RotationRequest
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.keys import IssuedKey
from market.domain.parties import Actor
from market.exchange import AnsweredBefore

router = APIRouter(prefix="/v1/keys", tags=["parties"], route_class=JsonRoute)


@router.post(
    "",
    status_code=201,
    operation_id="issue_key",
    summary="Issue a key",
    responses=problems(
        *(400, 401, 403, 409, 413, 415, 422),
        *("invalid_scopes", "invalid_expiry", "unknown_member", "unknown_organisation"),
    ),
)
def issue_key(
    body: NewKeyRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    response: Response,
) -> IssuedKeyAnswer:
    """For keys with `access:write`. The answer carries the secret, this once: a repetition under the same
    `Idempotency-Key` finds the key, and `secret` null.

    A key gives no scope that it has not itself (403 `missing_scope`), and no longer life than its own.
    """
    answer = _shown(desk, actor, request, lambda: desk.exchange.issue(actor, body.key(), once))
    response.headers["Location"] = f"/v1/keys/{answer.id}"
    return answer


@router.get("", operation_id="list_keys", summary="List keys", responses=problems(401, 403, 422))
def list_keys(
    desk: AtDesk, actor: CurrentActor, query: Annotated[KeysQuery, Query()]
) -> PageAnswer[KeyAnswer]:
    """One's own organisation's, those included that have ended; for the operator all of them. By id."""
    now = desk.exchange.clock.now()
    page = desk.access.keys(actor, page_of(query), query.organisation_id, query.member_id)
    return answer_page(page, lambda held: KeyAnswer.of(held, now))


@router.get("/current", operation_id="read_current_key", summary="Who am I", responses=problems(401))
def read_current_key(desk: AtDesk, actor: CurrentActor) -> KeyAnswer:
    """The key that asks: its role, organisation, member, scopes and end. Every key may know itself."""
    return KeyAnswer.of(desk.access.current_key(actor), desk.exchange.clock.now())


@router.get("/{key_id}", operation_id="read_key", summary="Read a key", responses=problems(401, 403, 404))
def read_key(key_id: str, desk: AtDesk, actor: CurrentActor) -> KeyAnswer:
    """One key, without its secret."""
    return KeyAnswer.of(desk.access.key(actor, possible_id(key_id)), desk.exchange.clock.now())


@router.post(
    "/{key_id}/rotate",
    operation_id="rotate_key",
    summary="Give a key a new secret",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422, "key_ended"),
)
def rotate_key(
    key_id: str,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    body: RotationRequest | None = None,
) -> IssuedKeyAnswer:
    """The answer carries the new secret, this once; the old one is good for `overlap_minutes` more. At most two secrets
    of a key are good at once: rotated again meanwhile, the older one ends.

    A key that rotates itself should leave an overlap, in which it goes on if the answer was lost: another key rotates
    it again then, for the secret before gives nothing that outlasts it.
    """
    id_, overlap = possible_id(key_id), (body or RotationRequest()).overlap_minutes
    return _shown(desk, actor, request, lambda: desk.exchange.rotate_key(actor, id_, overlap, once))


@router.post(
    "/{key_id}/revoke",
    operation_id="revoke_key",
    summary="Revoke a key",
    responses=problems(401, 403, 404, 409, 413, 422),
)
def revoke_key(key_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request) -> KeyAnswer:
    """It ends now and for good, with all its secrets."""
    try:
        revoked = desk.exchange.revoke_key(actor, possible_id(key_id), once)
    except AnsweredBefore as before:
        mark_replayed(request)
        revoked = desk.access.key(actor.rereading(), before.answer["key_id"])
    return KeyAnswer.of(revoked, desk.exchange.clock.now())


def _shown(desk: Desk, actor: Actor, request: Request, make: Callable[[], IssuedKey]) -> IssuedKeyAnswer:
    """The key with its secret; without it where the request was answered before."""
    now = desk.exchange.clock.now()
    try:
        return IssuedKeyAnswer.shown(make(), now)
    except AnsweredBefore as before:
        mark_replayed(request)
        return IssuedKeyAnswer.again(desk.access.key(actor.rereading(), before.answer["key_id"]), now)
