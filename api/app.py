"""The application: routes, refusals, headers, the page."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from api import openapi
from api.contract.deprecation import DeprecationHeaders
from api.dependencies import Desk
from api.docs import page
from api.edge.stack import install_edge
from api.errors import install_error_answers
from api.hearing import hearing_others, hearing_providers
from api.operations.key_use import writing_key_uses
from api.operations.requests import WatchedRequests
from api.problems import pages
from api.routes import (
    about,
    allocations,
    answers,
    catalogue,
    demo_sessions,
    events,
    health,
    keys,
    ledger,
    members,
    offerings,
    order_batches,
    orders,
    parties,
    policy,
    quotes,
    round_views,
    rounds,
    scenarios,
    upkeep,
    vouchers,
    webhooks,
)
from api.settings import Settings
from api.web.page import the_page
from api.wire.content_coding import PackedAnswers
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.round_desks.desk import RoundDesk

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
ROUTERS = tuple(
    room.router
    for room in (
        orders,
        order_batches,
        quotes,
        answers,
        allocations,
        rounds,
        round_views,
        upkeep,
        offerings,
        catalogue,
        parties,
        members,
        keys,
        policy,
        ledger,
        vouchers,
        scenarios,
        events,
        webhooks,
        about,
        demo_sessions,
        health,
    )
)


def build_app(
    exchange: Exchange, enquiries: Enquiries, settings: Settings, rounds: RoundDesk | None = None
) -> FastAPI:
    """The exchange behind HTTP; `rounds` None: they are cleared in this process."""
    desk = Desk(exchange, enquiries, settings, rounds)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            async with (
                writing_key_uses(exchange),
                hearing_others(exchange, desk.progress.heed),
                hearing_providers(exchange),
            ):
                desk.duties.start()
                try:
                    yield
                finally:
                    await run_in_threadpool(desk.duties.stop)
        finally:
            await run_in_threadpool(desk.close)

    app = build_contract(lifespan)
    app.state.desk = desk
    install_error_answers(app)
    app.add_middleware(DeprecationHeaders)
    app.add_middleware(PackedAnswers)
    install_edge(app, settings)
    app.add_middleware(WatchedRequests, told=(desk.metrics.count_request,))
    app.router.routes.append(the_page().mount())
    return app


def build_contract(lifespan: Lifespan | None = None) -> FastAPI:
    """Every route and how it is documented; without an exchange behind it, it answers nothing but what it promises."""
    app = FastAPI(
        title="Suanli Exchange 算力交易所",
        version=version("suanli-exchange"),
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for router in (*ROUTERS, pages.router, page.router):
        app.router.routes += router.routes  # not `include_router`: it matches every request twice
    _describe_with(app)
    return app


def _describe_with(app: FastAPI) -> None:
    def described() -> dict[str, Any]:
        return openapi.describe(app)

    app.openapi = described  # type: ignore[method-assign]
