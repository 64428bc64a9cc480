"""Bodies are read up to a limit, in limited time, before anything looks at them."""

import asyncio
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.edge.settings import EdgeSettings
from api.errors import answer_problem, build_problem
from api.schemas.problems import Problem

TAKES_MANY = ("/v1/orders/batch",)
"""Where many things come in one body; everywhere else it is one."""
DRAINED_TIMES = 8
"""How many times the largest body is read and thrown away, so that a client gets the answer and no broken pipe."""


class BodyLimit:
    """Answers 413 for a body above the limit, declared or chunked, 408 for one that does not arrive in time.

    It never holds more than the limit of one body, nor more than `max_held_body_bytes` of all of them together (503): a
    thousand uploads at once are refused in part, and nobody runs out of memory.
    """

    def __init__(self, app: ASGIApp, edge: EdgeSettings) -> None:
        self._app = app
        self._edge = edge
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body()
        try:
            refused = await self._read(receive, body, self._most(scope["path"]))
            if refused is not None:
                self._let_go(body)
                again = {"Retry-After": "1"} if refused.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
                await answer_problem(refused, {"Connection": "close", **again})(scope, receive, send)
            elif not body.cut_off:
                await self._app(scope, _replay(body.whole(), receive), send)
        finally:
            self._let_go(body)

    def _most(self, path: str) -> int:
        """Bytes of a body that is sent there."""
        most = self._edge.max_body_bytes
        return most if path in TAKES_MANY else min(most, self._edge.max_single_body_bytes)

    async def _read(self, receive: Receive, body: "_Body", most: int) -> Problem | None:
        """Read it whole, or say why not."""
        try:
            async with asyncio.timeout(self._edge.body_seconds):
                return await self._collect(receive, body, most)
        except TimeoutError:
            within = f"{self._edge.body_seconds:g} s"
            return build_problem(
                408, "request_timeout", f"a request must arrive within {within}; send it again"
            )

    async def _collect(self, receive: Receive, body: "_Body", most: int) -> Problem | None:
        size, more = 0, True
        drained, most_together = self._edge.max_body_bytes * DRAINED_TIMES, self._edge.max_held_body_bytes
        refused: Problem | None = None
        while more and size <= drained:
            message = await receive()
            body.cut_off = message["type"] == "http.disconnect"
            chunk = message.get("body", b"")
            size += len(chunk)
            more = message.get("more_body", False)
            if size > most:
                detail = f"a body has at most {most:,} bytes here; split it into several requests"
                refused = build_problem(413, "body_too_large", detail, max_bytes=most)
            elif self._held_bytes + len(chunk) > most_together:
                refused = build_problem(
                    503, "too_many_bodies", "too much is being sent at once; try again shortly"
                )
            if refused is None:
                body.chunks.append(chunk)
                body.size += len(chunk)
                self._held_bytes += len(chunk)
            else:
                self._let_go(body)
        return refused

    def _let_go(self, body: "_Body") -> None:
        self._held_bytes -= body.size
        body.chunks, body.size = [], 0


class _Body:
    """What has arrived of one; `cut_off`: the client went away before its end, and half a request is none."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.size = 0
        self.cut_off = False

    def whole(self) -> bytes:
        return b"".join(self.chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body once, then what the server says (a disconnect)."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
