"""What is known of the request that is being answered, for every line that is logged meanwhile.

One object per request, held by a context variable: threads that work for the request see the same object, so what one
of them learns (whose key it is: `request.state.key_id`) the others tell.
"""

from contextvars import ContextVar
from dataclasses import dataclass

from starlette.types import Scope

UNMATCHED, PAGE = "unmatched", "page"


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """Who asks what; read from the request's scope, which learns it bit by bit."""

    scope: Scope
    request_id: str

    @property
    def key_id(self) -> str | None:
        """Whose key it is, by its id; None until that is known, or for good where none was sent."""
        found: str | None = self.scope.get("state", {}).get("key_id")
        return found

    @property
    def method(self) -> str:
        """GET, POST, …"""
        return str(self.scope["method"])

    @property
    def route(self) -> str:
        """The path as its template (`/v1/orders/{order_id}`), of which there are few."""
        route = self.scope.get("route")
        path = getattr(route, "path_format", None) or getattr(route, "path", None)
        return str(path) if path else PAGE if "endpoint" in self.scope else UNMATCHED


_current: ContextVar[RequestFacts | None] = ContextVar("request_facts", default=None)


def begin_request(scope: Scope, request_id: str) -> RequestFacts:
    """Facts of a request from here on, in this context and those that are copied from it."""
    facts = RequestFacts(scope, request_id)
    _current.set(facts)
    return facts


def current_request() -> RequestFacts | None:
    """Facts of the request that this code works for, if it works for one."""
    return _current.get()
