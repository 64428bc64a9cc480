"""Regions, nodes and devices: public to read, the operator's to add to."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request

from api.dependencies import AtDesk, CurrentActor, OnceOnly, answer_page, page_of, possible_id
from api.openapi import problems
from api.schemas.distances import DistancesQuery, RoundTripTimeAnswer
from api.schemas.fields import PageAnswer, PageQuery
from api.schemas.places import DeviceAnswer, NodeAnswer, NodeRequest, NodesQuery, RegionAnswer, RegionRequest
from api.wire.etags import IfChanged
from api.wire.headers import mark_replayed
from api.wire.json_body import JsonRoute
from market.domain.parties import Actor
from market.exchange import AnsweredBefore, Once

T = TypeVar("T")
router = APIRouter(prefix="/v1", tags=["catalogue"], route_class=JsonRoute)
ON_ADDING = problems(400, 401, 403, 409, 413, 415, 422)


@router.post(
    "/regions", status_code=201, operation_id="add_region", summary="Add a region", responses=ON_ADDING
)
def add_region(
    body: RegionRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> RegionAnswer:
    """Operators only. Distances to all other regions are modelled from coordinates."""
    return RegionAnswer.of(_add(desk.exchange.add_region, actor, body.region(), once, request))


@router.post("/nodes", status_code=201, operation_id="add_node", summary="Add a node", responses=ON_ADDING)
def add_node(
    body: NodeRequest, desk: AtDesk, actor: CurrentActor, once: OnceOnly, request: Request
) -> NodeAnswer:
    """Operators only."""
    return NodeAnswer.of(_add(desk.exchange.add_node, actor, body.node(), once, request))


@router.get("/regions", operation_id="list_regions", summary="List regions", responses=problems(422))
def list_regions(
    desk: AtDesk, query: Annotated[PageQuery, Query()], seen: IfChanged
) -> PageAnswer[RegionAnswer]:
    """Regions by id, with coordinates and both carbon factors."""
    return seen.tagged(answer_page(desk.enquiries.regions(page_of(query)), RegionAnswer.of))


@router.get("/nodes", operation_id="list_nodes", summary="List nodes", responses=problems(422))
def list_nodes(
    desk: AtDesk, query: Annotated[NodesQuery, Query()], seen: IfChanged
) -> PageAnswer[NodeAnswer]:
    """Nodes by id, with PUE, power cap, hourly tariff and green share."""
    return seen.tagged(answer_page(desk.enquiries.nodes(page_of(query), query.filters()), NodeAnswer.of))


@router.get("/nodes/{node_id}", operation_id="read_node", summary="Read a node", responses=problems(404))
def read_node(node_id: str, desk: AtDesk, seen: IfChanged) -> NodeAnswer:
    """One computing centre, and whether it is up."""
    return seen.tagged(NodeAnswer.of(desk.enquiries.node(possible_id(node_id))))


@router.get(
    "/regions/{region_id}", operation_id="read_region", summary="Read a region", responses=problems(404)
)
def read_region(region_id: str, desk: AtDesk, seen: IfChanged) -> RegionAnswer:
    """One region, with coordinates and both carbon factors."""
    return seen.tagged(RegionAnswer.of(desk.enquiries.region(possible_id(region_id))))


@router.get("/devices", operation_id="list_devices", summary="List devices", responses=problems(422))
def list_devices(
    desk: AtDesk, query: Annotated[PageQuery, Query()], seen: IfChanged
) -> PageAnswer[DeviceAnswer]:
    """Devices by id, with memory, power, peak and relative speed per precision."""
    return seen.tagged(answer_page(desk.enquiries.devices(page_of(query)), DeviceAnswer.of))


@router.get(
    "/devices/{device_id}", operation_id="read_device", summary="Read a device", responses=problems(404)
)
def read_device(device_id: str, desk: AtDesk, seen: IfChanged) -> DeviceAnswer:
    """One device, with memory, power, peak and relative speed per precision."""
    return seen.tagged(DeviceAnswer.of(desk.enquiries.device(possible_id(device_id))))


@router.get(
    "/round-trip-times",
    operation_id="list_round_trip_times",
    summary="List round-trip times",
    responses=problems(422),
)
def list_round_trip_times(
    desk: AtDesk, query: Annotated[DistancesQuery, Query()], seen: IfChanged
) -> PageAnswer[RoundTripTimeAnswer]:
    """Round-trip times between regions in ms, by the two ids, and where each figure comes from."""
    page = desk.enquiries.round_trip_times(page_of(query), query.from_region_id, query.to_region_id)
    return seen.tagged(answer_page(page, RoundTripTimeAnswer.of))


def _add(
    add: Callable[[Actor, T, Once | None], T], actor: Actor, thing: T, once: Once | None, request: Request
) -> T:
    """What was added, now or when it was asked for first."""
    try:
        return add(actor, thing, once)
    except AnsweredBefore:
        mark_replayed(request)
        return thing
