"""What operators say about the running market: that time has passed, that a node is down or up again."""

from collections.abc import Callable

from fastapi import APIRouter, Request

from api.dependencies import AtDesk, CurrentActor, Desk, OnceOnly, possible_id
from api.openapi import problems
from api.schemas.allocations import UpkeepAnswer
from api.schemas.places import NodeAnswer
from api.wire.etags import IfUnchanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.places import Node
from market.exchange import AnsweredBefore
from market.running.upkeep import Upkept

router = APIRouter(prefix="/v1", route_class=JsonRoute)


@router.post(
    "/upkeep",
    tags=["rounds"],
    operation_id="keep_time",
    summary="Do what is due by now",
    responses=problems(401, 403, 409, 413, 422),
)
def keep_time(desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request) -> UpkeepAnswer:
    """Start, capture, complete, interrupt, expire, lapse: what time alone brings about. Operators only.

    Every round does this before it opens, and so does the server's timer; done twice at one moment, the second time
    changes nothing.
    """
    try:
        return UpkeepAnswer.of(desk.exchange.keep_time(actor, once))
    except AnsweredBefore as before:
        mark_replayed(request)
        return UpkeepAnswer.of(Upkept(**before.answer))


@router.post(
    "/nodes/{node_id}/down",
    tags=["catalogue"],
    operation_id="node_down",
    summary="Mark a node down",
    responses=problems(401, 403, 404, 409, 413, 422),
)
def node_down(
    node_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request, expected: IfUnchanged
) -> NodeAnswer:
    """What it holds is interrupted now, refunded and credited, and matched again by the next round; all else stays.

    Operators only.
    """
    id_, only_if = possible_id(node_id), expected.as_shown(NodeAnswer.of)
    moved = _told(desk, id_, request, lambda: desk.exchange.node_down(actor, id_, once, only_if=only_if))
    return expected.tagged(moved)


@router.post(
    "/nodes/{node_id}/up",
    tags=["catalogue"],
    operation_id="node_up",
    summary="Mark a node up",
    responses=problems(401, 403, 404, 409, 413, 422),
)
def node_up(
    node_id: str, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request, expected: IfUnchanged
) -> NodeAnswer:
    """It takes part in the next round. Operators only."""
    id_, only_if = possible_id(node_id), expected.as_shown(NodeAnswer.of)
    moved = _told(desk, id_, request, lambda: desk.exchange.node_up(actor, id_, once, only_if=only_if))
    return expected.tagged(moved)


def _told(desk: Desk, node_id: str, request: Request, tell: Callable[[], Node]) -> NodeAnswer:
    try:
        return NodeAnswer.of(tell())
    except AnsweredBefore:
        mark_replayed(request)
        return NodeAnswer.of(desk.enquiries.node(node_id))
