"""Large bodies are read from whoever holds a key: nobody else makes the exchange hold and parse megabytes."""

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge.rate_limit import bearer_of, stated_length
from api.edge.settings import KIBIBYTE
from api.errors import answer_problem, problem_of
from market.domain.errors import MarketError, NotAuthenticated

READ_FROM_ANYBODY = 64 * KIBIBYTE
"""Bytes. Below it, a body is cheaper than asking the database who sent it."""


class KeyFirst:
    """Looks a key up before a large body under /v1 is read, unless the rate limit has recognised it already.

    Bodies are parsed before the routes ask who sent them. Nothing under /v1 takes a large body from anybody without a
    key, so whoever is refused here would have been refused there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            headers = Headers(scope=scope)
            length = stated_length(headers)
            large = length is None or length > READ_FROM_ANYBODY
            if large and not scope["state"].get("recognised"):
                try:
                    await run_in_threadpool(_recognise, scope, bearer_of(headers))
                except MarketError as refused:
                    told = {"WWW-Authenticate": "Bearer", "Connection": "close"}
                    await answer_problem(problem_of(refused), told)(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _recognise(scope: Scope, secret: str | None) -> None:
    if secret is None:
        raise NotAuthenticated(
            "missing_key", "this needs an API key: send the header 'Authorization: Bearer <key>'"
        )
    scope["state"]["key_id"] = scope["app"].state.desk.exchange.authenticate(secret).key_id
