"""What takes thought but changes nothing: quotes, prices."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import AtDesk
from api.openapi import problems
from api.schemas.prices import PriceHours, PricesQuery, PriceSummary, PriceTable
from api.wire.json_body import JsonRoute

router = APIRouter(prefix="/v1", route_class=JsonRoute)


@router.get(
    "/prices",
    tags=["prices"],
    operation_id="read_prices",
    summary="Prices by offering, or hour by hour for one",
    responses=problems(404, 422),
)
def read_prices(
    desk: AtDesk, query: Annotated[PricesQuery, Query()]
) -> PriceSummary | PriceTable | PriceHours:
    """Of a landed round (the newest, unless `round_id` names one): one line for each offering; with `detail=hours` each
    hour of it besides, with `offering_id` that offering alone, hour by hour and in parts. As recorded: what is listed
    today does not matter.
    """
    named = query.round_id
    round_ = desk.enquiries.newest_landed_round() if named is None else desk.enquiries.round(named)
    if query.offering_id is None and query.detail == "hours":
        return PriceTable.of(round_, desk.enquiries.prices(round_.id))
    if query.offering_id is None:
        return PriceSummary.of(round_, desk.enquiries.prices(round_.id))
    return PriceHours.of(round_, query.offering_id, desk.enquiries.prices(round_.id, query.offering_id))
