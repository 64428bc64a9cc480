"""Heads of requests: so long, so many headers, for a host that is served here."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge.settings import EdgeSettings
from api.errors import answer_problem, build_problem
from api.schemas.problems import Problem


class HeadLimit:
    """Refuses heads that the protocol let through because they came in one piece, and hosts nobody serves here."""

    def __init__(self, app: ASGIApp, edge: EdgeSettings) -> None:
        self._app = app
        self._edge = edge
        self._hosts = frozenset(host.lower() for host in edge.allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        refused = self._refusal(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await answer_problem(refused, {"Connection": "close"})(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem | None:
        edge, headers = self._edge, scope["headers"]
        target = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        if target > edge.max_head_bytes // 2:
            return build_problem(
                414,
                "target_too_long",
                f"path and query have at most {edge.max_head_bytes // 2:,} bytes together",
            )
        size = target + sum(len(name) + len(value) for name, value in headers)
        if len(headers) > edge.max_headers or size > edge.max_head_bytes:
            return build_problem(
                431,
                "head_too_large",
                f"a head has at most {edge.max_headers} headers and {edge.max_head_bytes:,} bytes",
                max_headers=edge.max_headers,
                max_bytes=edge.max_head_bytes,
            )
        return self._wrong_host(scope)

    def _wrong_host(self, scope: Scope) -> Problem | None:
        if not self._hosts:
            return None
        host = Headers(scope=scope).get("host", "").lower()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        if name in self._hosts:
            return None
        return build_problem(421, "unknown_host", "this host name is not served here; check the address")
