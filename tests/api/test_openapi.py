"""The OpenAPI document: complete, with examples that hold."""

import json
from typing import Any

import jsonschema_rs
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

PATHS = {
    "/v1/providers": {"get", "post"},
    "/v1/buyers": {"get", "post"},
    "/v1/members": {"get", "post"},
    "/v1/members/{member_id}": {"get", "patch"},
    "/v1/members/{member_id}/remove": {"post"},
    "/v1/keys": {"get", "post"},
    "/v1/keys/current": {"get"},
    "/v1/keys/{key_id}": {"get"},
    "/v1/keys/{key_id}/rotate": {"post"},
    "/v1/keys/{key_id}/revoke": {"post"},
    "/v1/regions": {"get", "post"},
    "/v1/nodes": {"get", "post"},
    "/v1/devices": {"get"},
    "/v1/regions/{region_id}": {"get"},
    "/v1/devices/{device_id}": {"get"},
    "/v1/round-trip-times": {"get"},
    "/v1/exchange": {"get"},
    "/v1/demo-sessions": {"post"},
    "/v1/offerings": {"get", "post"},
    "/v1/offerings/{offering_id}": {"get", "patch"},
    "/v1/offerings/{offering_id}/withdraw": {"post"},
    "/v1/offerings/{offering_id}/drain": {"post"},
    "/v1/offerings/{offering_id}/maintenance": {"post"},
    "/v1/offerings/{offering_id}/calendar": {"get"},
    "/v1/offerings/{offering_id}/versions": {"get"},
    "/v1/orders": {"get", "post"},
    "/v1/orders/batch": {"post"},
    "/v1/orders/{order_id}": {"get", "patch"},
    "/v1/orders/{order_id}/submit": {"post"},
    "/v1/orders/{order_id}/cancel": {"post"},
    "/v1/orders/{order_id}/explanation": {"get"},
    "/v1/quotes": {"post"},
    "/v1/quotes/{quote_id}": {"get"},
    "/v1/quotes/{quote_id}/release": {"post"},
    "/v1/forecasts/score": {"get"},
    "/v1/rounds": {"get", "post"},
    "/v1/rounds/{round_id}": {"get"},
    "/v1/rounds/{round_id}/pricing": {"get"},
    "/v1/rounds/{round_id}/schedule": {"get"},
    "/v1/rounds/{round_id}/progress": {"get"},
    "/v1/rounds/{round_id}/problem.npz": {"get"},
    "/v1/rounds/{round_id}/clearing.npz": {"get"},
    "/v1/allocations": {"get"},
    "/v1/allocations/{allocation_id}": {"get"},
    "/v1/allocations/{allocation_id}/start": {"post"},
    "/v1/allocations/{allocation_id}/heartbeat": {"post"},
    "/v1/allocations/{allocation_id}/complete": {"post"},
    "/v1/allocations/{allocation_id}/fail": {"post"},
    "/v1/nodes/{node_id}": {"get"},
    "/v1/nodes/{node_id}/down": {"post"},
    "/v1/nodes/{node_id}/up": {"post"},
    "/v1/upkeep": {"post"},
    "/v1/prices": {"get"},
    "/v1/policy": {"get", "put"},
    "/v1/ledger/transfers": {"get"},
    "/v1/ledger/balance": {"get"},
    "/v1/accounts": {"get"},
    "/v1/accounts/{account_id}": {"get"},
    "/v1/accounts/{account_id}/deposits": {"post"},
    "/v1/accounts/{account_id}/payouts": {"post"},
    "/v1/accounts/{account_id}/credit-limit": {"put"},
    "/v1/voucher-pools": {"get", "post"},
    "/v1/voucher-pools/{voucher_pool_id}": {"get"},
    "/v1/invoices": {"get"},
    "/v1/statements": {"get"},
    "/v1/rounds/{round_id}/replay": {"post"},
    "/v1/scenarios": {"post"},
    "/v1/scenarios/sweep": {"post"},
    "/v1/events": {"get"},
    "/v1/audit": {"get"},
    "/v1/webhooks": {"get", "post"},
    "/v1/webhooks/{webhook_id}": {"get", "patch"},
    "/v1/webhooks/{webhook_id}/remove": {"post"},
    "/v1/webhooks/{webhook_id}/rotate-secret": {"post"},
    "/v1/webhooks/{webhook_id}/test": {"post"},
    "/v1/webhooks/{webhook_id}/deliveries": {"get"},
    "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry": {"post"},
    "/v1/webhooks/{webhook_id}/replay": {"post"},
    "/healthz": {"get"},
    "/readyz": {"get"},
}
Document = dict[str, Any]


@pytest.fixture
def document(house: House) -> Document:
    found: Document = house.ask("GET", "/openapi.json").json()
    return found


def test_every_promised_path_is_there(document: Document) -> None:
    assert document["openapi"].startswith("3.1")
    assert {path: set(operations) for path, operations in document["paths"].items()} == PATHS


def test_every_operation_says_what_it_is_and_how_it_refuses(document: Document) -> None:
    ids = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            ids.append(operation["operationId"])
            assert operation["summary"], path
            assert operation["description"], path
            assert operation["tags"], path
            refusals = {s: r for s, r in operation["responses"].items() if s[0] not in "23"}
            assert all("application/problem+json" in refusal["content"] for refusal in refusals.values())
            if "security" in operation:
                assert "401" in refusals, path
            if "requestBody" in operation:
                assert {"400", "413", "415", "422"} <= set(refusals), path
            if method == "post":
                names = {parameter["name"].lower() for parameter in operation["parameters"]}
                assert "idempotency-key" in names, path
                assert "409" in refusals, path
    assert len(ids) == len(set(ids))
    assert all(len(id_) <= 20 for id_ in ids)


def test_every_schema_has_examples_and_they_hold(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("examples"), name
        whole = {**schema, "components": document["components"]}
        validator = jsonschema_rs.Draft202012Validator(json.loads(json.dumps(whole)))
        for example in schema["examples"]:
            validator.validate(example)


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
def test_whatever_is_sent_is_answered_as_documented(house: House, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", house.client.app)
    headers = {"Authorization": f"Bearer {house.keys.operator}", "Accept": "application/json"}  # no endless stream
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not can_be_wrong(operation.definition.raw):
            continue

        def answer(case: Any) -> None:
            tried.add(case.operation.label)
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=120)

        HASTE(given(case=operation.as_strategy(generation_mode=mode))(answer))()
    assert len(tried) == sum(map(len, PATHS.values())) if mode is GenerationMode.POSITIVE else tried
