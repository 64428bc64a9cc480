"""The OpenAPI document: problem responses declared, an example on every schema and operation."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.contract.access import complete_access
from api.contract.deprecation import complete_endings
from api.contract.edge import declare_edge
from api.contract.examples import complete_examples
from api.contract.problems import problem_examples, problems
from api.schemas.fields import Schema
from api.schemas.orders import OrderBatch
from api.schemas.problems import FieldProblem, Problem

__all__ = ["DESCRIPTION", "KEY_OPTIONAL", "TAGS", "describe", "problems"]
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
    {"name": "events", "description": "事件, 审计: what happens, as it happens; who did it."},
    {"name": "exchange", "description": "交易所: what a client asks first; demo sessions."},
    {"name": "operations", "description": "Whether the exchange is up and ready."},
]
DESCRIPTION = (
    "Suanli Exchange (算力交易所) decides who gets which compute, where, when and at which price, and proves how "
    "far from the best possible the result is. Money is CNY as a decimal string, time RFC 3339. Every refusal is "
    "a problem document (RFC 9457) with a stable `code`. Send `Authorization: Bearer <key>`; every POST takes an "
    "`Idempotency-Key`."
)
CONTACT = {"name": "The operator of this exchange"}
LICENCE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
SERVERS = [{"url": "/", "description": "The exchange that serves this document."}]
KEY_OPTIONAL: dict[str, Any] = {"security": [{}]}
"""Beside the key that an operation takes: it takes none as well."""


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, built once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            servers=SERVERS,
            contact=CONTACT,
            license_info=LICENCE,
            separate_input_output_schemas=False,
        )
        _drop_foreign_refusals(document)
        declare_edge(document)
        _complete_schemas(document["components"]["schemas"])
        complete_access(document)
        complete_endings(document)
        complete_examples(document)
        document["components"]["examples"] = problem_examples(document)
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
    for model in (FieldProblem, Problem, OrderBatch):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas.setdefault(model.__name__, schema)
    # each order of a batch is looked at on its own, so its schema stands only here
    schemas["OrderBatch"]["properties"]["orders"]["items"] = {"$ref": "#/components/schemas/OrderRequest"}
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
