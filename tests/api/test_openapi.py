"""The OpenAPI document as clients meet it; its rules and its examples have tests of their own."""

from typing import Any

import pytest
import schemathesis
from api_house import NOW, House
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

Document = dict[str, Any]


@pytest.fixture
def document(house: House) -> Document:
    found: Document = house.ask("GET", "/openapi.json").json()
    return found


def test_the_examples_of_orders_are_orders(house: House, document: Document) -> None:
    order = document["components"]["schemas"]["OrderRequest"]["examples"][0]
    assert house.ask("POST", "/v1/orders", house.keys.buyer, json=order).status_code == 201
    batch = document["components"]["schemas"]["OrderBatch"]["examples"][0]
    answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, json=batch)
    assert [item["status"] for item in answer.json()["items"]] == [201]
    assert order["deadline"] > NOW.isoformat()


def test_the_documentation_can_be_read_in_a_browser(house: House) -> None:
    docs = house.ask("GET", "/docs")
    assert docs.status_code == 200
    assert docs.headers["content-type"] == "text/html; charset=utf-8"


def can_be_wrong(operation: Document) -> bool:
    """Whether the document rules anything out that could be sent: any text may be an id."""
    queried = [p for p in operation.get("parameters", []) if p["in"] == "query"]
    return "requestBody" in operation or bool(queried)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
HASTE = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_whatever_is_sent_is_answered_as_documented(
    house: House, document: Document, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", house.client.app)
    headers = {
        "Authorization": f"Bearer {house.keys.operator}",
        "Accept": "application/json",
    }  # no endless stream
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not can_be_wrong(operation.definition.raw):
            continue

        def answer(case: Any) -> None:
            tried.add(case.operation.label)
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=120)

        HASTE(given(case=operation.as_strategy(generation_mode=mode))(answer))()
    there = sum(map(len, document["paths"].values()))
    assert len(tried) == there if mode is GenerationMode.POSITIVE else tried
