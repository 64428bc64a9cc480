"""What other servers on the same database commit is heard of at once, while the application is up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi.concurrency import run_in_threadpool

from market.exchange import Exchange
from market.persistence.notices import hearing


@asynccontextmanager
async def hearing_others(exchange: Exchange) -> AsyncIterator[None]:
    """As long as this is open, the exchange's bell rings for their commits as for its own (on PostgreSQL)."""
    ears = hearing(exchange.database, exchange.bell.ring)
    ears.__enter__()
    try:
        yield
    finally:
        await run_in_threadpool(ears.__exit__, None, None, None)
