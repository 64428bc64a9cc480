"""The two clients: `Exchange`, and `AsyncExchange` with the same methods to be awaited."""

import os
from types import TracebackType
from typing import Self

from api.client.address import Address
from api.client.async_operations import AsyncOperations
from api.client.events import AsyncEventStream, EventStream
from api.client.operations import Operations
from api.client.retries import Retries
from api.client.transport import AsyncTransport, Transport

HERE = "http://127.0.0.1:8471"


class Exchange(Operations):
    """One exchange, seen with one key.

        with Exchange("http://127.0.0.1:8471", key="suanli_buyer_…") as exchange:
            for order in exchange.orders.list(state="open"):
                print(order.id, order.limit_price)

    Without arguments: SUANLI_SERVER and SUANLI_KEY, or this machine without a key. `seconds` is the longest to wait
    for an answer. Safe to share between threads.
    """

    events: EventStream

    def __init__(
        self,
        server: str | None = None,
        key: str | None = None,
        *,
        seconds: float = 60.0,
        retries: Retries | None = None,
    ) -> None:
        self._transport = Transport(_address(server, key, seconds, retries))
        super().__init__(self._transport)
        self.events = EventStream(self._transport)

    @property
    def server(self) -> str:
        """Its address."""
        return self._transport.address.server

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        """Open for requests."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the connections."""
        self.close()


class AsyncExchange(AsyncOperations):
    """The same for programs that wait for many things at once.

    async with AsyncExchange("http://127.0.0.1:8471", key="suanli_buyer_…") as exchange:
        async for order in exchange.orders.list(state="open"):
            print(order.id, order.limit_price)
    """

    events: AsyncEventStream

    def __init__(
        self,
        server: str | None = None,
        key: str | None = None,
        *,
        seconds: float = 60.0,
        retries: Retries | None = None,
    ) -> None:
        self._transport = AsyncTransport(_address(server, key, seconds, retries))
        super().__init__(self._transport)
        self.events = AsyncEventStream(self._transport)

    @property
    def server(self) -> str:
        """Its address."""
        return self._transport.address.server

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        """Open for requests."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the connections."""
        await self.close()


def _address(server: str | None, key: str | None, seconds: float, retries: Retries | None) -> Address:
    """What was given, else what the environment says, else this machine."""
    return Address(
        server or os.environ.get("SUANLI_SERVER") or HERE,
        key or os.environ.get("SUANLI_KEY") or None,
        seconds,
        Retries() if retries is None else retries,
    )
