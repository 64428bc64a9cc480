"""How an operation ends: announced in the document and on every answer, at least six months ahead.

    @router.get("/old", deprecated=True, openapi_extra=ending(date(2027, 1, 31), date(2027, 8, 31), "/v1/new"))

Answers carry `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and, where there is one, a link to what takes its place.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SINCE, SUNSET, SUCCESSOR = "x-deprecated-since", "x-sunset", "x-successor"
SHORTEST_NOTICE = timedelta(days=183)
HEADERS: Mapping[str, Any] = {
    "Deprecation": {
        "description": "Since when the operation is deprecated (RFC 9745).",
        "schema": {"type": "string", "examples": ["@1769817600"]},
    },
    "Sunset": {
        "description": "From when on it may be gone (RFC 8594).",
        "schema": {"type": "string", "examples": ["Mon, 31 Aug 2026 00:00:00 GMT"]},
    },
}


def ending(since: date, sunset: date, successor: str | None = None) -> dict[str, Any]:
    """What a deprecated route says of its end; `ValueError` for less than six months' notice."""
    if sunset - since < SHORTEST_NOTICE:
        raise ValueError(
            f"an operation ends six months after it is deprecated at the earliest, not on {sunset}"
        )
    said = {SINCE: since.isoformat(), SUNSET: sunset.isoformat()}
    return said if successor is None else said | {SUCCESSOR: successor}


def ending_headers(said: Mapping[str, Any]) -> dict[str, str]:
    """The headers for what a route says of its end."""
    headers = {
        "Deprecation": f"@{int(_midnight(said[SINCE]).timestamp())}",
        "Sunset": format_datetime(_midnight(said[SUNSET]), usegmt=True),
    }
    if SUCCESSOR in said:
        headers["Link"] = f'<{said[SUCCESSOR]}>; rel="successor-version"'
    return headers


def complete_endings(document: dict[str, Any]) -> None:
    """Declare both headers on every answer of a deprecated operation."""
    for operations in document["paths"].values():
        for operation in operations.values():
            if operation.get("deprecated"):
                for response in operation["responses"].values():
                    response["headers"] = {**response.get("headers", {}), **HEADERS}


class DeprecationHeaders:
    """Adds the headers to whatever a deprecated route answers, refusals as well."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def send_with_headers(message: Message) -> None:
            route = scope.get("route")  # known once the request was routed
            if message["type"] == "http.response.start" and getattr(route, "deprecated", None):
                headers = MutableHeaders(scope=message)
                for name, value in ending_headers(getattr(route, "openapi_extra", None) or {}).items():
                    headers.append(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)
