"""Reading JSON strictly: what RFC 8259 does not know (NaN, Infinity) and what nobody can mean is refused."""

import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, NoReturn

from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic_core import from_json

from api.wire.media_types import is_json, sent_as
from api.wire.one_thread import OneThreadRoute

DEEPEST_NESTING = 32
"""An order has four levels; whatever walks a body recursively later on is safe."""
_NESTING = (list, dict)
MOST_VALUES = 1_000_000
"""Of a body: the largest batch of the largest orders has half of that, and a million empty lists take 100 MB."""
MOST_MEMBERS = 1000
"""Of one object: the longest table that makes sense names each node. Each member that no schema knows is an error of its
own, and a hundred thousand of them keep whoever looks for a second."""
READ_ON_LOOP = 64 * 1024
"""Bytes of a body that the event loop reads itself; a larger one is read in a thread, and everybody else is answered."""


class ReadingError(HTTPException):
    """A body that cannot be read; `code` is what the problem document says."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(status, detail)
        self.code = code


class JsonRequest(Request):
    """A request whose JSON is read once, strictly."""

    async def json(self) -> Any:
        """The body as JSON; `ReadingError` for anything else."""
        if not hasattr(self, "_json"):
            body = await self.body()
            large = len(body) > READ_ON_LOOP
            self._json = await run_in_threadpool(read_json, body) if large else read_json(body)
        return self._json


class JsonRoute(OneThreadRoute):
    """A route that takes JSON and says so when it gets something else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler, behind a request that reads strictly."""
        answer = super().get_route_handler()
        takes_body = self.body_field is not None

        async def read_strictly(request: Request) -> Response:
            strict = JsonRequest(request.scope, request.receive)
            if takes_body and not is_json(sent_as(request)) and await strict.body():
                raise ReadingError(
                    415,
                    "unsupported_media_type",
                    "send the body as JSON, with Content-Type: application/json",
                )
            if takes_body and len(await strict.body()) > READ_ON_LOOP:
                await self._refuse_malformed(strict)
            return await answer(strict)

        return read_strictly

    async def _refuse_malformed(self, request: JsonRequest) -> None:
        """Off the event loop: what is wrong with a large body takes long to find, a good one is soon looked at again."""
        found = await request.json()
        _, errors = await run_in_threadpool(self.body_field.validate, found, loc=("body",))  # type: ignore[union-attr]
        if errors:
            raise RequestValidationError(errors, body=found)


def read_json(body: bytes) -> Any:
    """JSON of bytes; `ReadingError` (400) tells where it breaks."""
    found = parse_json(body)
    require_plain(found)
    return found


def parse_json(body: bytes) -> Any:
    """The same for whoever looks at its shape later (`require_plain`), before anything walks through it."""
    require_few(body)
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:  # what the quick reader refuses, the other one explains: or takes, in UTF-16
        return _explain(body)


def require_plain(found: Any) -> None:
    """`ReadingError` where lists and objects are nested too deeply, or an object has more members than any schema.

    Found without recursion, and before any schema looks at it.
    """
    nested = [found] if isinstance(found, _NESTING) else []
    for _ in range(DEEPEST_NESTING):
        if not nested:
            return
        nested = [
            child
            for part in nested
            for child in (part if isinstance(part, list) else _members(part))
            if isinstance(child, _NESTING)
        ]
    if nested:
        raise _too_deep()


def _explain(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ReadingError(400, "malformed_json", f"the body is not JSON: {error.msg} ({where})") from error
    except RecursionError as error:
        raise _too_deep() from error
    except UnicodeDecodeError as error:
        raise ReadingError(400, "malformed_json", f"the body is not UTF-8 (byte {error.start})") from error
    except ValueError as error:
        raise ReadingError(400, "malformed_json", "a number in the body has too many digits") from error


def _members(found: dict[str, Any]) -> Iterable[Any]:
    if len(found) > MOST_MEMBERS:
        raise ReadingError(
            400,
            "malformed_json",
            f"an object of the body has {len(found):,} members, at most {MOST_MEMBERS:,} are read",
        )
    return found.values()


def require_few(body: bytes) -> None:
    """`ReadingError` where a body would take far more memory as objects than as text: `[],[],[]…`."""
    if len(body) > MOST_VALUES and sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ReadingError(
            413,
            "body_too_large",
            f"a body has at most {MOST_VALUES:,} values; split it into several requests",
        )


def _too_deep() -> ReadingError:
    return ReadingError(400, "malformed_json", f"the body is nested more than {DEEPEST_NESTING} levels deep")


def _refuse_constant(name: str) -> NoReturn:
    raise ReadingError(400, "malformed_json", f"the body is not JSON: {name} is no JSON number")
