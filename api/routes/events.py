"""What happens, as it happens or page by page; and who did it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request

from api.dependencies import AtDesk, CurrentActor, Desk, PossibleActor, answer_page, page_of
from api.edge.rate_limit import bearer_of
from api.openapi import KEY_OPTIONAL, problems
from api.schemas.events import SUBMITTED, AuditAnswer, AuditQuery, EventAnswer, EventsQuery
from api.schemas.fields import PageAnswer
from api.streams.event_stream import LONGEST_SECONDS, EventStream, Pace
from api.wire.one_thread import OneThreadRoute
from market.domain.audience import Audience
from market.domain.events import sequence_of
from market.domain.parties import Actor
from market.domain.scopes import Scope
from market.persistence.event_reader import AuditFilter

router = APIRouter(prefix="/v1", tags=["events"], route_class=OneThreadRoute)
STREAM, PAGE = "text/event-stream", "application/json"
BOTH_WAYS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A stream of server-sent events; with `Accept: application/json` a page of them.",
        "content": {
            STREAM: {
                "schema": {"type": "string"},
                "example": f"id: {SUBMITTED['id']}\nevent: {SUBMITTED['kind']}\ndata: {{…}}\n\n",
            }
        },
    }
}


@router.get(
    "/events",
    operation_id="stream_events",
    summary="What happens: a stream, or pages",
    response_model=PageAnswer[EventAnswer],
    responses=BOTH_WAYS
    | problems(
        "unknown_key",
        "missing_scope",
        422,
        "invalid_event_id",
        "unknown_event_kind",
        "missing_resource",
        "invalid_cursor",
    ),
    openapi_extra=KEY_OPTIONAL,
)
async def stream_events(
    request: Request,
    desk: AtDesk,
    actor: PossibleActor,
    query: Annotated[EventsQuery, Query()],
    last_event_id: Annotated[
        str | None,
        Header(description="Where a stream broke off; goes before `after`.", examples=[SUBMITTED["id"]]),
    ] = None,
) -> Any:
    """Server-sent events: `id`, `event` (the kind) and `data` (JSON). Everybody is told of the market itself, a tenant
    also of its own, the operator of everything. A client that comes again with `Last-Event-ID` misses nothing.

    With `Accept: application/json` the same events come as pages, oldest first; to go on from the last page, pass the
    id of the last event as `after`.
    """
    if actor is not None:
        actor.require(scope=Scope.READ)
    audience, wanted = Audience.of(actor), query.wanted()
    resumed = last_event_id or query.after
    after = None if resumed is None else sequence_of(resumed)
    if wants_page(request.headers.get("accept", "")):
        page = await desk.feed.in_thread(
            lambda: desk.enquiries.events(audience, wanted, page_of(query), after or 0)
        )
        return answer_page(page, lambda event: EventAnswer.of(event, audience))
    key_id = None if actor is None else actor.key_id
    pace = Pace(unread_seconds=desk.settings.unread_seconds, longest_seconds=_lasts_seconds(desk, actor))
    return EventStream(
        desk.feed,
        audience,
        wanted,
        after,
        key_id=key_id,
        pace=pace,
        still_good=_looked_up_again(desk, request),
    )


@router.get(
    "/audit",
    operation_id="list_audit",
    summary="Who did what",
    responses=problems(401, 403, 422, "unknown_event_kind", "missing_resource", "invalid_cursor"),
)
def list_audit(
    desk: AtDesk, actor: CurrentActor, query: Annotated[AuditQuery, Query()]
) -> PageAnswer[AuditAnswer]:
    """Operators only: everything that ever happened, newest first, with the key, its organisation, the member and the
    request.

    It is read from the log that the events come from, which nobody can change: the database itself refuses to.
    """
    asked = AuditFilter(query.actor, query.organisation, query.wanted(), query.since, query.until)
    page = desk.enquiries.audit(actor, asked, page_of(query, newest_first=True))
    return answer_page(page, lambda line: AuditAnswer.of(line.event, line.member))


def _lasts_seconds(desk: Desk, actor: Actor | None) -> float:
    """No longer than the key does."""
    longest = LONGEST_SECONDS
    if actor is None or actor.expires_at is None:
        return longest
    return min(longest, (actor.expires_at - desk.exchange.clock.now()).total_seconds())


def _looked_up_again(desk: Desk, request: Request) -> Callable[[], object] | None:
    """Whoever holds the key of the request, as of when it is asked; None where it has none."""
    secret = bearer_of(request.headers)
    return None if secret is None else partial(desk.exchange.authenticate, secret)


def wants_page(accept: str) -> bool:
    """JSON is asked for, and no stream: whoever accepts anything is given the stream."""
    return PAGE in accept and STREAM not in accept
