"""Asking an exchange, and asking again: the only place that sends requests; sync and async side by side."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from dataclasses import replace
from typing import Any, Generic, TypeVar

import httpx2
from pydantic import BaseModel

from api.client.address import Address
from api.client.call import Call, Prepared, failure_of, read_answer, refused_by
from api.client.errors import ExchangeError, Refused, Unreachable
from api.client.progress import OnProgress, Sent, progress_of, read_end
from api.client.retries import Retries, read_retry_after

T = TypeVar("T")
LARGEST_PAGE = 200
LARGEST_EVENT = 2**20
"""Bytes of one of the events that never end; an answer at the end of a stream may be of any size, as without one."""
BROKEN_OFF = "the stream ended before its answer"


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
        self, prepared: Prepared, *, largest_event: int | None = LARGEST_EVENT
    ) -> Iterator[httpx2.EventSource]:
        """A stream of events, once; who listens connects again."""
        try:
            with self._http.stream(
                prepared.method, prepared.path, **_stream(self.address, prepared)
            ) as response:
                if not response.is_success:
                    response.read()
                    raise refused_by(response, self.address.server)
                yield httpx2.EventSource(response, largest_event)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise failure_of(error, self.address.server) from error

    def follow(self, call: Call, shape: type[T], on_progress: OnProgress | None) -> T:
        """Ask what takes long; `on_progress` hears how it comes along, and gives it up by raising."""
        if on_progress is None:
            return self.ask(call, shape)
        with closing(self._stream_of(call)) as stream:
            for sent in stream:
                if sent.ends:
                    found: T = read_end(sent, shape, self.address.server)
                    return found
                if (told := progress_of(sent)) is not None:
                    on_progress(told)
        raise Unreachable(BROKEN_OFF)

    def _stream_of(self, call: Call) -> Generator[Sent]:
        """What is told of a question; asked again from the start where the connection was lost."""
        prepared, tried = call.prepared(), 0
        while True:
            tried += 1
            try:
                with self.listen(prepared, largest_event=None) as source:
                    for event in source:
                        yield Sent(event, source.response)
                ended: ExchangeError = Unreachable(BROKEN_OFF)
            except ExchangeError as error:
                ended = error
            pause = _pause_after(ended, prepared, tried, self.address.retries)
            if pause is None:
                raise ended
            self._sleep(pause)

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
        self, prepared: Prepared, *, largest_event: int | None = LARGEST_EVENT
    ) -> AsyncIterator[httpx2.EventSource]:
        """A stream of events, once; who listens connects again."""
        try:
            async with self._http.stream(
                prepared.method, prepared.path, **_stream(self.address, prepared)
            ) as response:
                if not response.is_success:
                    await response.aread()
                    raise refused_by(response, self.address.server)
                yield httpx2.EventSource(response, largest_event)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise failure_of(error, self.address.server) from error

    async def follow(self, call: Call, shape: type[T], on_progress: OnProgress | None) -> T:
        """Ask what takes long; `on_progress` hears how it comes along, and gives it up by raising."""
        if on_progress is None:
            return await self.ask(call, shape)
        async with aclosing(self._stream_of(call)) as stream:
            async for sent in stream:
                if sent.ends:
                    found: T = read_end(sent, shape, self.address.server)
                    return found
                if (told := progress_of(sent)) is not None:
                    on_progress(told)
        raise Unreachable(BROKEN_OFF)

    async def _stream_of(self, call: Call) -> AsyncGenerator[Sent]:
        """What is told of a question; asked again from the start where the connection was lost."""
        prepared, tried = call.prepared(), 0
        while True:
            tried += 1
            try:
                async with self.listen(prepared, largest_event=None) as source:
                    async for event in source:
                        yield Sent(event, source.response)
                ended: ExchangeError = Unreachable(BROKEN_OFF)
            except ExchangeError as error:
                ended = error
            pause = _pause_after(ended, prepared, tried, self.address.retries)
            if pause is None:
                raise ended
            await self._sleep(pause)

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


def _stream(address: Address, prepared: Prepared) -> dict[str, Any]:
    """A stream is silent between heartbeats: longer than one of them and it counts as lost."""
    headers = {**prepared.headers, "Accept": "text/event-stream", "Cache-Control": "no-store"}
    given = {"params": prepared.params, "headers": headers, "content": prepared.content}
    return {**given, "timeout": prepared.seconds or address.seconds}


def _pause_after(
    outcome: httpx2.Response | ExchangeError, prepared: Prepared, tried: int, retries: Retries
) -> float | None:
    """Seconds until it is asked again; None where the outcome stands."""
    if not prepared.may_go_better(outcome):
        return None
    if isinstance(outcome, ExchangeError):
        retry_after = outcome.retry_after if isinstance(outcome, Refused) else None
    else:
        retry_after = read_retry_after(outcome.headers)
    return retries.pause(tried, retry_after)


def _settled(outcome: httpx2.Response | ExchangeError, server: str) -> httpx2.Response:
    """The answer, or what went wrong for good."""
    if isinstance(outcome, ExchangeError):
        raise outcome
    if not outcome.is_success:
        raise refused_by(outcome, server)
    return outcome
