"""Webhooks: created, changed, tested, replayed; and what was delivered to them."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, answer_page, page_of, possible_id
from api.openapi import problems
from api.schemas.fields import PageAnswer, PageQuery
from api.schemas.webhooks import (
    DeliveriesQuery,
    DeliveryAnswer,
    ReplayRequest,
    WebhookAnswer,
    WebhookChanges,
    WebhookReplayAnswer,
    WebhookRequest,
    WebhookWithSecret,
)
from api.wire.etags import IfChanged, IfUnchanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.events import sequence_of
from market.domain.parties import Actor
from market.domain.webhooks import Webhook, delivery_number
from market.exchange import AnsweredBefore

router = APIRouter(prefix="/v1/webhooks", tags=["events"], route_class=JsonRoute)
ON_ACTING = (401, 403, 404, 409, 413, 422)


@router.post(
    "",
    status_code=201,
    operation_id="create_webhook",
    summary="Create a webhook",
    responses=problems(
        *(400, 401, 403, 409, 413, 415, 422),
        *("invalid_webhook_url", "unknown_event_kind", "unknown_organisation", "too_many_webhooks"),
    ),
)
def create_webhook(
    body: WebhookRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
    response: Response,
) -> WebhookWithSecret:
    """For keys with `webhooks:write`. From now on, what happens is sent to the URL as its owner may see it, signed after
    Standard Webhooks. The answer carries the secret to verify with, this once.
    """
    guard = desk.settings.webhook_guard()
    answer = _with_secret(
        desk, actor, request, lambda: desk.exchange.create_webhook(actor, body.webhook(), guard, once)
    )
    response.headers["Location"] = f"/v1/webhooks/{answer.id}"
    return answer


@router.get("", operation_id="list_webhooks", summary="List webhooks", responses=problems(401, 403, 422))
def list_webhooks(
    desk: AtDesk, actor: CurrentActor, query: Annotated[PageQuery, Query()]
) -> PageAnswer[WebhookAnswer]:
    """One's own organisation's, by id; for the operator all of them."""
    page = desk.enquiries.webhooks(actor, page_of(query))
    return answer_page(page, lambda webhook: WebhookAnswer.shown_to(actor, webhook))


@router.get(
    "/{webhook_id}",
    operation_id="read_webhook",
    summary="Read a webhook",
    responses=problems(401, 403, 404),
)
def read_webhook(webhook_id: str, desk: AtDesk, actor: CurrentActor, seen: IfChanged) -> WebhookAnswer:
    """Without its secret: whoever lost that rotates it."""
    webhook = desk.enquiries.webhook(actor, possible_id(webhook_id))
    return seen.tagged(WebhookAnswer.shown_to(actor, webhook))


@router.patch(
    "/{webhook_id}",
    operation_id="change_webhook",
    summary="Change a webhook",
    responses=problems(
        *(400, 401, 403, 404, 409, 413, 415, 422),
        *("invalid_webhook_url", "unknown_event_kind", "webhook_disabled_by_operator"),
    ),
)
def change_webhook(
    webhook_id: str, body: WebhookChanges, desk: AtDesk, actor: CurrentActor, expected: IfUnchanged
) -> WebhookAnswer:
    """URL, kinds, description; `state` `paused`, or `active` again, for one that was disabled as well: it goes on where
    it was.
    """
    changed = desk.exchange.change_webhook(
        actor,
        possible_id(webhook_id),
        body.changes(),
        desk.settings.webhook_guard(),
        expected.as_shown(WebhookAnswer.of),
    )
    return expected.tagged(WebhookAnswer.of(changed))


@router.post(
    "/{webhook_id}/remove",
    operation_id="remove_webhook",
    summary="Remove a webhook",
    responses=problems(*ON_ACTING),
)
def remove_webhook(
    webhook_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> WebhookAnswer:
    """It is told nothing more, what waits included; for good."""
    id_ = possible_id(webhook_id)
    try:
        return WebhookAnswer.of(desk.exchange.remove_webhook(actor, id_, once))
    except AnsweredBefore:
        mark_replayed(request)
        return WebhookAnswer.of(desk.enquiries.webhook(actor.rereading(), id_, removed=True))


@router.post(
    "/{webhook_id}/rotate-secret",
    operation_id="rotate_secret",
    summary="Rotate a webhook's secret",
    responses=problems(*ON_ACTING),
)
def rotate_secret(
    webhook_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> WebhookWithSecret:
    """Another secret, shown this once. For 24 hours what is sent is signed with the one before as well."""
    id_ = possible_id(webhook_id)
    return _with_secret(desk, actor, request, lambda: desk.exchange.rotate_webhook_secret(actor, id_, once))


@router.post(
    "/{webhook_id}/test",
    operation_id="test_webhook",
    summary="Test a webhook",
    responses=problems(*ON_ACTING, "webhook_not_active"),
)
def test_webhook(
    webhook_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> WebhookAnswer:
    """`webhook.tested` is sent to this webhook alone, whatever kinds it asks for; its deliveries tell how it went."""
    try:
        return WebhookAnswer.of(desk.exchange.test_webhook(actor, possible_id(webhook_id), once))
    except AnsweredBefore as before:
        mark_replayed(request)
        return WebhookAnswer.of(desk.enquiries.webhook(actor.rereading(), before.answer["webhook_id"]))


@router.get(
    "/{webhook_id}/deliveries",
    operation_id="list_deliveries",
    summary="What was delivered",
    responses=problems(401, 403, 404, 422),
)
def list_deliveries(
    webhook_id: str, desk: AtDesk, actor: CurrentActor, query: Annotated[DeliveriesQuery, Query()]
) -> PageAnswer[DeliveryAnswer]:
    """Newest first, each with its tries: when, what was answered or went wrong, how long it took."""
    page = desk.enquiries.deliveries(
        actor, possible_id(webhook_id), page_of(query, newest_first=True), query.state
    )
    return answer_page(page, DeliveryAnswer.of)


@router.post(
    "/{webhook_id}/replay",
    operation_id="replay_events",
    summary="Send events again",
    responses=problems(400, *ON_ACTING, 415, "invalid_event_id", "replay_too_long", "webhook_not_active"),
)
def replay_events(
    webhook_id: str,
    body: ReplayRequest,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
) -> WebhookReplayAnswer:
    """What the webhook asks for is delivered once more, after one event and up to another, under the same `webhook-id`s;
    10,000 events at most.
    """
    id_ = possible_id(webhook_id)
    after, until = sequence_of(body.after), None if body.until is None else sequence_of(body.until)
    try:
        found = desk.exchange.replay_events(actor, id_, after, until, once)
        return WebhookReplayAnswer(webhook_id=id_, deliveries=found.deliveries)
    except AnsweredBefore as before:
        mark_replayed(request)
        return WebhookReplayAnswer(webhook_id=id_, deliveries=before.answer["deliveries"])


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/retry",
    operation_id="retry_delivery",
    summary="Try a delivery now",
    responses=problems(*ON_ACTING, "invalid_delivery_id", "webhook_not_active", "delivered_already"),
)
def retry_delivery(
    webhook_id: str, delivery_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> DeliveryAnswer:
    """One that was given up, or that waits; later events of its resource wait for it meanwhile."""
    id_, number = possible_id(webhook_id), delivery_number(delivery_id)
    try:
        return DeliveryAnswer.of(desk.exchange.retry_delivery(actor, id_, number, once))
    except AnsweredBefore:
        mark_replayed(request)
        return DeliveryAnswer.of(desk.enquiries.delivery(actor.rereading(), id_, number))


def _with_secret(
    desk: Desk, actor: Actor, request: Request, act: Callable[[], tuple[Webhook, str]]
) -> WebhookWithSecret:
    try:
        return WebhookWithSecret.with_secret(*act())
    except AnsweredBefore as before:
        mark_replayed(request)
        webhook = desk.enquiries.webhook(actor.rereading(), before.answer["webhook_id"])
        return WebhookWithSecret.with_secret(webhook, None)
