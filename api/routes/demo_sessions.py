"""Demo sessions: keys for whoever looks at a demonstration."""

from fastapi import APIRouter, Depends, Request, Response

from api.dependencies import AtDesk
from api.openapi import problems
from api.schemas.demo_sessions import DemoSessionAnswer, DemoSessionRequest
from api.wire.json_body import JsonRoute

router = APIRouter(prefix="/v1", tags=["exchange"], route_class=JsonRoute)


async def _require_allowed(request: Request, desk: AtDesk) -> None:
    desk.demo_sessions.require_allowed(request)


@router.post(
    "/demo-sessions",
    status_code=201,
    operation_id="open_demo_session",
    summary="Look around with a key for an hour",
    responses=problems(
        *(400, 413, 415, 422),
        *("demo_sessions_off", "nothing_to_show", "too_many_demo_sessions", "rate_limited"),
    ),
    dependencies=[Depends(_require_allowed)],
)
def open_demo_session(body: DemoSessionRequest, desk: AtDesk, response: Response) -> DemoSessionAnswer:
    """For exchanges that demonstrate an invented market (`SUANLI_DEMO_SESSIONS=true`); everywhere else 404.

    A key of the busiest buyer or provider, or of the operator, without the scopes `access:write`, `money:write` and
    `webhooks:write`. It ends in an hour. Each request gives out another one.
    """
    answer = DemoSessionAnswer.of(desk.exchange.open_demo_session(body.role))
    response.headers["Location"] = f"/v1/keys/{answer.key_id}"
    return answer
