"""One request, before it is sent, and one answer, after it came: what both transports share, without any input or output."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import TypeAdapter, ValidationError

from api.client.answer import Answer, Received
from api.client.errors import (
    ExchangeError,
    Refused,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
    refused_of,
)
from api.client.retries import CODES_WORTH_ANOTHER_TRY, WORTH_ANOTHER_TRY, read_retry_after

T = TypeVar("T")
STANDARD_MEMBERS = frozenset({"type", "title", "status", "detail", "code"})


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask. `once`: the exchange carries it out once under its idempotency key, so it may be asked again."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = None
    once: bool = False
    idempotency_key: str | None = None
    seconds: float | None = None

    def prepared(self) -> "Prepared":
        """Ready to be sent, as often as need be: the idempotency key is made here, once."""
        headers = {name: value for name, value in self.headers.items() if value is not None}
        if self.once:
            headers["Idempotency-Key"] = self.idempotency_key or str(uuid.uuid4())
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        return Prepared(
            method=self.method,
            path=self.path,
            params=[(name, text) for name, value in self.query.items() for text in _texts(value)],
            headers=headers,
            content=None if self.body is None else json.dumps(self.body, default=_plain).encode(),
            seconds=self.seconds,
            repeatable=self.once or self.method in {"GET", "HEAD"},
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """Bytes to send; the same each time."""

    method: str
    path: str
    params: list[tuple[str, str]]
    headers: dict[str, str]
    content: bytes | None
    seconds: float | None
    repeatable: bool

    def may_go_better(self, outcome: "httpx2.Response | ExchangeError") -> bool:
        """Whether asking again does no harm and may help."""
        if not self.repeatable:
            return False
        if isinstance(outcome, Refused):
            return outcome.status in WORTH_ANOTHER_TRY or outcome.code in CODES_WORTH_ANOTHER_TRY
        if isinstance(outcome, ExchangeError):
            return isinstance(outcome, Unreachable | TimedOut)
        return outcome.status_code in WORTH_ANOTHER_TRY or _code_of(outcome) in CODES_WORTH_ANOTHER_TRY


def segment(value: str) -> str:
    """A value as one segment of a path; refuses what would be another path."""
    if value in {"", ".", ".."}:
        raise ValueError(f"{value!r} is no id")
    return quote(value, safe="")


def failure_of(error: httpx2.HTTPError | httpx2.InvalidURL, server: str) -> ExchangeError:
    """A failed connection in the client's words."""
    if isinstance(error, httpx2.TimeoutException) and not isinstance(error, httpx2.ConnectTimeout):
        return TimedOut(f"{server} took too long to answer")
    return Unreachable(f"no exchange answers at {server} ({error or type(error).__name__})")


def refused_by(response: httpx2.Response, server: str) -> ExchangeError:
    """The problem document of an answer that is none of the 200s."""
    return read_problem(response.content, response, server, response.status_code)


def read_problem(
    content: bytes | str, response: httpx2.Response, server: str, status: int | None = None
) -> ExchangeError:
    """A problem document in the client's words; its own status where none is given."""
    try:
        problem = json.loads(content)
        code, message = str(problem["code"]), str(problem.get("detail") or problem.get("title"))
        refused = int(problem["status"]) if status is None else status
    except (ValueError, KeyError, TypeError, AttributeError):
        return UnexpectedAnswer(f"{server} answered {response.status_code}, not as an exchange does")
    return refused_of(refused)(
        code,
        message,
        status=refused,
        facts={name: value for name, value in problem.items() if name not in STANDARD_MEMBERS},
        request_id=response.headers.get("x-request-id"),
        retry_after=read_retry_after(response.headers),
    )


def _code_of(response: httpx2.Response) -> str | None:
    """Of a refusal; None of an answer, and of a refusal that says nothing."""
    return None if response.is_success else refused_by(response, "").code


def read_answer(response: httpx2.Response, shape: Any, server: str) -> Any:
    """The body as its type says, with how it came."""
    return read_content(response.content, response, shape, server)


def read_content(content: bytes | str, response: httpx2.Response, shape: Any, server: str) -> Any:
    """The same of what a response told in part."""
    try:
        found = _adapter(shape).validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnexpectedAnswer(
            f"{server} gave an answer that this client does not understand ({where}: {first['msg']}); "
            "is one of them much older than the other?"
        ) from error
    if isinstance(found, Answer):
        found.receive(received_of(response))
    return found


def received_of(response: httpx2.Response) -> Received:
    """What the headers say."""
    headers = response.headers
    return Received(
        response.status_code,
        headers.get("x-request-id"),
        headers.get("etag"),
        headers.get("idempotent-replayed") == "true",
    )


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _texts(value: Any) -> Sequence[str]:
    """A query parameter as text, several times where it is a list; none where it is None."""
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (value.isoformat() if isinstance(value, date) else str(value),)


def _plain(value: Any) -> Any:
    """What JSON has no notation for."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Answer):
        return value.plain()
    raise TypeError(f"{type(value).__name__} is nothing that JSON can say")
