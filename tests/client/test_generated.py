"""What is generated is what the document says; both clients offer the same; importing one costs little."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest

from api.app import build_contract
from api.client import Answer, AsyncExchange, Exchange, answers, async_operations, operations
from api.client.events import AsyncEventStream, EventStream
from api.generator.names import name_operation
from api.generator.operations import read_operations
from api.generator.types import ANSWERS, BODIES, Types
from api.generator.writing import CLIENT, write_client

SERVER = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def document() -> Any:
    return build_contract().openapi()


def test_the_client_is_what_the_document_says(document: Any) -> None:
    for name, text in write_client(document).items():
        assert (CLIENT / name).read_text(encoding="utf-8") == text, f"{name}: python -m api.generator"


def test_every_operation_is_a_method(document: Any) -> None:
    exchange = Exchange(SERVER)
    asked = {f"{one.method} {one.path}" for one in read_operations(document)}
    told = {line for method in methods(exchange) for line in (inspect.getdoc(method) or "").splitlines()}
    assert {f"`{one}`" for one in asked} <= told
    exchange.close()


def methods(exchange: Any) -> Iterator[Any]:
    for group in vars(exchange).values():
        if type(group).__module__.startswith("api.client") and not type(group).__name__.endswith("Transport"):
            yield from (
                method for name, method in inspect.getmembers(group, inspect.ismethod) if name[0] != "_"
            )


def test_both_clients_offer_the_same() -> None:
    pairs = [
        (kind, getattr(async_operations, f"Async{name}"))
        for name, kind in inspect.getmembers(operations, inspect.isclass)
        if kind.__module__ == operations.__name__
    ]
    pairs += [(EventStream, AsyncEventStream), (Exchange, AsyncExchange)]
    for one, other in pairs:
        mine, theirs = public(one), public(other)
        assert mine.keys() == theirs.keys()
        for name in mine:
            mine_signature, their_signature = inspect.signature(mine[name]), inspect.signature(theirs[name])
            assert mine_signature.parameters == their_signature.parameters, (one, name)
            assert without_async(str(their_signature.return_annotation)) == without_async(
                str(mine_signature.return_annotation)
            ), (one, name)


def public(kind: type) -> dict[str, Any]:
    return {name: member for name, member in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}


def without_async(annotation: str) -> str:
    return annotation.replace("Async", "")


def test_all_types_can_be_resolved() -> None:
    for module in (operations, async_operations):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__:
                for method in public(kind).values():
                    get_type_hints(method)
    for _, model in inspect.getmembers(answers, inspect.isclass):
        if issubclass(model, Answer):
            model.model_rebuild(force=True)


def test_importing_the_client_imports_no_server() -> None:
    heavy = ["fastapi", "starlette", "uvicorn", "sqlalchemy", "ortools", "numba", "numpy", "market", "solver"]
    code = f"import sys; from api.client import Exchange; print([n for n in {heavy} if n in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"


def test_generated_code_is_code() -> None:
    for name in ("answers.py", "bodies.py", "operations.py", "async_operations.py", "words.py"):
        tree = ast.parse((CLIENT / name).read_text(encoding="utf-8"))
        assert "python -m api.generator" in (ast.get_docstring(tree) or "")


@pytest.mark.parametrize(
    ("path", "operation_id", "name"),
    [
        ("/v1/orders", "submit_order", ("orders", "submit")),
        ("/v1/orders/batch", "submit_orders", ("orders", "submit_many")),
        ("/v1/voucher-pools", "create_voucher_pool", ("voucher_pools", "create")),
        ("/v1/policy", "set_policy", ("policy", "set")),
        ("/v1/things/{id}/turn", "turn_around", ("things", "turn_around")),
        ("/healthz", "read_health", ("health", "live")),
    ],
)
def test_names(path: str, operation_id: str, name: tuple[str, str]) -> None:
    assert name_operation(path, operation_id) == name


def test_two_operations_of_one_name_are_refused() -> None:
    one = {"operationId": "list_things", "responses": {"200": {"description": "", "content": {}}}}
    document = {"paths": {"/v1/things": {"get": one}, "/v1/things/all": {"get": one}}}
    with pytest.raises(ValueError, match=r"names\.py"):
        read_operations(document)


SCHEMAS = {
    "State": {"type": "string", "enum": ["up", "down"]},
    "Node": {"type": "object"},
    "api__schemas__bills__Line": {"type": "object"},
}


@pytest.mark.parametrize(
    ("schema", "read", "sent"),
    [
        ({"type": "string"}, "str", "str"),
        ({"type": "string", "format": "date-time"}, "datetime", "Moment"),
        ({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,6}$"}, "Cny", "Cny"),
        ({"type": "string", "pattern": r"^[0-9]{1,8}(\.[0-9]{1,6})?$"}, "Cny", "Cny"),
        ({"type": "string", "pattern": "^2[0-9]{3}-(0[1-9]|1[0-2])$"}, "str", "str"),
        ({"type": "number"}, "Number", "float"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, "int | None", "int | None"),
        ({"type": "array", "items": {"type": "boolean"}}, "list[bool]", "Sequence[bool]"),
        ({"type": "object", "additionalProperties": True}, "dict[str, Any]", "Mapping[str, Any]"),
        ({"$ref": "#/components/schemas/State"}, "words.State | str", "words.State"),
        ({"$ref": "#/components/schemas/Node"}, "Node", "Node"),
        ({"$ref": "#/components/schemas/api__schemas__bills__Line"}, "BillsLine", "BillsLine"),
        ({"const": "all"}, "Literal['all'] | str", "Literal['all']"),
        ({}, "Any", "Any"),
    ],
    ids=str,
)
def test_schemas_as_types(schema: Any, read: str, sent: str) -> None:
    assert Types(SCHEMAS, ANSWERS).of(schema) == read
    assert Types(SCHEMAS, BODIES).of(schema) == sent
