"""Which content coding a client takes (RFC 9110, section 12.5.3), and answers packed for those that take gzip."""

import asyncio
import gzip
import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WORTH_PACKING = 1024
"""Bytes: smaller answers are sent as they are."""
LEVEL = 1
"""Of gzip: on JSON half the time of the usual one, for a seventh more bytes."""
LONG = 64 * 1024
"""Bytes from which on packing takes a thread, so that nobody else waits for it."""
PACKED_TYPES = ("application/json", "application/problem+json", "application/x-ndjson", "text/html")
TELLS_NO_SECRET = frozenset({"/v1/orders/batch", "/v1/quotes", "/v1/scenarios", "/v1/scenarios/sweep"})
"""POSTs whose answers may be packed. A new key or secret is told by others: packed beside what a stranger chose, its length
would tell of it (BREACH); reading never tells one.
"""
PACKED_TAG = '-gzip"'
_CODING = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", re.IGNORECASE
)


def takes_gzip(lines: Iterable[str]) -> bool:
    """Whether gzip may be sent, and is liked no less than sending it as it is; `lines` of Accept-Encoding."""
    liked: dict[str, float] = {}
    for part in ",".join(lines).split(","):
        found = _CODING.fullmatch(part)
        if found is not None:
            liked[found[1].lower().removeprefix("x-")] = 1.0 if found[2] is None else float(found[2])
    quality = liked.get("gzip", liked.get("*", 0.0))
    return quality > 0 and quality >= liked.get("identity", 0.0)


class PackedAnswers:
    """Packs whole answers for clients that take gzip. Streams pass as they are: nothing of them is kept back.

    A packed answer is another representation, so its `ETag` is another one; conditions take both for the same thing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and (scope["method"] == "GET" or scope["path"] in TELLS_NO_SECRET):
            send = _Packing(Headers(scope=scope), send)
        await self._app(scope, receive, send)


class _Packing:
    """One answer on its way."""

    def __init__(self, asked: Headers, send: Send) -> None:
        self._asked = asked
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._may_be_packed(message):
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            if not message.get("more_body", False) and len(message["body"]) >= WORTH_PACKING:
                message = await self._packed(start, message)
            await self._send(start)
        await self._send(message)

    def _may_be_packed(self, start: Message) -> bool:
        headers = MutableHeaders(scope=start)
        if start["status"] == 304:
            self._name_unsent(headers)
        kind = headers.get("content-type", "").split(";")[0]
        return kind in PACKED_TYPES and "content-encoding" not in headers

    async def _packed(self, start: Message, message: Message) -> Message:
        headers = MutableHeaders(scope=start)
        headers.add_vary_header("Accept-Encoding")
        if not takes_gzip(self._asked.getlist("accept-encoding")):
            return message
        body: bytes = message["body"]
        packed = await asyncio.to_thread(_pack, body) if len(body) >= LONG else _pack(body)
        headers["Content-Encoding"], headers["Content-Length"] = "gzip", str(len(packed))
        if headers.get("etag", "").endswith('"'):
            headers["ETag"] = headers["etag"][:-1] + PACKED_TAG
        return {**message, "body": packed}

    def _name_unsent(self, headers: MutableHeaders) -> None:
        """What is not sent again has the tag, and varies, as if it were (RFC 9110, section 15.4.5).

        But a client that named only its other tag is told that one: it has nothing under the first.
        """
        length = int(headers.get("content-length", 0))
        del headers["content-length"]
        if length < WORTH_PACKING:
            return
        headers.add_vary_header("Accept-Encoding")
        plain, packed = headers["etag"], headers["etag"][:-1] + PACKED_TAG
        sent, other = (
            (packed, plain) if takes_gzip(self._asked.getlist("accept-encoding")) else (plain, packed)
        )
        known = ",".join(self._asked.getlist("if-none-match"))
        headers["ETag"] = other if other in known and sent not in known else sent


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)
