"""Whether the exchange is up, and whether it can do its work."""

from fastapi import APIRouter, Request

from api.dependencies import AtDesk
from api.openapi import problems
from api.schemas.health import Health

router = APIRouter(tags=["operations"])


@router.get("/healthz", operation_id="read_health", summary="Is it up")
def read_health(request: Request) -> Health:
    """The process answers."""
    return Health(status="ok", version=request.app.version)


@router.get("/readyz", operation_id="read_readiness", summary="Can it work", responses=problems(503))
def read_readiness(request: Request, desk: AtDesk) -> Health:
    """The database is reachable and at this program's schema, and the solver takes problems."""
    desk.exchange.require_ready()
    return Health(status="ready", version=request.app.version)
