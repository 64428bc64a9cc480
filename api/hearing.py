"""Who hears what while it is up: it what other servers on its database commit and remark, and all of them its providers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi.concurrency import run_in_threadpool

from api.duties.leadership import Leadership
from api.duties.listening import Listening
from market.exchange import Exchange
from market.persistence.claims import Claim, ClaimName
from market.persistence.notices import hearing


@asynccontextmanager
async def hearing_others(exchange: Exchange, heed: Callable[[str], None]) -> AsyncIterator[None]:
    """As long as this is open, the exchange's bell rings for their commits as for its own, and `heed` is told what they
    remark (on PostgreSQL).
    """
    ears = hearing(exchange.database, exchange.bell.ring, heed=heed)
    ears.__enter__()
    try:
        yield
    finally:
        await run_in_threadpool(ears.__exit__, None, None, None)


@asynccontextmanager
async def hearing_providers(exchange: Exchange) -> AsyncIterator[None]:
    """As long as this is open, whoever keeps time elsewhere knows that reports are heard."""
    listening = Leadership(Claim(exchange.database.engine, ClaimName.LISTENING), Listening())
    listening.start()
    try:
        yield
    finally:
        listening.begin_stopping()
        await run_in_threadpool(listening.join)
