"""Scopes, operation by operation from the document: every scope but the right one is refused, the right one is enough."""

from typing import Any

import pytest
from api_house import House, Json, order_body, refusal
from contract_seeds import SEEDS, Seeded
from httpx2 import Response
from test_contract_examples import key_of, operations, send_example

from api.contract.access import CHANGES, NO_SCOPE, ROLES, scope_of
from market.domain.parties import SCOPES_OF_ROLE
from market.domain.scopes import Scope

SCOPED = sorted(name for name in ROLES if scope_of(name) is not None)


def key_with(house: House, like: str, scopes: set[Scope]) -> str:
    """A key for whoever `like` acts for, with these scopes."""
    asker = house.ask("GET", "/v1/keys/current", like).json()
    body = {"name": "test", "scopes": sorted(scopes), "organisation_id": asker["organisation_id"]}
    answer = house.ask("POST", "/v1/keys", house.keys.operator, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"])


def send_with(house: House, name: str, scopes: set[Scope], seeded: Seeded) -> Response:
    role = ROLES[name][0]
    usual = key_of(house, role, seeded)
    assert usual is not None
    return send_example(house, name, key_with(house, usual, scopes & SCOPES_OF_ROLE[role]), seeded)


def test_every_operation_that_changes_something_names_the_scope_of_its_area() -> None:
    changing = {
        name
        for name, (method, _, _) in operations().items()
        if method not in {"GET", "HEAD"} and name in ROLES
    }
    asking = {"quote_order", "compare_scenarios", "sweep_scenarios", "replay_round"}
    assert {name for names in CHANGES.values() for name in names} == changing - asking
    assert set(ROLES) >= NO_SCOPE
    told = {name: operation.get("x-scope") for name, (_, _, operation) in operations().items()}
    assert told == {name: scope_of(name) for name in operations()}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCOPED)
def test_every_scope_but_the_right_one_is_refused(house: House, name: str) -> None:
    needed = scope_of(name)
    assert needed is not None
    answer = send_with(house, name, set(Scope) - {needed}, SEEDS[name](house))
    assert refusal(answer, 403, "missing_scope")["scope"] == needed


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SCOPED if scope_of(name) is not Scope.READ])
def test_the_right_one_is_enough_and_so_it_is_for_a_repetition(house: House, name: str) -> None:
    needed = scope_of(name)
    assert needed is not None
    seeded = SEEDS[name](house)
    role = ROLES[name][0]
    usual = key_of(house, role, seeded)
    assert usual is not None
    scopes = {needed} | (GIVEN.get(name, set()) & SCOPES_OF_ROLE[role])
    key = key_with(house, usual, scopes)
    first = send_example(house, name, key, seeded)
    assert first.is_success, first.text
    if operations()[name][0] == "POST":
        again = send_example(house, name, key, seeded)
        assert (again.status_code, again.headers.get("idempotent-replayed")) == (first.status_code, "true")


GIVEN: dict[str, set[Scope]] = {
    "issue_key": {Scope.READ, Scope.ORDERS},
    "rotate_key": {Scope.READ},
    "add_member": set(Scope),
    "change_member": set(Scope),
    "create_webhook": {Scope.READ},
    "change_webhook": {Scope.READ},
    "replay_events": {Scope.READ},
}
"""What the documented example gives away, to another key or to whoever listens, and so must be had."""


def test_a_quote_that_is_held_takes_the_scope_of_orders_besides(house: House) -> None:
    reader = key_with(house, house.keys.buyer, {Scope.READ})
    assert house.ask("POST", "/v1/quotes", reader, json=order_body()).status_code == 200
    held: Json = {**order_body(), "hold_minutes": 5}
    refused = refusal(house.ask("POST", "/v1/quotes", reader, json=held), 403, "missing_scope")
    assert refused["scope"] == "orders:write"


def test_a_webhook_is_told_no_more_than_its_maker_may_read(house: House) -> None:
    writer = key_with(house, house.keys.buyer, {Scope.WEBHOOKS})
    body = {"url": "https://hooks.example/suanli"}
    refused = refusal(house.ask("POST", "/v1/webhooks", writer, json=body), 403, "missing_scope")
    assert refused["scope"] == "read"
    made = house.ask("POST", "/v1/webhooks", house.keys.buyer, json=body).json()["id"]
    for method, path in (("PATCH", f"/v1/webhooks/{made}"), ("POST", f"/v1/webhooks/{made}/replay")):
        sent = body if method == "PATCH" else {"after": "evt_0000000000000000"}
        assert refusal(house.ask(method, path, writer, json=sent), 403, "missing_scope")["scope"] == "read"


def test_without_read_an_operator_sees_no_more_than_everybody(house: House) -> None:
    house.submit()
    round_id = house.clear()["id"]
    blind = key_with(house, house.keys.operator, {Scope.ROUNDS})

    def spends(key: str | None) -> list[Any]:
        flows = house.ask("GET", f"/v1/rounds/{round_id}", key).json()["figures"]["flows"]
        return [flow["spend_cny"] for flow in flows]

    assert None not in spends(house.keys.operator)
    assert spends(blind) == spends(None) == [None] * len(spends(None))
