"""The exchange itself: what a client asks first."""

from fastapi import APIRouter, Request

from api.dependencies import AtDesk
from api.schemas.exchange import ClientLimits, ExchangeAnswer
from api.schemas.orders import LARGEST_BATCH
from api.wire.json_body import JsonRoute
from market.clearing.request import MOST_SLOTS
from market.domain.clock import MARKET_ZONE
from market.persistence.paging import LARGEST_PAGE

router = APIRouter(prefix="/v1", tags=["exchange"], route_class=JsonRoute)


@router.get("/exchange", operation_id="read_exchange", summary="What this exchange is")
def read_exchange(request: Request, desk: AtDesk) -> ExchangeAnswer:
    """Version, policy and pricing rule in force, the newest round, when the next one is due, and limits of requests."""
    standing, settings = desk.enquiries.standing(), desk.settings
    every = settings.round_every
    return ExchangeAnswer(
        name=request.app.title,
        version=request.app.version,
        api_version="v1",
        time_zone=MARKET_ZONE.key,
        demo_sessions=settings.demo_sessions,
        round_every_seconds=None if every is None else every.total_seconds(),
        next_round_at=desk.next_round_at(),
        policy=standing.policy.name,
        pricing=standing.policy.pricing,
        newest_round_id=standing.newest_round_id,
        newest_landed_round_id=standing.newest_landed_round_id,
        limits=ClientLimits(
            orders_per_batch=LARGEST_BATCH,
            body_bytes=settings.max_body_bytes,
            single_body_bytes=min(settings.max_single_body_bytes, settings.max_body_bytes),
            items_per_page=LARGEST_PAGE,
            hours_per_round=MOST_SLOTS,
        ),
    )
