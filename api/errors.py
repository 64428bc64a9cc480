"""Every refusal as a problem document (RFC 9457), from the market's own errors down to a crash."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime
from starlette.exceptions import HTTPException

from api.problems.registry import registry, type_of
from api.schemas.problems import FieldProblem, Problem
from api.wire.etags import REVALIDATED, NotModified
from api.wire.headers import answer_headers
from api.wire.json_body import ReadingError
from market.domain.errors import (
    Conflict,
    InvalidInput,
    MarketError,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    PreconditionFailed,
    TooMany,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
NOT_ITSELF = frozenset({"42P01", "42501", "25006"})
"""What PostgreSQL says (SQLSTATE) where a table is gone, where we may not use it, or where it has become a standby."""


class MalformedLine(MarketError):
    """A line of a body that is no JSON; the other lines stand."""


STATUS_OF: Mapping[type[MarketError], int] = {
    MalformedLine: 400,
    InvalidInput: 422,
    NotAuthenticated: 401,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    PreconditionFailed: 412,
    TooMany: 429,
    Unavailable: 503,
}
CODE_OF_STATUS = {
    400: "malformed_json",
    404: "not_found",
    405: "method_not_allowed",
}
READING = frozenset({"GET", "HEAD"})
MOST_TOLD = 20
"""Errors of fields that one refusal names; of the others it says how many there are."""
LONGEST_NAME = 100
"""Characters of a field's name that are repeated to whoever sent it."""
_logger = logging.getLogger(__name__)


class RoundNotLanded(MarketError):
    """A round that was asked for and did not land."""


def problem_of(error: MarketError) -> Problem:
    """A market error in the words of HTTP."""
    return build_problem(STATUS_OF.get(type(error), 500), error.code, error.message, **error.facts)


def build_problem(status: int, code: str, detail: str, **facts: Any) -> Problem:
    """A problem document; `type` is the page of the code, `title` what the registry calls it."""
    entry = registry().get(code)
    title = HTTPStatus(status).phrase if entry is None else entry.title_en
    reserved = {"type", "title", "status", "detail", "code"}
    extra = {name if name not in reserved else f"{name}_": value for name, value in facts.items()}
    return Problem(type=type_of(code), title=title, status=status, detail=detail, code=code, **extra)


def malformed_request(
    errors: Sequence[Mapping[str, Any]], body: Any = None, most: int = MOST_TOLD
) -> InvalidInput:
    """A request whose fields are not what the schema asks for: the first of them, and how many more there are."""
    found = [
        FieldProblem(loc=_path_of(error, body), msg=error["msg"]).model_dump() for error in errors[:most]
    ]
    first, more = found[0], len(errors) - len(found)
    where = ".".join(str(part) for part in first["loc"])
    detail = f"{where}: {first['msg']}"
    if more:
        detail += f" (and {more:,} more that are not listed)"
        return InvalidInput("malformed_request", detail, errors=found, errors_not_listed=more)
    return InvalidInput("malformed_request", detail, errors=found)


def _path_of(error: Mapping[str, Any], body: Any) -> list[str | int]:
    """Where in what was sent: without the names by which the schemas call their alternatives."""
    source, *path = error["loc"]
    if source != "body":
        return [_shown(part) for part in error["loc"]]
    sent, way, last = body, [source], len(path) - 1
    for depth, part in enumerate(path):
        there = (isinstance(sent, dict) and part in sent) or (
            isinstance(sent, list) and isinstance(part, int)
        )
        if there:
            sent = sent[part]
            way.append(_shown(part))
        elif depth == last and error["type"] == "missing":
            way.append(part)
    return way


def _shown(part: str | int) -> str | int:
    """Part of a way as it is repeated: a client may call a field what it likes, at any length."""
    return part if isinstance(part, int) or len(part) <= LONGEST_NAME else f"{part[:LONGEST_NAME]}…"


