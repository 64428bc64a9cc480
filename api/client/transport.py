"""Asking an exchange, and asking again: the only place that sends requests; sync and async side by side."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel

from api.client.call import Call, Prepared, failure_of, read_answer, refused_by
from api.client.errors import ExchangeError, InvalidTarget
from api.client.retries import Retries, read_retry_after

T = TypeVar("T")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
USER_AGENT = (
    f"suanli-python/{version('suanli-exchange')} python/{sys.version_info.major}.{sys.version_info.minor}"
)
LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Address:
    """Which exchange, as whom, and how patiently. `InvalidTarget` where it cannot be one."""

    server: str
    key: str | None = field(default=None, repr=False)
    seconds: float = 60.0
    retries: Retries = field(default_factory=Retries)

    def __post_init__(self) -> None:
        parts = urlsplit(self.server)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidTarget(
                "invalid_server", f"{self.server!r} is not an address: write http://127.0.0.1:8471"
            )
        if self.key is not None and not (self.key.isascii() and self.key.isprintable()):
            raise InvalidTarget("invalid_key", "the key holds characters that no key has")

    def settings(self) -> dict[str, Any]:
        """For either HTTP client. No proxy stands between a machine and itself."""
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        return {
            "base_url": self.server.rstrip("/"),
            "headers": headers | ({"Authorization": f"Bearer {self.key}"} if self.key else {}),
            "timeout": self.seconds,
            "trust_env": urlsplit(self.server).hostname not in LOOPBACK,
        }


class Page(BaseModel, Generic[T]):
    """Some items of a list, and where the next ones start."""

    items: list[T]
    next_cursor: str | None = None


class Transport:
    """One exchange, seen with one key."""

    def __init__(self, address: Address, sleep: Callable[[float], None] = time.sleep) -> None:
        self.address = address
        self._sleep = sleep
        self._http = httpx2.Client(**address.settings())

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def ask(self, call: Call, shape: type[T]) -> T:
        """Ask, and read the answer as `shape`."""
        found: T = self.ask_any(call, shape)
        return found

    def ask_any(self, call: Call, shape: Any) -> Any:
        """The same where the answer is one of several shapes."""
        return read_answer(self.send(call), shape, self.address.server)

    def ask_bytes(self, call: Call) -> bytes:
        """Ask for a file."""
        return self.send(call).content

    def ask_text(self, call: Call) -> str:
        """Ask for text."""
        return self.send(call).text

    def tell(self, call: Call) -> None:
        """Ask for something that has no answer but that it was done."""
        self.send(call)

    def pages(self, call: Call, shape: type[T], at_most: int | None) -> Iterator[T]:
        """Items of a list, page after page, as they are wanted."""
        page_shape: type[Page[T]] = Page[shape]  # type: ignore[valid-type]
        cursor, left = None, at_most
        while left is None or left > 0:
            size = LARGEST_PAGE if left is None else min(left, LARGEST_PAGE)
            page = self.ask(_next_page(call, size, cursor), page_shape)
            yield from page.items
            cursor, left = page.next_cursor, None if left is None else left - len(page.items)
            if cursor is None:
                return

    def send(self, call: Call) -> httpx2.Response:
        """The answer that is neither a refusal nor worth another try."""
        prepared, tried = call.prepared(), 0
        while True:
            tried += 1
            outcome = self._try(prepared)
            pause = _pause_after(outcome, prepared, tried, self.address.retries)
            if pause is None:
                return _settled(outcome, self.address.server)
            self._sleep(pause)

    @contextmanager
    def listen(
        self, path: str, params: list[tuple[str, str]], last_id: str | None
    ) -> Iterator[httpx2.EventSource]:
        """A stream of events, once; who listens connects again."""
        try:
            with self._http.stream("GET", path, **_stream(self.address, params, last_id)) as response:
                if not response.is_success:
                    response.read()
                    raise refused_by(response, self.address.server)
                yield httpx2.EventSource(response)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise failure_of(error, self.address.server) from error

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def _try(self, prepared: Prepared) -> httpx2.Response | ExchangeError:
        try:
            return self._http.request(prepared.method, prepared.path, **_request(prepared))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return failure_of(error, self.address.server)


class AsyncTransport:
    """The same, for programs that wait for many things at once."""

    def __init__(self, address: Address, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.address = address
        self._sleep = sleep
        self._http = httpx2.AsyncClient(**address.settings())

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def ask(self, call: Call, shape: type[T]) -> T:
        """Ask, and read the answer as `shape`."""
        found: T = await self.ask_any(call, shape)
        return found

    async def ask_any(self, call: Call, shape: Any) -> Any:
        """The same where the answer is one of several shapes."""
        return read_answer(await self.send(call), shape, self.address.server)

    async def ask_bytes(self, call: Call) -> bytes:
        """Ask for a file."""
        return (await self.send(call)).content

    async def ask_text(self, call: Call) -> str:
        """Ask for text."""
        return (await self.send(call)).text

    async def tell(self, call: Call) -> None:
        """Ask for something that has no answer but that it was done."""
        await self.send(call)

    async def pages(self, call: Call, shape: type[T], at_most: int | None) -> AsyncIterator[T]:
        """Items of a list, page after page, as they are wanted."""
        page_shape: type[Page[T]] = Page[shape]  # type: ignore[valid-type]
        cursor, left = None, at_most
        while left is None or left > 0:
            size = LARGEST_PAGE if left is None else min(left, LARGEST_PAGE)
            page = await self.ask(_next_page(call, size, cursor), page_shape)
            for item in page.items:
                yield item
            cursor, left = page.next_cursor, None if left is None else left - len(page.items)
            if cursor is None:
                return

    async def send(self, call: Call) -> httpx2.Response:
        """The answer that is neither a refusal nor worth another try."""
        prepared, tried = call.prepared(), 0
        while True:
            tried += 1
            outcome = await self._try(prepared)
            pause = _pause_after(outcome, prepared, tried, self.address.retries)
            if pause is None:
                return _settled(outcome, self.address.server)
            await self._sleep(pause)

    @asynccontextmanager
    async def listen(
        self, path: str, params: list[tuple[str, str]], last_id: str | None
    ) -> AsyncIterator[httpx2.EventSource]:
        """A stream of events, once; who listens connects again."""
        try:
            async with self._http.stream("GET", path, **_stream(self.address, params, last_id)) as response:
                if not response.is_success:
                    await response.aread()
                    raise refused_by(response, self.address.server)
                yield httpx2.EventSource(response)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise failure_of(error, self.address.server) from error

    async def pause(self, seconds: float) -> None:
        """Wait."""
        await self._sleep(seconds)

    async def _try(self, prepared: Prepared) -> httpx2.Response | ExchangeError:
        try:
            return await self._http.request(prepared.method, prepared.path, **_request(prepared))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return failure_of(error, self.address.server)


def _next_page(call: Call, size: int, cursor: str | None) -> Call:
    return replace(call, query={**call.query, "limit": size, "cursor": cursor})


def _request(prepared: Prepared) -> dict[str, Any]:
    timeout = {} if prepared.seconds is None else {"timeout": prepared.seconds}
    given = {"params": prepared.params, "headers": prepared.headers, "content": prepared.content}
    return {**given, **timeout}


def _stream(address: Address, params: list[tuple[str, str]], last_id: str | None) -> dict[str, Any]:
    """A stream is silent between heartbeats: longer than one of them and it counts as lost."""
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    return {"params": params, "headers": headers, "timeout": address.seconds}


def _pause_after(
    outcome: httpx2.Response | ExchangeError, prepared: Prepared, tried: int, retries: Retries
) -> float | None:
    """Seconds until it is asked again; None where the outcome stands."""
    if not prepared.may_go_better(outcome):
        return None
    retry_after = None if isinstance(outcome, ExchangeError) else read_retry_after(outcome.headers)
    return retries.pause(tried, retry_after)


def _settled(outcome: httpx2.Response | ExchangeError, server: str) -> httpx2.Response:
    """The answer, or what went wrong for good."""
    if isinstance(outcome, ExchangeError):
        raise outcome
    if not outcome.is_success:
        raise refused_by(outcome, server)
    return outcome
