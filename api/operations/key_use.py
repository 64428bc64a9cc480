"""When keys were used last, written once a minute while the exchange is up; the rest when it closes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from market.access.key_uses import WRITTEN_EVERY
from market.exchange import Exchange

_logger = logging.getLogger(__name__)


@asynccontextmanager
async def writing_key_uses(
    exchange: Exchange, every_seconds: float = WRITTEN_EVERY.total_seconds()
) -> AsyncIterator[None]:
    """Write now and then as long as this is open."""
    task = asyncio.create_task(_write_forever(exchange, every_seconds))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _write_forever(exchange: Exchange, every_seconds: float) -> None:
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await run_in_threadpool(exchange.write_key_uses)
        except SQLAlchemyError:  # also where no connection is to be had
            _logger.warning("key uses are not written this time, they are the next", exc_info=True)
