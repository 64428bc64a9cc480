"""Headers on every answer: what browsers may do with it, and which request it belongs to."""

import re
import uuid
from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_PAGE_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
_DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "img-src 'self' data: https://fastapi.tiangolo.com; frame-ancestors 'none'"
)


class AnswerHeaders:
    """Adds the headers to whatever the application answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in answer_headers(scope).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def answer_headers(scope: Scope) -> Mapping[str, str]:
    """Security headers, the request's id, and whether the answer was given before."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": _DOCS_POLICY if scope["path"] in {"/docs", "/redoc"} else _PAGE_POLICY,
        "X-Request-ID": _request_id(scope),
    }
    if scope["path"].startswith("/v1/"):
        headers["Cache-Control"] = "no-store"
    if scope.get("state", {}).get("replayed"):
        headers["Idempotent-Replayed"] = "true"
    return headers


def mark_replayed(request: Request) -> None:
    """Say on the answer that it was given before."""
    request.state.replayed = True


def _request_id(scope: Scope) -> str:
    """The client's own id where it is a plain one, else a fresh one; the same for the whole request."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        given = Headers(scope=scope).get("x-request-id", "")
        state["request_id"] = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    found: str = state["request_id"]
    return found
