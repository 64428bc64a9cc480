"""A gate that all clients pass between two requests: closed, and nobody has a request under way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Clients pass; whoever closes it waits until those inside are out."""

    def __init__(self) -> None:
        self._inside = 0
        self._changed = asyncio.Condition()
        self._closed = False

    @asynccontextmanager
    async def inside(self) -> AsyncIterator[None]:
        """With a request under way, until its last word is known."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Nobody is inside."""
        async with self._changed:
            self._closed = True
            await self._changed.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            async with self._changed:
                self._closed = False
                self._changed.notify_all()
