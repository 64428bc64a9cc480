"""Bodies are read up to a limit before anything looks at them."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer_problem, build_problem

DRAINED_TIMES = 8
"""How many times the limit is read and thrown away, so that a client gets the answer and no broken pipe."""


class BodyLimit:
    """Answers 413 for a body above the limit, declared or chunked, and never holds more than the limit of it."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await self._read(receive)
        if body is None:
            limit = f"{self._max_bytes:,} bytes"
            detail = f"a body has at most {limit}; split it into several requests"
            problem = build_problem(413, "body_too_large", detail, max_bytes=self._max_bytes)
            await answer_problem(problem, {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body, or None where it is too large; a client that went away has sent what it has sent."""
        chunks: list[bytes] = []
        size, more = 0, True
        while more and size <= self._max_bytes * DRAINED_TIMES:
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            more = message.get("more_body", False)
            if size <= self._max_bytes:
                chunks.append(chunk)
            else:
                chunks.clear()
        return b"".join(chunks) if size <= self._max_bytes else None


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
