"""No leak: secrets stand in no log, traces in no answer."""

import re
from contextlib import closing
from io import StringIO

import pytest
from api_house import House, Keys, order_body
from fastapi import Request
from raw_http import serving
from sqlalchemy import inspect, quoted_name, select, table, text

from api.operations.logs import logging_as_set
from api.settings import Settings
from market.access.keys import hash_secret, same_hash
from market.persistence.database import Database

SECRET = re.compile(r"suanli_[a-z]+_[A-Za-z0-9_-]{20,}|whsec_[A-Za-z0-9+/=]{20,}")
"""What a secret looks like that the exchange issued."""
GUESS = "suanli_operator_" + "wrong_guess" * 3
TRACE = re.compile(r'Traceback|File "|\.py\b|sqlalchemy|SELECT |\bself\.|site-packages', re.IGNORECASE)


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_is_logged_whatever_happens(house: House, form: str) -> None:
    """What is written, at the level at which most is: right keys, wrong keys, keys in the wrong place, a crash."""
    written = StringIO()
    with logging_as_set(Settings(log_level="debug", log_format=form), written):  # type: ignore[arg-type]
        issued = walk_through(house)
    logged = written.getvalue()
    assert "/v1/buyers" in logged
    for secret in (*issued, *vars_of(house.keys), GUESS):
        assert secret not in logged
    assert not SECRET.search(logged)


def vars_of(keys: Keys) -> tuple[str, ...]:
    return keys.operator, keys.buyer, keys.other_buyer, keys.provider, keys.other_provider


def walk_through(house: House) -> list[str]:
    """Right keys, wrong keys, new keys, refusals; the secrets that were issued on the way."""
    keys = house.keys
    house.submit()
    house.clear()
    house.ask("GET", "/v1/orders", GUESS)
    house.ask("POST", "/v1/orders", keys.buyer, json=order_body(limit_price=keys.buyer))
    house.ask("GET", f"/v1/orders/{keys.buyer}", keys.buyer)
    registered = house.ask("POST", "/v1/buyers", keys.operator, json={"name": "new"}).json()
    issued = house.ask(
        "POST", "/v1/keys", registered["api_key"], json={"name": "second", "scopes": ["*"]}
    ).json()
    rotated = house.ask("POST", f"/v1/keys/{issued['id']}/rotate", registered["api_key"]).json()
    house.client.get(
        "/v1/orders", params={"key": keys.buyer}, headers={"Authorization": f"Basic {keys.buyer}"}
    )
    found = [registered["api_key"], issued["secret"], rotated["secret"]]
    assert all(SECRET.fullmatch(secret) for secret in found)
    return found


def test_a_crash_is_told_to_the_operator_and_to_nobody_else(market_url: str, keys: Keys) -> None:
    asked = f"GET /v1/explode HTTP/1.1\r\nHost: x\r\nX-Request-ID: req-8\r\nAuthorization: Bearer {keys.buyer}\r\n\r\n"
    written = StringIO()
    with (
        logging_as_set(Settings(log_level="debug", log_format="json"), written),
        serving(market_url) as served,
    ):

        def explode(request: Request) -> None:
            given = request.headers["authorization"]
            raise RuntimeError(f"inside of the house: {given}")

        served.app.add_api_route("/v1/explode", explode)
        served.app.router.routes.insert(0, served.app.router.routes.pop())
        found = served.ask(asked.encode())
        assert found is not None
        assert found.status == 500
        assert "req-8" in found.problem()["detail"]
        assert not TRACE.search(found.body.decode())
        assert b"inside" not in found.body
        assert served.is_well()
    assert "inside of the house" in written.getvalue()
    assert keys.buyer not in written.getvalue()


def test_no_refusal_shows_how_the_house_is_built(house: House) -> None:
    keys = house.keys
    answers = [
        house.ask("GET", "/nowhere"),
        house.ask("GET", "/v1/orders/%00%ff", keys.buyer),
        house.ask("GET", "/v1/orders?cursor=%27%3B--", keys.buyer),
        house.ask("POST", "/v1/orders", keys.buyer, json={"job": "x"}),
        house.ask(
            "POST", "/v1/orders", keys.buyer, content=b"{", headers={"Content-Type": "application/json"}
        ),
        house.ask("PUT", "/v1/policy", keys.operator, json={"preset": "'; drop table policies; --"}),
        house.ask("GET", "/v1/accounts/acc_'", keys.operator),
        house.ask("DELETE", "/v1/orders"),
    ]
    for answer in answers:
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert not TRACE.search(answer.text), answer.text


def test_the_database_holds_no_secret(market_url: str, keys: Keys) -> None:
    with closing(Database(market_url)) as database, database.engine.connect() as connection:
        tables = [quoted_name(name, quote=True) for name in inspect(connection).get_table_names()]
        dump = "\n".join(
            str(row)
            for name in tables
            for row in connection.execute(select(text("*")).select_from(table(name)))
        )
    assert hash_secret(keys.buyer, "") in dump
    for secret in vars_of(keys):
        assert secret not in dump


def test_hashes_are_compared_without_telling_where_they_differ() -> None:
    one = hash_secret("suanli_buyer_x", "pepper")
    assert same_hash(one, hash_secret("suanli_buyer_x", "pepper"))
    assert not same_hash(one, hash_secret("suanli_buyer_x", "another pepper"))
    assert not same_hash(one, None)
