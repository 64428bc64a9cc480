"""Names become addresses in threads of their own, a few at a time: the machine's resolver may hang as long as it likes.

It cannot be broken off. So nobody waits for it longer than a while, whoever it keeps is a thread that is nobody else's and
that the end of the program does not wait for, and there are never more than so many of them: few of one organisation, whose
slow names would hold up everybody's webhooks otherwise.
"""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

Address = IPv4Address | IPv6Address
LookUp = Callable[[str, int], Sequence[tuple[Any, ...]]]
SECONDS = 5.0
MOST_AT_ONCE, MOST_OF_ONE = 32, 3
PLACE_SECONDS = 0.5
"""So long one waits for others' look-ups to end: those that end at all do so in less."""
LOOK_AGAIN_SECONDS = 0.05


def look_up(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """As the machine resolves names."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class NoPlace(Exception):
    """As many look-ups are under way as there may be; nothing was looked up, which says nothing about the name."""


class Places:
    """How many look-ups are under way, and whose. Safe between threads."""

    def __init__(self, most_at_once: int, most_of_one: int) -> None:
        self._most_at_once, self._most_of_one = most_at_once, most_of_one
        self._taken: Counter[str] = Counter()
        self._counting = threading.Lock()

    def take(self, whose: str) -> bool:
        """Whether there was one."""
        with self._counting:
            if self._taken.total() >= self._most_at_once or self._taken[whose] >= self._most_of_one:
                return False
            self._taken[whose] += 1
            return True

    def give_back(self, whose: str) -> None:
        """When a look-up has ended, however long that took."""
        with self._counting:
            self._taken[whose] -= 1
            if not self._taken[whose]:
                del self._taken[whose]


class Resolver:
    """Resolves names within limited time, in a limited number of threads."""

    def __init__(
        self,
        look_up: LookUp = look_up,
        *,
        seconds: float = SECONDS,
        most_at_once: int = MOST_AT_ONCE,
        most_of_one: int = MOST_OF_ONE,
    ) -> None:
        """`most_of_one` is of one organisation."""
        self._look_up, self._seconds = look_up, seconds
        self._places = Places(most_at_once, most_of_one)

    async def __call__(self, host: str, port: int, whose: str = "") -> Sequence[Address]:
        """Its addresses, none where it has none; `TimeoutError` where that is not known in time.

        `NoPlace` where too many others are being looked up, all together or for the organisation that asks (`whose`).
        """
        await self._take_place(whose)
        async with asyncio.timeout(self._seconds):
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[Sequence[Address]] = loop.create_future()
            self._begin((host, port), whose, loop, answer)
            return await answer

    async def _take_place(self, whose: str) -> None:
        try:
            async with asyncio.timeout(PLACE_SECONDS):
                while not self._places.take(whose):
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        except TimeoutError as error:
            raise NoPlace(whose) from error

    def _begin(
        self,
        where: tuple[str, int],
        whose: str,
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
                found = self._addresses(*where)
            except Exception as failure:  # noqa: BLE001 - whatever it is, it is told to who waits
                error = failure
            finally:
                self._places.give_back(whose)
            with suppress(RuntimeError):  # who waited has gone, and the loop with it
                loop.call_soon_threadsafe(tell, found, error)

        threading.Thread(target=run, name="resolver", daemon=True).start()

    def _addresses(self, host: str, port: int) -> Sequence[Address]:
        try:
            found = self._look_up(host, port)
        except (socket.gaierror, UnicodeError):
            return ()
        return tuple(ip_address(str(address[0]).partition("%")[0]) for *_, address in found)
