"""Following what happens: server-sent events that go on where they broke off."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import httpx2
from pydantic import ValidationError

from api.client.answers import EventAnswer
from api.client.async_operations import AsyncEvents
from api.client.call import Call, Prepared
from api.client.errors import (
    ExchangeError,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
)
from api.client.operations import Events
from api.client.retries import Retries
from api.client.transport import AsyncTransport, Transport

PATH = "/v1/events"
PASSING = (Unreachable, TimedOut, ServerFailed, RateLimited)
"""What may be over when one connects again."""
ENDED = "the exchange ended the stream"
LASTED_SECONDS = 120.0
"""A stream that was open for so long was of use, though nothing happened: the exchange ends each of them sooner or later."""


class EventStream(Events):
    """`exchange.events`: what happens, as it happens or page by page."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._line = transport

    def stream(
        self,
        *,
        after: str | None = None,
        kinds: Sequence[str] = (),
        resource: str | None = None,
        resource_id: str | None = None,
    ) -> Iterator[EventAnswer]:
        """Events after the one with this id, or from now on, for ever; only of these kinds (`order.*`), where some are
        named, only of this sort of thing or of this one.

        A lost connection is made again, after the last event that was seen, when the exchange asks for it (`retry`): none
        is missed, none comes twice. When as many connections in a row as `retries` allows brought nothing, and did not
        last either, what kept them from it is raised.

        `GET /v1/events`
        """
        for event in self.listen(after=after, kinds=kinds, resource=resource, resource_id=resource_id):
            if event is not None:
                yield event

    def listen(
        self,
        *,
        after: str | None = None,
        kinds: Sequence[str] = (),
        resource: str | None = None,
        resource_id: str | None = None,
    ) -> Iterator[EventAnswer | None]:
        """As `stream`, with None each time the exchange listens to us: from there on, nothing is missed.

        So who wants to know how things are, and then what changes, looks at None and at each event.
        """
        following = Following(after, self._line.address.retries)
        while True:
            try:
                with self._line.listen(following.call(kinds, resource, resource_id)) as source:
                    for told in source:
                        yield following.read(told)
                ended: ExchangeError = Unreachable(ENDED)
            except PASSING as error:
                ended = error
            self._line.pause(following.pause_after(ended))


class AsyncEventStream(AsyncEvents):
    """`exchange.events`: what happens, as it happens or page by page."""

    def __init__(self, transport: AsyncTransport) -> None:
        super().__init__(transport)
        self._line = transport

    async def stream(
        self,
        *,
        after: str | None = None,
        kinds: Sequence[str] = (),
        resource: str | None = None,
        resource_id: str | None = None,
    ) -> AsyncIterator[EventAnswer]:
        """Events after the one with this id, or from now on, for ever; only of these kinds (`order.*`), where some are
        named, only of this sort of thing or of this one.

        A lost connection is made again, after the last event that was seen, when the exchange asks for it (`retry`): none
        is missed, none comes twice. When as many connections in a row as `retries` allows brought nothing, and did not
        last either, what kept them from it is raised.

        `GET /v1/events`
        """
        listening = self.listen(after=after, kinds=kinds, resource=resource, resource_id=resource_id)
        async for event in listening:
            if event is not None:
                yield event

    async def listen(
        self,
        *,
        after: str | None = None,
        kinds: Sequence[str] = (),
        resource: str | None = None,
        resource_id: str | None = None,
    ) -> AsyncIterator[EventAnswer | None]:
        """As `stream`, with None each time the exchange listens to us: from there on, nothing is missed.

        So who wants to know how things are, and then what changes, looks at None and at each event.
        """
        following = Following(after, self._line.address.retries)
        while True:
            try:
                async with self._line.listen(following.call(kinds, resource, resource_id)) as source:
                    async for told in source:
                        yield following.read(told)
                ended: ExchangeError = Unreachable(ENDED)
            except PASSING as error:
                ended = error
            await self._line.pause(following.pause_after(ended))


class Following:
    """How far a stream was followed, and how often in a row connecting was in vain. `now` is in seconds, and only grows."""

    def __init__(
        self, after: str | None, retries: Retries, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.last_id = after
        self._retries, self._now = retries, now
        self._in_vain, self._asked_to_wait = 0, 0.0
        self._opened_at: float | None = None

    def call(self, kinds: Sequence[str], resource: str | None, resource_id: str | None) -> Prepared:
        """What to ask for next: these events, after the last one that was seen."""
        self._opened_at = None
        filters = {"kinds": kinds, "resource": resource or None, "resource_id": resource_id or None}
        return Call("GET", PATH, query=filters, headers={"Last-Event-ID": self.last_id}).prepared()

    def read(self, told: httpx2.ServerSentEvent) -> EventAnswer | None:
        """An event; None for what only says where the stream is."""
        if self._opened_at is None:
            self._opened_at = self._now()
        if told.retry is not None:
            self._asked_to_wait = max(0, told.retry) / 1000
        if told.id:
            self.last_id = told.id
        if not told.data:
            return None
        self._in_vain = 0
        try:
            return EventAnswer.model_validate_json(told.data)
        except ValidationError as error:
            raise UnexpectedAnswer(f"event {told.id} is not what this client understands: {error}") from error

    def pause_after(self, ended: ExchangeError) -> float:
        """Seconds until the next connection, or what ended the last one where it is enough."""
        if self._opened_at is not None and self._now() - self._opened_at >= LASTED_SECONDS:
            self._in_vain = 0
        self._in_vain += 1
        pause = self._retries.pause(self._in_vain, getattr(ended, "retry_after", None))
        if pause is None:
            raise ended
        return max(pause, min(self._asked_to_wait, self._retries.longest_seconds))
