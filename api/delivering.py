"""Webhooks are delivered while the application is up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi.concurrency import run_in_threadpool

from api.settings import Settings
from market.couriers.courier import Couriers
from market.couriers.turns import Turns
from market.exchange import Exchange


def couriers_of(exchange: Exchange, settings: Settings) -> Couriers:
    """Couriers that begin to work, and pay for their queue, when there is a webhook to deliver to."""

    def make_turns() -> Turns:
        from market.couriers.durable_turns import DurableTurns  # noqa: PLC0415 - DBOS takes 1.6 s to import

        return DurableTurns(exchange.database.url)

    return Couriers(exchange, settings.courier_terms(), make_turns)


@asynccontextmanager
async def delivering(couriers: Couriers) -> AsyncIterator[None]:
    """As long as this is open; what is under way when it closes is finished."""
    couriers.start()
    try:
        yield
    finally:
        await run_in_threadpool(couriers.stop)
