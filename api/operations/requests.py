"""Every request once it is answered: told to whoever counts, and as one line of the log."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.operations.request_facts import RequestFacts, begin_request
from api.wire.headers import request_id_of

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines; their success is no news."""
CRASHED, GONE = 500, 499
"""The status of what broke before an answer began; of what nobody waited for (nginx's number)."""
_logger = logging.getLogger("suanli.access")


@dataclass(frozen=True, slots=True)
class Answered:
    """A request at its end."""

    method: str
    route: str
    status: int
    seconds: float


class WatchedRequests:
    """The outermost middleware: measures, tells, logs."""

    def __init__(self, app: ASGIApp, told: Sequence[Callable[[Answered], None]] = ()) -> None:
        self._app = app
        self._told = tuple(told)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        facts, began, status = begin_request(scope, request_id_of(scope)), time.perf_counter(), GONE

        async def send_watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except Exception:
            status = CRASHED
            raise
        finally:
            self._tell(facts, Answered(facts.method, facts.route, status, time.perf_counter() - began))

    def _tell(self, facts: RequestFacts, answered: Answered) -> None:
        for told in self._told:
            told(answered)
        quiet = answered.route in QUIET and answered.status < 400
        client = facts.scope.get("client")
        _logger.log(
            logging.DEBUG if quiet else logging.INFO,
            "%s %s %d",
            answered.method,
            quote(facts.scope["path"]),  # no line of its own for whoever writes one into a path
            answered.status,
            extra={
                "method": answered.method,
                "status": answered.status,
                "milliseconds": round(answered.seconds * 1000, 1),
                "client": client[0] if client else None,
            },
        )
