"""Names become addresses in threads of their own, a few at a time: the machine's resolver may hang as long as it likes.

It cannot be broken off. So nobody waits for it longer than a while, whoever it keeps is a thread that is nobody else's and
that the end of the program does not wait for, and there are never more than so many of them.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

Address = IPv4Address | IPv6Address
LookUp = Callable[[str, int], Sequence[tuple[Any, ...]]]
SECONDS = 5.0
MOST_AT_ONCE = 32
LOOK_AGAIN_SECONDS = 0.05


def look_up(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """As the machine resolves names."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Resolver:
    """Resolves names within limited time, in a limited number of threads."""

    def __init__(
        self, look_up: LookUp = look_up, *, seconds: float = SECONDS, most_at_once: int = MOST_AT_ONCE
    ) -> None:
        self._look_up, self._seconds = look_up, seconds
        self._places = threading.BoundedSemaphore(most_at_once)

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        """Its addresses, none where it has none; `TimeoutError` where that is not known in time."""
        async with asyncio.timeout(self._seconds):
            while not self._places.acquire(blocking=False):
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[Sequence[Address]] = loop.create_future()
            self._begin(host, port, loop, answer)
            return await answer

    def _begin(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop,
        answer: "asyncio.Future[Sequence[Address]]",
    ) -> None:
        def tell(found: Sequence[Address], error: Exception | None) -> None:
            if not answer.done():
                answer.set_result(found) if error is None else answer.set_exception(error)

        def run() -> None:
            found: Sequence[Address] = ()
            error: Exception | None = None
            try:
                found = self._addresses(host, port)
            except Exception as failure:  # noqa: BLE001 - whatever it is, it is told to who waits
                error = failure
            finally:
                self._places.release()
            with suppress(RuntimeError):  # who waited has gone, and the loop with it
                loop.call_soon_threadsafe(tell, found, error)

        threading.Thread(target=run, name="resolver", daemon=True).start()

    def _addresses(self, host: str, port: int) -> Sequence[Address]:
        try:
            found = self._look_up(host, port)
        except (socket.gaierror, UnicodeError):
            return ()
        return tuple(ip_address(str(address[0]).partition("%")[0]) for *_, address in found)