def answer_problem(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A problem document on its way."""
    return JSONResponse(
        problem.model_dump(mode="json"), problem.status, dict(headers or {}), media_type=MEDIA_TYPE
    )


def install_error_answers(app: FastAPI) -> None:
    """Tell the application how each kind of failure is answered."""
    app.add_exception_handler(MarketError, _answer_market_error)
    app.add_exception_handler(NotModified, _answer_not_modified)
    app.add_exception_handler(RequestValidationError, _answer_malformed)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(DBAPIError, _answer_database_error)
    app.add_exception_handler(NoConnectionInTime, _answer_database_error)
    app.add_exception_handler(Exception, _answer_crash)


async def _answer_market_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, MarketError):
        raise TypeError(type(error).__name__)
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotAuthenticated) else {}
    if "retry_after_seconds" in error.facts:
        headers["Retry-After"] = str(error.facts["retry_after_seconds"])
    return answer_problem(problem_of(error), headers)


async def _answer_not_modified(_request: Request, seen: Exception) -> Response:
    if not isinstance(seen, NotModified):
        raise TypeError(type(seen).__name__)
    headers = {"ETag": seen.tag, "Cache-Control": REVALIDATED, "Content-Length": str(seen.length)}
    return Response(
        status_code=304, headers=headers
    )  # the length goes no further than where answers are packed


async def _answer_malformed(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise TypeError(type(error).__name__)
    return answer_problem(problem_of(malformed_request(error.errors(), error.body)))


async def _answer_http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise TypeError(type(error).__name__)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(_allowed_methods(request)) or "GET"
        detail = f"{request.method} is not allowed on {request.url.path}; allowed: {allowed}"
        return answer_problem(build_problem(405, "method_not_allowed", detail), {"Allow": allowed})
    code = (
        error.code if isinstance(error, ReadingError) else CODE_OF_STATUS.get(error.status_code, "http_error")
    )
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"there is nothing at {request.url.path}; /openapi.json lists what there is"
    return answer_problem(build_problem(error.status_code, code, detail), error.headers)


async def _answer_database_error(request: Request, error: Exception) -> JSONResponse:
    if not _is_of_the_database(error):
        raise error
    _logger.error("%s %s: the database did not answer", request.method, request.url.path, exc_info=error)
    return answer_problem(_no_database(stores=request.method not in READING), {"Retry-After": "1"})


async def _answer_crash(request: Request, _error: Exception) -> JSONResponse:
    """The last resort, outside all middleware: the server logs the trace, the client gets none of it."""
    headers = answer_headers(request.scope)
    return answer_problem(_crash(headers["X-Request-ID"]), headers)


def problem_of_any(error: Exception, request_id: str) -> Problem:
    """Whatever broke off an answer that has begun, of a question that stores nothing; a crash is for its caller to log."""
    if isinstance(error, MarketError):
        return problem_of(error)
    if _is_of_the_database(error):
        return _no_database(stores=False)
    return _crash(request_id)


def _is_of_the_database(error: Exception) -> bool:
    """Whether the database cannot answer, whoever asks; what else it refuses is our own fault."""
    if isinstance(error, OperationalError | NoConnectionInTime):
        return True
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in NOT_ITSELF


def _no_database(*, stores: bool) -> Problem:
    """A connection that breaks as it commits, or after the first of several commits, tells nobody what was stored."""
    detail = "the database is busy or unreachable; "
    if stores:
        detail += "it is not known whether this was stored: send it again shortly, a POST under the same Idempotency-Key"
    else:
        detail += "nothing was to be stored, try again shortly"
    return build_problem(503, "database_unavailable", detail)


def _crash(request_id: str) -> Problem:
    detail = f"something broke on our side; tell the operator request {request_id}"
    return build_problem(500, "internal_error", detail)


def _allowed_methods(request: Request) -> list[str]:
    """Of the path as it is written, where there is one: `/v1/orders/batch` is no order's id.

    Read off the routes: the document says the same, but to write it takes most of a second, in which nobody is answered.
    """
    path = request.url.path
    routes = [
        route for route in request.app.routes if isinstance(route, APIRoute) and route.include_in_schema
    ]
    found = [route for route in routes if route.path == path]
    found = found or [route for route in routes if route.path_regex.match(path)]
    return sorted({method for route in found for method in route.methods or ()})
