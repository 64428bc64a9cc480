"""When keys were used is written whatever happened to the database meanwhile, and the end cleans up whatever broke."""

import asyncio
import threading

import pytest
from api_house import House, build_test_app
from fastapi import FastAPI
from sqlalchemy.exc import TimeoutError as NoConnectionInTime

from api.operations.key_use import writing_key_uses
from market.exchange import Exchange


class Exhausted(Exchange):
    """An exchange that has no connection to write with the first time."""

    def __init__(self, house: House) -> None:
        super().__init__(house.exchange.database, house.clock)
        self.tries, self.written, self.closed = 0, threading.Event(), False

    def write_key_uses(self, *, closing: bool = False) -> int:
        self.tries += 1
        self.closed |= closing
        if self.tries == 1:
            raise NoConnectionInTime("QueuePool limit reached")
        stored = super().write_key_uses(closing=closing)
        self.written.set()
        return stored


def test_a_pool_without_connections_does_not_end_the_writing(house: House) -> None:
    exchange = Exhausted(house)

    async def written() -> bool:
        async with writing_key_uses(exchange, every_seconds=0.01):
            return await asyncio.to_thread(exchange.written.wait, 30)

    assert asyncio.run(written())


def test_the_end_cleans_up_whatever_broke(house: House) -> None:
    exchange = Exhausted(house)
    exchange.tries = 1
    app: FastAPI = build_test_app(exchange, house.clock)

    async def broken() -> None:
        async with app.router.lifespan_context(app):
            raise OSError("the server broke")

    with pytest.raises(OSError, match="the server broke"):
        asyncio.run(broken())
    assert exchange.closed
