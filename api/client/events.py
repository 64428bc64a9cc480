"""Following what happens: server-sent events that go on where they broke off."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from api.client.errors import (
    ExchangeError,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
)
from api.client.retries import Retries
from api.client.transport import AsyncTransport, Transport

PATH = "/v1/events"
PASSING = (Unreachable, TimedOut, ServerFailed, RateLimited)
"""What may be over when one connects again."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `id` is what `after` takes; `kind` is `order.submitted`, `round.landed`, …"""

    id: str
    kind: str
    data: Mapping[str, Any]


class EventStream:
    """`exchange.events`: what happens, as it happens."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def stream(self, *, after: str | None = None, kinds: Sequence[str] = ()) -> Iterator[Event]:
        """Events after the one with this id, or from now on; only of these kinds, where some are named.

        A lost connection is made again, after the last event that was seen: none is missed, none comes twice. When
        as many connections in a row as `retries` allows brought nothing, what kept them from it is raised.

        `GET /v1/events`
        """
        following = Following(after, self._transport.address.retries)
        while True:
            try:
                with self._transport.listen(PATH, _filters(kinds), following.last_id) as source:
                    for told in source:
                        if (event := following.read(told)) is not None:
                            yield event
                ended: ExchangeError = Unreachable("the exchange ended the stream")
            except PASSING as error:
                ended = error
            self._transport.pause(following.pause_after(ended))


class AsyncEventStream:
    """`exchange.events`: what happens, as it happens."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def stream(self, *, after: str | None = None, kinds: Sequence[str] = ()) -> AsyncIterator[Event]:
        """Events after the one with this id, or from now on; only of these kinds, where some are named.

        A lost connection is made again, after the last event that was seen: none is missed, none comes twice. When
        as many connections in a row as `retries` allows brought nothing, what kept them from it is raised.

        `GET /v1/events`
        """
        following = Following(after, self._transport.address.retries)
        while True:
            try:
                async with self._transport.listen(PATH, _filters(kinds), following.last_id) as source:
                    async for told in source:
                        if (event := following.read(told)) is not None:
                            yield event
                ended: ExchangeError = Unreachable("the exchange ended the stream")
            except PASSING as error:
                ended = error
            await self._transport.pause(following.pause_after(ended))


class Following:
    """How far a stream was followed, and how often in a row connecting was in vain."""

    def __init__(self, after: str | None, retries: Retries) -> None:
        self.last_id = after
        self._retries = retries
        self._in_vain = 0

    def read(self, told: httpx2.ServerSentEvent) -> Event | None:
        """An event; None for what only says where the stream is."""
        self._in_vain = 0
        if told.id:
            self.last_id = told.id
        if not told.data:
            return None
        try:
            data = json.loads(told.data)
        except ValueError as error:
            raise UnexpectedAnswer(f"event {told.id} is no JSON") from error
        return Event(told.id, told.event, data)

    def pause_after(self, ended: ExchangeError) -> float:
        """Seconds until the next connection, or what ended the last one where it is enough."""
        self._in_vain += 1
        retry_after = getattr(ended, "retry_after", None)
        pause = self._retries.pause(self._in_vain, retry_after)
        if pause is None:
            raise ended
        return pause


def _filters(kinds: Sequence[str]) -> list[tuple[str, str]]:
    return [("kinds", kind) for kind in kinds]
