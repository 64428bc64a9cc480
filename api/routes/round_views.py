"""A round as it can be shown: hour by hour, and while it clears."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.dependencies import AtDesk, PossibleActor, possible_id
from api.openapi import KEY_OPTIONAL, problems
from api.routes.events import STREAM, wants_page
from api.schemas.progress import ProgressAnswer
from api.schemas.schedule import RoundScheduleAnswer
from api.wire.etags import IfChanged
from api.wire.json_body import JsonRoute

router = APIRouter(prefix="/v1/rounds/{round_id}", tags=["rounds"], route_class=JsonRoute)
AS_IT_GOES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A stream of server-sent events; with `Accept: application/json` how far it is now.",
        "content": {
            STREAM: {
                "schema": {"type": "string"},
                "example": 'event: step\ndata: {"number": 1, "step": "freeze", …}\n\n'
                'event: progress\ndata: {"seconds": 4.21, "value": "734102.66", …}\n\n'
                'event: landed\ndata: {"round_id": "rnd_…", "state": "landed", "failure": null}\n\n',
            }
        },
    }
}
NOT_BUFFERED = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}


@router.get(
    "/schedule",
    operation_id="read_round_schedule",
    summary="A round hour by hour",
    responses=problems(401, 404),
    openapi_extra=KEY_OPTIONAL,
)
def read_round_schedule(
    round_id: str, desk: AtDesk, actor: PossibleActor, seen: IfChanged
) -> RoundScheduleAnswer:
    """What each node runs in each hour of a landed round, and which demand flows from where to where: sums, in kW.

    Facility power at nodes, IT power in flows. What was granted is shown as it landed, whatever became of it since.
    """
    id_ = possible_id(round_id)
    return seen.tagged(RoundScheduleAnswer.of_round(id_, desk.enquiries.round_schedule(actor, id_)))


@router.get(
    "/progress",
    operation_id="follow_round",
    summary="A round while it clears",
    response_model=ProgressAnswer,
    responses=AS_IT_GOES | problems(404),
)
async def follow_round(round_id: str, request: Request, desk: AtDesk) -> Any:
    """Server-sent events: `step` when a step is done, `progress` as the solver finds better ones (five times a second at
    most), then `landed`, `refused` or `failed`, and the stream ends: close it then, or your client comes again.

    A round that is over tells its recorded search at once. Nothing else of this is stored, and only the server process
    that clears a round knows how it comes along: another one tells its end. With `Accept: application/json`: how far it
    is now, in one answer.
    """
    id_ = possible_id(round_id)
    round_ = await run_in_threadpool(desk.enquiries.round, id_)
    if wants_page(request.headers.get("accept", "")):
        return desk.progress.of(round_)
    frames = desk.progress.follow(round_, lambda: desk.enquiries.round(id_))
    return StreamingResponse(frames, media_type=STREAM, headers=NOT_BUFFERED)
