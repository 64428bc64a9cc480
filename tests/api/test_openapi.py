"""The OpenAPI document as clients meet it; its rules, its examples and what is made up have tests of their own."""

from typing import Any

import jsonschema_rs
import pytest
from api_house import NOW, House

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


@pytest.mark.parametrize(("tariff", "known"), [("0", 201), ("1000.00", 201), ("1000.01", 422), ("0.2", 201)])
def test_the_document_says_how_dear_a_kilowatt_hour_may_be(
    house: House, document: Document, tariff: str, known: int
) -> None:
    region = document["components"]["schemas"]["RegionRequest"]["examples"][0]
    assert house.ask("POST", "/v1/regions", house.keys.operator, json=region).status_code == 201
    schema = document["components"]["schemas"]["NodeRequest"]
    node = {**schema["examples"][0], "tariff_per_kwh": [tariff] * 24}
    assert house.ask("POST", "/v1/nodes", house.keys.operator, json=node).status_code == known
    whole = {**schema, "components": document["components"]}
    assert jsonschema_rs.Draft202012Validator(whole).is_valid(node) == (known == 201)
