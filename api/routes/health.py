"""Whether the exchange is up, whether it can do its work, and how it does it."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, choose_encoder

from api.dependencies import AtDesk
from api.openapi import problems
from api.operations.metrics_access import require_metrics_reader
from api.operations.readiness import refuse_unready
from api.schemas.health import Health, Readiness, ReadinessCheck

router = APIRouter(tags=["operations"])


@router.get("/healthz", operation_id="read_health", summary="Is it up")
async def read_health(request: Request) -> Health:
    """The process answers. It asks nobody: not the database, not another thread."""
    return Health(status="ok", version=request.app.version)


@router.get("/readyz", operation_id="read_readiness", summary="Can it work", responses=problems(503))
async def read_readiness(request: Request, desk: AtDesk) -> Readiness:
    """The database is there, at this program's schema and writable, has room; the solver takes problems; nobody stops it.

    503 `not_ready` has every check in `checks`, and the names of those that failed in `failed`.
    """
    findings = await desk.readiness.findings()
    refuse_unready(findings)
    checks = [ReadinessCheck(name=one.name, code=one.code, milliseconds=one.milliseconds) for one in findings]
    return Readiness(status="ready", version=request.app.version, checks=checks)


@router.get(
    "/metrics",
    operation_id="read_metrics",
    summary="How it does",
    response_class=Response,
    responses={
        200: {
            "content": {
                CONTENT_TYPE_PLAIN_1_0_0: {
                    "schema": {"type": "string"},
                    "example": "# TYPE suanli_http_requests_total counter\n",
                }
            },
            "description": "Prometheus' text format.",
        },
        **problems(401, 403),
    },
)
async def read_metrics(request: Request, desk: AtDesk) -> Response:
    """For Prometheus: with the operator's metrics token, or, where none is set, from the exchange's own machine."""
    require_metrics_reader(request, desk.settings.metrics_token.get_secret_value())
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(await run_in_threadpool(encode, desk.metrics.registry), media_type=content_type)
