"""What a list is narrowed by is found by an index: nobody makes the exchange go through all that ever happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from api_house import House, refusal
from sqlalchemy import event

from api.app import build_contract

GROWING = frozenset(
    {
        "answers",
        "allocations",
        "api_keys",
        "events",
        "forecasts",
        "held_quotes",
        "orders",
        "rounds",
        "transfers",
        "webhook_deliveries",
    }
)
"""Tables that grow with use, without end."""
PAGING = frozenset({"limit", "cursor", "sort"})
VALUES: dict[str, str] = {
    "kinds": "order.submitted",
    "resource": "order",
    "resource_id": "ord_1&resource=order",
    "compute_class": "gpu",
    "/v1/orders?state": "open",
    "/v1/offerings?state": "open",
    "/v1/nodes?state": "up",
    "/v1/allocations?state": "active",
    "/v1/rounds?state": "landed",
    "/v1/webhooks/{webhook_id}/deliveries?state": "pending",
    "/v1/ledger/transfers?kind": "capture",
    "/v1/accounts?kind": "buyer",
    "/v1/invoices?buyer_id": "buy_0001&month=2025-07",
    "/v1/statements?provider_id": "prv_0062&month=2025-07",
}
OPERATORS_MAY = frozenset(
    {
        "/v1/orders?compute_class",
        "/v1/orders?submitted_after",
        "/v1/orders?submitted_before",
        "/v1/allocations?state",
        "/v1/allocations?starts_after",
        "/v1/allocations?starts_before",
        "/v1/ledger/transfers?kind",
        "/v1/ledger/transfers?since",
        "/v1/ledger/transfers?until",
        "/v1/audit?kinds",
        "/v1/audit?since",
        "/v1/audit?until",
    }
)
"""What most rows are found by is read in the list's own sequence until the page is full: an index would need a sort of
them all. Tenants go through their own rows only."""
ANYBODY_MAY = frozenset({"/v1/rounds?opened_after", "/v1/rounds?opened_before"})
"""A round a minute is no log."""


def lists() -> Iterator[tuple[str, str]]:
    """Every filter of every list, as the document has them: path and query."""
    for path, operations in build_contract().openapi()["paths"].items():
        parameters = operations.get("get", {}).get("parameters", ())
        if "cursor" not in {one["name"] for one in parameters}:
            continue
        for one in parameters:
            if one["in"] == "query" and one["name"] not in PAGING:
                name = one["name"]
                value = VALUES.get(f"{path}?{name}") or VALUES.get(name) or example_of(one)
                yield path, f"{name}={value}"


def example_of(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    kinds = [schema, *schema.get("anyOf", ()), schema.get("items", {})]
    found = [*parameter.get("examples", {}).values(), *(kind.get("examples", [None])[0] for kind in kinds)]
    chosen = parameter.get("example") or next((one for one in found if one is not None), "x")
    chosen = chosen.get("value") if isinstance(chosen, dict) else chosen
    chosen = chosen[0] if isinstance(chosen, list) else chosen
    return str(chosen).replace("+", "%2B")


@contextmanager
def noted(house: House) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database meanwhile."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    engine = house.exchange.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def scanned(house: House, asked: list[tuple[str, Any]]) -> set[str]:
    """Growing tables that are gone through from end to end."""
    found = set()
    with house.exchange.database.engine.connect() as connection:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                for step in plan:
                    words = step[3].split()
                    if words[0] == "SCAN" and words[1] in GROWING:
                        found.add(words[1])
    return found


@pytest.mark.sqlite("how it says what it goes through; what PostgreSQL goes through: test_query_plans")
@pytest.mark.parametrize("role", ["operator", "buyer", "provider", None])
def test_every_filter_is_served_by_an_index(house: House, role: str | None) -> None:
    key = getattr(house.keys, role) if role else None
    gone_through, answered = set(), 0
    for path, query in lists():
        at = path.format_map(dict.fromkeys(("webhook_id", "account_id", "offering_id", "round_id"), "x_1"))
        with noted(house) as asked:
            answer = house.ask("GET", f"{at}?{query}", key, headers={"Accept": "application/json"})
        assert answer.status_code in {200, 401, 403, 404}, f"{path}?{query}: {answer.text}"
        answered += answer.status_code == 200
        if scanned(house, asked):
            gone_through.add(f"{path}?{query.partition('=')[0]}")
    assert gone_through == ANYBODY_MAY | (OPERATORS_MAY if role == "operator" else set())
    assert answered > (30 if role == "operator" else 5)


def test_nobody_asks_the_whole_log_for_one_thing(house: House) -> None:
    for path in ("/v1/events", "/v1/audit"):
        answer = house.ask(
            "GET", f"{path}?resource_id=ord_1", house.keys.operator, headers={"Accept": "application/json"}
        )
        assert "resource=" not in refusal(answer, 422, "missing_resource")["detail"]
