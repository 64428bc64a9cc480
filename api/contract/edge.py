"""What the edge adds to every operation of the document: limits, tags, conditions and their refusals."""

from typing import Any

from api.contract.problems import declare, problems
from api.edge.questions import cost_of_thinking

LIMITS_TOLD: dict[str, Any] = {
    "RateLimit-Policy": {
        "description": "Which limit this counts against (`key`, or `address` without a recognised key), its quota `q`, "
        "its window `w` in seconds: draft-ietf-httpapi-ratelimit-headers-10.",
        "schema": {"type": "string"},
        "example": '"key";q=60000;w=60',
    },
    "RateLimit": {
        "description": "What is left of it (`r`), and seconds until counts begin to fall away (`t`).",
        "schema": {"type": "string"},
        "example": '"key";r=59990;t=31',
    },
}
RETRY_AFTER: dict[str, Any] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}, "example": 3}
}
TAG: dict[str, Any] = {
    "ETag": {
        "description": "Strong tag of it as it is now, for `If-Match` and `If-None-Match`.",
        "schema": {"type": "string"},
        "example": '"6a3b5c0d9e8f7a1b2c3d4e5f60718293"',
    }
}
NOT_MODIFIED: dict[str, Any] = {
    "description": "Not Modified: it is still what `If-None-Match` names.",
    "headers": TAG,
}
TAGGED_IN_PART = frozenset({"read_order"})
"""Operations whose tag is that of what can be changed, not of all they show: no condition on reading."""


def declare_edge(document: dict[str, Any]) -> None:
    """Add headers and responses to every operation under /v1."""
    for path, operations in document["paths"].items():
        if path.startswith("/v1/"):
            for operation in operations.values():
                _declare(operation, path)


def _declare(operation: dict[str, Any], path: str) -> None:
    sent = {parameter["name"].lower() for parameter in operation.get("parameters", ())}
    changes, reads = "if-match" in sent, "if-none-match" in sent
    tagged = changes or reads or operation["operationId"] in TAGGED_IN_PART
    responses = operation["responses"]
    for status, response in responses.items():
        if status.startswith("2"):
            told = LIMITS_TOLD | TAG if tagged else LIMITS_TOLD
            response["headers"] = response.get("headers", {}) | told
    refusals = problems("rate_limited", *(["precondition_failed"] if changes else []))
    for status, refusal in refusals.items():
        responses.setdefault(str(status), refusal)
    if reads:
        responses["304"] = NOT_MODIFIED
    if cost_of_thinking(path) is not None:
        _also_refuses(responses, 429, "too_many_questions")
        _also_refuses(responses, 503, "solver_busy")
        responses["503"]["headers"] = RETRY_AFTER
    if changes or reads:
        _also_refuses(responses, 422, "invalid_condition")
    responses["429"]["headers"] = RETRY_AFTER | LIMITS_TOLD
    operation["responses"] = dict(sorted(responses.items()))


def _also_refuses(responses: dict[str, Any], status: int, code: str) -> None:
    """One code more among those of a status."""
    content = responses.get(str(status), {}).get("content", {})
    declared = content.get("application/problem+json", {}).get("examples", {})
    responses[str(status)] = declare(status, [*declared, code])
