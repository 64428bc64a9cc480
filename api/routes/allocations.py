"""What was granted: read by its parties, reported on by its provider."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, answer_page, page_of, possible_id
from api.openapi import problems
from api.schemas.allocations import AllocationAnswer, AllocationsQuery, FailureReport
from api.schemas.fields import PageAnswer
from api.wire.etags import IfChanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.parties import Actor
from market.domain.rounds import Allocation
from market.exchange import AnsweredBefore

router = APIRouter(prefix="/v1/allocations", tags=["allocations"], route_class=JsonRoute)
ON_REPORT = problems(401, 403, 404, 409, 413, 422)


@router.get(
    "", operation_id="list_allocations", summary="List allocations", responses=problems(401, 403, 422)
)
def list_allocations(
    desk: AtDesk, actor: CurrentActor, query: Annotated[AllocationsQuery, Query()]
) -> PageAnswer[AllocationAnswer]:
    """A buyer's own, those on a provider's offerings, all for the operator."""
    request = page_of(query, newest_first=query.sort.startswith("-"))
    return answer_page(desk.enquiries.allocations(actor, request, query.filters()), AllocationAnswer.of)


@router.get(
    "/{allocation_id}",
    operation_id="read_allocation",
    summary="Read an allocation",
    responses=problems(401, 404),
)
def read_allocation(
    allocation_id: str, desk: AtDesk, actor: CurrentActor, seen: IfChanged
) -> AllocationAnswer:
    """One allocation, for its buyer, its provider and operators."""
    return seen.tagged(AllocationAnswer.of(desk.enquiries.allocation(actor, possible_id(allocation_id))))


@router.post(
    "/{allocation_id}/start", operation_id="report_start", summary="Report a start", responses=ON_REPORT
)
def report_start(
    allocation_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> AllocationAnswer:
    """It runs from now on: its provider's word, or an operator's. 409 `too_early` before its window, `too_late` after.

    Where the offering asks for no heartbeat, the exchange starts it by itself.
    """
    id_ = possible_id(allocation_id)
    return _reported(desk, actor, id_, request, lambda: desk.exchange.report_start(actor, id_, once))


@router.post(
    "/{allocation_id}/heartbeat",
    operation_id="report_heartbeat",
    summary="Report that it runs",
    responses=ON_REPORT,
)
def report_heartbeat(
    allocation_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> AllocationAnswer:
    """Due every `heartbeat_minutes` of the offering; once missed, the order is matched again. 409 `not_running`."""
    id_ = possible_id(allocation_id)
    return _reported(desk, actor, id_, request, lambda: desk.exchange.report_heartbeat(actor, id_, once))


@router.post(
    "/{allocation_id}/complete",
    operation_id="report_completion",
    summary="Report an end",
    responses=ON_REPORT,
)
def report_completion(
    allocation_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> AllocationAnswer:
    """It is done. Used time is paid by the second, the rest of the hold is released."""
    id_ = possible_id(allocation_id)
    return _reported(desk, actor, id_, request, lambda: desk.exchange.report_completion(actor, id_, once))


@router.post(
    "/{allocation_id}/fail",
    operation_id="report_failure",
    summary="Report a failure",
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422),
)
def report_failure(
    allocation_id: str,
    body: FailureReport,
    desk: AtDesk,
    actor: CurrentActor,
    once: OnceOnly,
    request: Request,
) -> AllocationAnswer:
    """Of the job: its order has failed, used time is paid. Of the provider: refund, credit, and the next round matches
    the order again.
    """
    id_ = possible_id(allocation_id)
    return _reported(
        desk,
        actor,
        id_,
        request,
        lambda: desk.exchange.report_failure(actor, id_, body.cause, body.note or "", once),
    )


def _reported(
    desk: Desk, actor: Actor, allocation_id: str, request: Request, report: Callable[[], Allocation]
) -> AllocationAnswer:
    """The allocation after the report, as whoever reports may see it."""
    try:
        report()
    except AnsweredBefore:
        mark_replayed(request)
    return AllocationAnswer.of(desk.enquiries.allocation(actor.rereading(), allocation_id))
