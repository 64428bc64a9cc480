"""Headers on every answer: what browsers may do with it, and which request it belongs to."""

import re
import uuid
from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_NOTHING_FOREIGN = (
    "default-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
"""Scripts and styles from here only, none inline; nobody may frame the page."""
_STYLED_INLINE = f"{_NOTHING_FOREIGN}; style-src 'self' 'unsafe-inline'; script-src 'none'"
"""For pages that stand alone: a style of their own, no script at all."""
_ALONE = "/problems"
_SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": _NOTHING_FOREIGN,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class AnswerHeaders:
    """Adds the headers to whatever the application answers."""

    def __init__(self, app: ASGIApp, hsts_seconds: int) -> None:
        self._app = app
        self._hsts_seconds = hsts_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in answer_headers(scope, self._hsts_seconds).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def answer_headers(scope: Scope, hsts_seconds: int = 0) -> Mapping[str, str]:
    """Security headers, the request's id, and whether the answer was given before."""
    secure = scope.get("scheme") == "https"
    headers = safety_headers(scope["path"], secure=secure, hsts_seconds=hsts_seconds)
    headers["X-Request-ID"] = request_id_of(scope)
    if scope.get("state", {}).get("replayed"):
        headers["Idempotent-Replayed"] = "true"
    return headers


def safety_headers(path: str, *, secure: bool, hsts_seconds: int) -> dict[str, str]:
    """What browsers may do with an answer, and whoever stores answers.

    `secure`: the client came by https, here or at a trusted proxy; only then may it be told to do so for `hsts_seconds`.
    """
    headers = dict(_SAFETY)
    if path.startswith(_ALONE):
        headers["Content-Security-Policy"] = _STYLED_INLINE
    if secure and hsts_seconds:
        headers["Strict-Transport-Security"] = f"max-age={hsts_seconds}"
    if path.startswith("/v1/"):
        headers["Cache-Control"] = "no-store"
    return headers


def mark_replayed(request: Request) -> None:
    """Say on the answer that it was given before."""
    request.state.replayed = True


def request_id_of(scope: Scope) -> str:
    """The client's own id where it is a plain one, else a fresh one; the same for the whole request."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        given = Headers(scope=scope).get("x-request-id", "")
        state["request_id"] = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    found: str = state["request_id"]
    return found
