"""A round as it can be shown: hour by hour."""

from fastapi import APIRouter

from api.dependencies import AtDesk, PossibleActor, possible_id
from api.etags import IfChanged
from api.json_body import JsonRoute
from api.openapi import KEY_OPTIONAL, problems
from api.schemas.schedule import RoundScheduleAnswer

router = APIRouter(prefix="/v1/rounds/{round_id}", tags=["rounds"], route_class=JsonRoute)


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
