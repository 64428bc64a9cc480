"""Metrics: counted where it happens, read from the database what the database knows, told to whom they are meant for."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from api_house import House, Keys, build_exchange, build_test_app, order_body, refusal
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from api.operations.metrics import Metrics
from market.persistence.database import Database

TOKEN = "t0ken-of-the-operator"  # noqa: S105 - of this test
HERE = ("127.0.0.1", 40000)
DOCS = Path(__file__).parents[2] / "docs"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def here(market_url: str, keys: Keys) -> Iterator[House]:
    """The house, asked from its own machine."""
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        with TestClient(build_test_app(exchange, clock), client=HERE) as client:
            yield House(client, exchange, clock, keys)


def samples(house: House, **headers: str) -> Samples:
    answer = house.ask("GET", "/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples
    }


def of(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def test_requests_are_counted_by_template(here: House) -> None:
    for id_ in ("ord_1", "ord_2"):
        here.ask("GET", f"/v1/orders/{id_}", here.keys.buyer)
    here.ask("BREW", "/v1/orders")
    found = samples(here)
    route = "/v1/orders/{order_id}"
    assert of(found, "suanli_http_requests_total", method="GET", route=route, status="404") == 2
    assert of(found, "suanli_http_request_seconds_count", method="GET", route=route) == 2
    assert {dict(labels)["method"] for name, labels in found if name == "suanli_http_requests_total"} == {
        "GET",
        "other",
    }


def test_the_market_is_told_as_it_is(here: House) -> None:
    before = samples(here)
    assert of(before, "suanli_orders_in_book") == 0
    here.submit()
    here.ask("POST", "/v1/orders", here.keys.operator, json=order_body(buyer_id="buy_nobody"))
    assert of(samples(here), "suanli_orders_in_book") == 1
    landed = here.clear()
    found = samples(here)
    assert of(found, "suanli_orders_in_book") == 0
    assert of(found, "suanli_orders_accepted_total") == 1
    assert of(found, "suanli_orders_refused_total", code="unknown_buyer") == 1
    assert of(found, "suanli_rounds", state="landed") == 1
    assert of(found, "suanli_rounds", state="clearing") == 0
    assert of(found, "suanli_rounds_ended_total", state="landed") == 1
    assert of(found, "suanli_last_round_gap_ratio") == landed["gap"]
    assert of(found, "suanli_last_round_value_cny") == float(landed["value"])
    assert of(found, "suanli_last_round_placed") == 1
    for step in ("freeze", "build", "solve", "verify", "read", "land"):
        assert of(found, "suanli_round_step_seconds_count", step=step) == 1
    assert of(found, "suanli_solver_seconds_count") == 1
    assert of(found, "suanli_ledger_imbalance_micros") == 0
    assert of(found, "suanli_events_total") > 0
    assert of(found, "suanli_webhook_deliveries_pending") == 0
    assert of(found, "suanli_webhook_events_behind") == 0
    assert of(found, "suanli_database_up") == 1
    assert any(name == "suanli_build_info" for name, _ in found)
    assert any(name == "process_resident_memory_bytes" for name, _ in found)
    assert any(name == "suanli_database_connections" for name, _ in found)


def test_a_ledger_that_is_out_is_told(here: House) -> None:
    here.submit()
    with here.exchange.database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # which would refuse it
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            text("UPDATE accounts SET debits_micros = debits_micros + 7 WHERE kind = 'escrow'")
        )
    assert of(samples(here), "suanli_ledger_imbalance_micros") == 7


def test_without_the_database_the_rest_is_told(here: House) -> None:
    with here.exchange.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE accounts RENAME TO lost"))
    found = samples(here)
    assert of(found, "suanli_database_up") == 0
    assert "suanli_orders_in_book" not in {name for name, _ in found}
    assert any(name == "suanli_build_info" for name, _ in found)


def test_two_applications_count_for_themselves(here: House, sqlite_database: Database) -> None:
    other = Metrics(sqlite_database, lambda: True)
    here.ask("GET", "/v1/policy")
    assert other.registry.get_sample_value("suanli_stopping") == 1
    assert other.registry.get_sample_value("suanli_orders_accepted_total") == 0
    assert not [
        one
        for family in other.registry.collect()
        if family.name == "suanli_http_requests"
        for one in family.samples
    ]


def test_metrics_are_for_this_machine_unless_a_token_is_set(here: House, house: House) -> None:
    refusal(house.ask("GET", "/metrics"), 403, "metrics_from_here_only")
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        refusal(here.ask("GET", "/metrics", headers={header: "203.0.113.7"}), 403, "metrics_from_here_only")


def test_with_a_token_it_opens_the_metrics_from_anywhere_and_nothing_else_does(
    house: House, market_url: str
) -> None:
    app = build_test_app(house.exchange, house.clock, metrics_token=TOKEN)
    for client in (("203.0.113.7", 1), HERE):
        with TestClient(app, client=client) as asking:
            for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
                refusal(asking.get("/metrics", headers=sent), 401, "metrics_token_wanted")
            opened = asking.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
            assert opened.status_code == 200


def test_openmetrics_is_told_to_whoever_asks_for_it(here: House) -> None:
    answer = here.ask("GET", "/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


@pytest.mark.parametrize("page", ["operations.md", "operations.zh.md"])
def test_every_metric_is_documented(here: House, page: str) -> None:
    here.submit()
    here.clear()
    text_of_page = (DOCS / page).read_text(encoding="utf-8")
    ours = {family.name for family in here.client.app.state.desk.metrics.registry.collect()}  # type: ignore[attr-defined]
    told = {name for name in ours if name.startswith("suanli_")}
    assert len(told) > 15
    short = {name: name.replace("suanli_last_round", "…") for name in told}
    assert [
        name for name in sorted(told) if name not in text_of_page and short[name] not in text_of_page
    ] == []
