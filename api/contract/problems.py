"""The refusals of an operation as the document declares them: one example for each code it is refused with."""

from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from api.problems.registry import registry

MEDIA_TYPE = "application/problem+json"
USUAL_CODES: Mapping[int, tuple[str, ...]] = {
    400: ("malformed_json",),
    401: ("missing_key", "unknown_key", "key_expired", "key_revoked", "key_rotated"),
    403: ("not_permitted", "missing_scope"),
    404: ("not_found",),
    409: ("idempotency_key_reused", "request_in_progress"),
    413: ("body_too_large",),
    415: ("unsupported_media_type",),
    422: ("malformed_request",),
    500: ("internal_error",),
    503: ("database_unavailable",),
}
"""What a status that is declared without a code stands for."""


def problems(*kinds: int | str) -> dict[int | str, dict[str, Any]]:
    """Declared refusals: a status stands for its usual codes, a code for itself beside them."""
    codes: dict[int, list[str]] = defaultdict(list)
    for kind in kinds:
        if isinstance(kind, int):
            codes[kind] += USUAL_CODES[kind]
        else:
            codes[registry()[kind].status].append(kind)
    return {status: declare(status, named) for status, named in sorted(codes.items())}


def declare(status: int, codes: list[str]) -> dict[str, Any]:
    """One declared refusal with an example for each of its codes."""
    named = ", ".join(f"`{code}`" for code in codes)
    return {
        "description": f"{HTTPStatus(status).phrase}: {named}.",
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def problem_example(code: str) -> dict[str, Any]:
    """A problem document of this code, as an OpenAPI example."""
    entry = registry()[code]
    document: dict[str, Any] = {
        "type": entry.type,
        "title": entry.title_en,
        "status": entry.status,
        "detail": f"{entry.means_en} {entry.next_en}",
        "code": code,
    }
    if code == "malformed_request":
        document["detail"] = "body.job.units: must be above 0"
        document["errors"] = [{"loc": ["body", "job", "units"], "msg": "must be above 0"}]
    return {"summary": f"{entry.title_en} {entry.title_zh}", "value": document}


def problem_examples(document: Mapping[str, Any]) -> dict[str, Any]:
    """Every example that some refusal of the document refers to, in the sequence of the registry."""
    wanted = {
        code
        for operations in document["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
        for code in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
    }
    return {code: problem_example(code) for code in registry() if code in wanted}
