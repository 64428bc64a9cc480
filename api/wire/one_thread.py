"""One change of threads for a request: what a dependency would ask the database is asked where the route is carried out.

FastAPI hands every function that blocks to a thread, a dependency as well as the route behind it, and each time the request
waits for a thread to wake up and for the event loop to hear of it. So what blocks is answered with a `Later` here.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Generic, TypeVar

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from market.domain.errors import MarketError

T = TypeVar("T")


class Later(Generic[T]):
    """What a dependency answers before it is known; asked once, in the thread of the route."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._found: list[T] = []
        self._refusal: MarketError | None = None

    def __call__(self) -> T:
        """What was asked for, or why it is refused, each time."""
        if not self.was_asked:
            try:
                self._found.append(self._ask())
            except MarketError as refusal:
                self._refusal = refusal
        if self._refusal is not None:
            raise self._refusal
        return self._found[0]

    @property
    def was_asked(self) -> bool:
        """Whether it is known by now."""
        return bool(self._found) or self._refusal is not None


class OneThreadRoute(APIRoute):
    """A route that is given what its dependencies answer later.

    Who asks is asked first all the same: nobody learns what is wrong with what a request says but whoever may send one.
    (Whether a short body can be read at all is told to anybody.)
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _given_all(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler; `request.state.asks` is where a dependency leaves the question of who asks."""
        answer = super().get_route_handler()

        async def ask_who_first(request: Request) -> Response:
            try:
                return await answer(request)
            except (RequestValidationError, MarketError):
                asks: Later[object] | None = getattr(request.state, "asks", None)
                if asks is not None and not asks.was_asked:
                    await run_in_threadpool(asks)
                raise

        return ask_who_first


def _given_all(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint, given answers where there were questions."""

    @wraps(endpoint)
    def answer(**given: Any) -> Any:
        return endpoint(**_found(given))

    @wraps(endpoint)
    async def answer_on_loop(**given: Any) -> Any:
        if any(isinstance(value, Later) for value in given.values()):
            given = await run_in_threadpool(_found, given)
        return await endpoint(**given)

    return answer_on_loop if iscoroutinefunction(endpoint) else answer


def _found(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value() if isinstance(value, Later) else value for name, value in given.items()}
