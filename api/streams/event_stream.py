"""Server-sent events: one client's stream of the log, for as long as both sides last."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.streams.event_feed import Feed, Listener
from market.domain.audience import Audience, Wanted
from market.domain.events import Event, event_id

LONGEST_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a stream is silent at most, how long it waits for its reader, and how long it lasts.

    A stream that ends is opened again by its client after `retry_seconds`, with its key: so whoever lost a right is found
    out within `longest_seconds`.
    """

    keep_alive_seconds: float = 15.0
    unread_seconds: float = 30.0
    longest_seconds: float = LONGEST_SECONDS
    retry_seconds: float = 2.0


class EventStream(Response):
    """`text/event-stream`. What is sent waits for its reader, who is dropped if it does not read.

    It ends when the exchange stops, the key is revoked or the client goes; an idle one costs two tasks and no thread.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        feed: Feed,
        audience: Audience,
        wanted: Wanted,
        after: int | None,
        *,
        key_id: str | None,
        pace: Pace,
        still_good: Callable[[], object] | None = None,
    ) -> None:
        """`still_good` refuses whose key has ended: asked once more when its end can no longer be missed."""
        headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
        self.status_code = 200
        self.background: BackgroundTask | None = None
        self.init_headers(headers)
        self._feed, self._audience, self._wanted = feed, audience, wanted
        self._after, self._key_id, self._pace = after, key_id, pace
        self._still_good = still_good

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """ASGI."""
        async with self._feed.listen(self._after, self._key_id) as listener:
            if self._still_good is not None:
                await self._feed.in_thread(self._still_good)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            gone = asyncio.create_task(_end_when_gone(receive, listener))
            try:
                with contextlib.suppress(TimeoutError):
                    await self._tell(listener, send)
                    await self._write(send, b"", more=False)
            finally:
                gone.cancel()

    async def _tell(self, listener: Listener, send: Send) -> None:
        """`TimeoutError` where the client does not read."""
        ends_at = time.monotonic() + self._pace.longest_seconds
        await self._write(send, _opening(listener.position, self._pace.retry_seconds))
        while not listener.ended and time.monotonic() < ends_at:
            found = await self._feed.next(listener, self._audience, self._wanted)
            if found:
                await self._write(send, self._frames(found))
            if self._feed.behind(listener):
                await asyncio.sleep(0)  # a long tale, in which others have their turn
            elif not await listener.wait(self._pace.keep_alive_seconds):
                await self._write(send, b": still here\n\n")

    def _frames(self, found: Iterable[Event]) -> bytes:
        return b"".join(
            f"id: {event.id}\nevent: {event.kind}\ndata: {_data(event, self._audience)}\n\n".encode()
            for event in found
        )

    async def _write(self, send: Send, body: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self._pace.unread_seconds):
            await send({"type": "http.response.body", "body": body, "more_body": more})


def _opening(position: int, retry_seconds: float) -> bytes:
    """How soon to come back, and from where, should nothing happen before the stream breaks."""
    return f"retry: {int(retry_seconds * 1000)}\nid: {event_id(position)}\n\n".encode()


def _data(event: Event, audience: Audience) -> str:
    return json.dumps(audience.tell(event), ensure_ascii=False, separators=(",", ":"))


async def _end_when_gone(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    listener.end()
