"""The OpenAPI document: problem responses declared, an example on every schema."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.schemas.fields import Schema
from api.schemas.problems import FieldProblem, Problem

TAGS = [
    {"name": "orders", "description": "订单: jobs and their terms; why they were or were not placed."},
    {"name": "quotes", "description": "报价: what an order would cost now, without submitting it."},
    {"name": "rounds", "description": "轮次: clear the market; value, bound, gap, figures, flows."},
    {"name": "allocations", "description": "分配: what was granted."},
    {"name": "prices", "description": "价格: by offering and hour, in parts."},
    {"name": "ledger", "description": "账户, 转账, 账单, 算力券: accounts, transfers, bills, vouchers."},
    {"name": "offerings", "description": "算力产品: what providers list."},
    {"name": "catalogue", "description": "区域, 算力中心, 设备: regions, nodes and devices."},
    {"name": "parties", "description": "服务商, 用户: who takes part."},
    {"name": "policy", "description": "策略: what energy, carbon and latency cost."},
    {"name": "scenarios", "description": "推演: the same book in another market; fronts; replays."},
    {"name": "operations", "description": "Whether the exchange is up and ready."},
]
DESCRIPTION = (
    "Suanli Exchange (算力交易所) decides who gets which compute, where, when and at which price, and proves how "
    "far from the best possible the result is. Money is CNY as a decimal string, time RFC 3339. Every refusal is "
    "a problem document (RFC 9457) with a stable `code`. Send `Authorization: Bearer <key>`; every POST takes an "
    "`Idempotency-Key`."
)
KEY_OPTIONAL: dict[str, Any] = {"security": [{}]}
"""Beside the key that an operation takes: it takes none as well."""
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_EXAMPLE_OF_STATUS = {
    400: "the body is not JSON (`malformed_json`)",
    401: "no key, or one that nobody issued",
    403: "the key's role may not do this",
    404: "no such thing, or another tenant's",
    409: "the state of the market does not allow it now, or the idempotency key was used for another request",
    413: "the body is too large (`body_too_large`)",
    415: "the body is not declared as JSON",
    422: "malformed or impossible: `errors` says where",
    500: "something broke on our side",
    503: "the exchange cannot serve now",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declared problem responses for these statuses."""
    return {
        status: {
            "description": f"{HTTPStatus(status).phrase}: {_EXAMPLE_OF_STATUS[status]}.",
            "content": _PROBLEM,
        }
        for status in statuses
    }


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, built once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            separate_input_output_schemas=False,
        )
        _drop_foreign_refusals(document)
        _complete_schemas(document["components"]["schemas"])
        app.openapi_schema = document
    return app.openapi_schema


def _drop_foreign_refusals(document: dict[str, Any]) -> None:
    """The framework declares a 422 of its own for ids in paths; here any text may be an id nobody has."""
    for operations in document["paths"].values():
        for operation in operations.values():
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _models(root: type[Schema]) -> Iterator[Any]:
    """Every schema with an example of its own."""
    for model in root.__subclasses__():
        if "json_schema_extra" in model.model_config:
            yield model
        yield from _models(model)


def _complete_schemas(schemas: dict[str, Any]) -> None:
    """Add the problem schemas; enums and pages get the examples that their classes cannot carry."""
    for model in (FieldProblem, Problem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas.setdefault(model.__name__, schema)
    whole = {model.__name__: model.model_config["json_schema_extra"] for model in _models(Schema)}
    for name, schema in schemas.items():
        if name in whole:  # the framework drops the nulls of examples
            schema["examples"] = whole[name]["examples"]
    for name, schema in schemas.items():
        if "enum" in schema:
            schema.setdefault("examples", schema["enum"][:1])
        elif name.startswith("PageAnswer"):
            item = schema["properties"]["items"]["items"]["$ref"].rsplit("/", 1)[1]
            schema.setdefault("examples", [{"items": schemas[item]["examples"][:1], "next_cursor": None}])
