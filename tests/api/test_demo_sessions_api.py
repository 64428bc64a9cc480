"""Demo sessions: lent for an hour, of whoever has something to show, and only where the operator said so."""

from contextlib import closing
from datetime import timedelta

import pytest
from api_house import NOW, House, Json, Keys, build_exchange, build_test_app, order_body, refusal
from fastapi.testclient import TestClient

from api.settings import Settings
from market.domain.clock import rfc3339
from market.domain.scopes import Scope
from market.persistence.database import Database

HOUR = timedelta(hours=1)


def open_session(house: House, role: str) -> Json:
    answer = house.ask("POST", "/v1/demo-sessions", json={"role": role})
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def test_nobody_gets_one_unless_the_operator_said_so(market_url: str, keys: Keys) -> None:
    assert not Settings().demo_sessions
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        with TestClient(build_test_app(exchange, clock, demo_sessions=False)) as client:
            house = House(client, exchange, clock, keys)
            for key in (None, keys.operator):
                asked = house.ask("POST", "/v1/demo-sessions", key, json={"role": "operator"})
                refusal(asked, 404, "demo_sessions_off")
            assert len(house.ask("GET", "/v1/keys", keys.operator).json()["items"]) == 5


def test_a_buyer_is_the_one_with_most_orders(house: House) -> None:
    assert open_session(house, "buyer")["organisation_id"] == "buy_0001"
    for _ in range(2):
        house.ask("POST", "/v1/orders", house.keys.other_buyer, json=order_body())
    house.submit()
    session = open_session(house, "buyer")
    assert session["organisation_id"] == "buy_0002"
    assert len(house.ask("GET", "/v1/orders", session["api_key"]).json()["items"]) == 2
    assert house.ask("POST", "/v1/orders", session["api_key"], json=order_body()).status_code == 201


def test_a_provider_is_the_one_with_most_allocations(house: House) -> None:
    before = open_session(house, "provider")["organisation_id"]
    listed = house.ask("GET", "/v1/offerings", params={"provider_id": before, "limit": 1000}).json()["items"]
    assert listed
    house.submit(job={"devices": ["910b"]})
    house.clear()
    session = open_session(house, "provider")
    granted = house.ask("GET", "/v1/allocations", session["api_key"]).json()["items"]
    assert [one["provider_id"] for one in granted] == [session["organisation_id"]]


@pytest.mark.parametrize("role", ["buyer", "provider", "operator"])
def test_it_lends_no_money_no_keys_and_sends_nothing(house: House, role: str) -> None:
    session = open_session(house, role)
    lent = set(session["scopes"])
    assert Scope.READ in lent
    assert not lent & {Scope.ACCESS, Scope.MONEY, Scope.WEBHOOKS}
    further = {"name": "mine", "scopes": ["read"], "expires_at": session["expires_at"]}
    refusal(house.ask("POST", "/v1/keys", session["api_key"], json=further), 403, "missing_scope")
    rotated = house.ask("POST", f"/v1/keys/{session['key_id']}/rotate", session["api_key"])
    refusal(rotated, 403, "missing_scope")
    current = house.ask("GET", "/v1/keys/current", session["api_key"]).json()
    assert (current["id"], current["name"], current["created_by"]) == (
        session["key_id"],
        "demo session",
        "exchange",
    )
    assert set(current["effective_scopes"]) == lent


def test_an_operators_clears_rounds_but_moves_no_money(house: House) -> None:
    key = open_session(house, "operator")["api_key"]
    house.submit()
    assert house.ask("POST", "/v1/rounds", key, json={"slots": 24}).status_code == 201
    asked = house.ask("POST", "/v1/accounts/acc_buy_0001/deposits", key, json={"amount": "1.00"})
    refusal(asked, 403, "missing_scope")


def test_it_ends_in_an_hour(house: House) -> None:
    session = open_session(house, "buyer")
    assert session["expires_at"] == rfc3339(NOW + HOUR)
    house.clock.advance(HOUR)
    refusal(house.ask("GET", "/v1/orders", session["api_key"]), 401, "key_expired")


def test_it_is_on_record(house: House) -> None:
    session = open_session(house, "operator")
    lines = house.ask(
        "GET", "/v1/audit", house.keys.operator, params={"resource": "key", "resource_id": session["key_id"]}
    ).json()
    (line,) = lines["items"]
    assert (line["kind"], line["actor"], line["data"]["name"]) == ("key.issued", "exchange", "demo session")
    assert session["api_key"] not in str(lines)


def test_one_address_opens_so_many(market_url: str, keys: Keys) -> None:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        with TestClient(build_test_app(exchange, clock, demo_session_limit="2/hour")) as client:
            house = House(client, exchange, clock, keys)
            for _ in range(2):
                open_session(house, "buyer")
            asked = house.ask("POST", "/v1/demo-sessions", json={"role": "buyer"})
            problem = refusal(asked, 429, "too_many_demo_sessions")
            assert asked.headers["retry-after"] == str(problem["retry_after_seconds"])
            assert 0 < problem["retry_after_seconds"] <= 7200


@pytest.mark.parametrize("body", [{}, {"role": "admin"}, {"role": "buyer", "organisation_id": "buy_0002"}])
def test_what_makes_no_sense_is_refused(house: House, body: Json) -> None:
    refusal(house.ask("POST", "/v1/demo-sessions", json=body), 422, "malformed_request")
