"""Rounds through the API: waited for or not, recorded, priced."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from api_house import NOW, House, Keys, build_exchange, build_test_app, refusal
from fastapi.testclient import TestClient

from market.clearing.solving import solve_here
from market.domain.clock import rfc3339
from market.domain.errors import Unavailable
from market.persistence.database import Database
from solver import Clearing, ClearingProblem, Limits, verify


def test_a_round_lands_and_tells_its_figures(house: House) -> None:
    house.submit()
    answer = house.ask("POST", "/v1/rounds", house.keys.operator)
    assert answer.status_code == 201
    landed = answer.json()
    assert answer.headers["location"] == f"/v1/rounds/{landed['id']}"
    assert landed["state"] == "landed"
    assert (landed["orders"], landed["placed"]) == (1, 1)
    assert landed["value_micros"] <= landed["bound_micros"]
    assert float(landed["value"]) == landed["value_micros"] / 10**6
    assert 0 <= landed["gap"] <= 1
    assert {"solver", "baselines", "flows", "history"} <= set(landed["figures"])
    assert house.ask("GET", f"/v1/rounds/{landed['id']}", house.keys.operator).json() == landed
    listed = house.ask("GET", "/v1/rounds").json()["items"]
    assert listed == [{**landed, "figures": {}}]


def test_what_few_orders_spent_is_for_the_operator(house: House) -> None:
    for origin in ("shanghai", "shanghai", "shanghai", "beijing"):
        house.submit(job={"origin_region": origin, "units": 1})
    landed = house.clear()
    told = {flow["from_region"]: flow for flow in landed["figures"]["flows"]}
    assert {name: flow["orders"] for name, flow in told.items()} == {"shanghai": 3, "beijing": 1}
    assert all(flow["spend_cny"] > 0 for flow in told.values())
    path = f"/v1/rounds/{landed['id']}"
    assert house.ask("GET", path, house.keys.operator).json() == landed
    for key in (None, house.keys.buyer, house.keys.provider):
        seen = house.ask("GET", path, key).json()
        flows = {flow["from_region"]: flow for flow in seen["figures"]["flows"]}
        assert flows["shanghai"] == told["shanghai"]
        assert flows["beijing"] == {**told["beijing"], "spend_cny": None}
        assert {**seen, "figures": None} == {**landed, "figures": None}
    refusal(house.ask("GET", path, "suanli_operator_of_nobody"), 401, "unknown_key")


def test_a_round_says_what_it_left_out(house: House) -> None:
    gone, kept = house.submit(), house.submit()
    exchange = house.exchange

    def cancelled_meanwhile(problem: ClearingProblem, limits: Limits) -> Clearing:
        house.ask("POST", f"/v1/orders/{gone['id']}/cancel", house.keys.buyer)
        return solve_here(problem, limits)

    exchange._solve = cancelled_meanwhile
    landed = house.clear()
    assert (landed["orders"], landed["placed"], landed["left_out"]) == (2, 1, 1)
    assert landed["figures"]["solver"]["placed"] == 1
    assert landed["value_micros"] == landed["figures"]["solver"]["value_micros"]
    (allocation,) = house.ask("GET", "/v1/allocations", house.keys.operator).json()["items"]
    assert allocation["order_id"] == kept["id"]
    assert float(allocation["price"]) == landed["figures"]["solver"]["spend_cny"]


def test_a_round_is_cleared_as_asked(house: House) -> None:
    weights = {
        "name": "mine",
        "energy_weight": 2,
        "carbon_price_per_kg": "0.50",
        "carbon_basis": "market",
        "latency_weight": 0,
        "transfer_price_per_gb": "0.01",
    }
    asked = {"policy": weights, "starts_at": "2025-07-16T20:00:00+08:00", "slots": 30, "seconds_limit": 2}
    landed = house.clear(**asked)
    posted = {"pricing": "posted", "fee_rate": 0.0, "may_move": False, "move_cost": "1.00"}
    assert landed["policy"] == {**weights, "ask_weight": 1.0, **posted}
    assert landed["starts_at"] == "2025-07-16T12:00:00Z"
    assert landed["slots"] == 30
    assert house.clear(policy="latency")["policy"]["name"] == "latency"


def test_the_record_of_a_round_passes_the_judge(house: House) -> None:
    house.submit()
    path = f"/v1/rounds/{house.clear()['id']}"
    files = [house.ask("GET", f"{path}/{name}.npz", house.keys.operator) for name in ("problem", "clearing")]
    assert all(file.headers["content-type"] == "application/octet-stream" for file in files)
    problem, clearing = (BytesIO(file.content) for file in files)
    assert verify(ClearingProblem.load(problem), Clearing.load(clearing)).ok
    refusal(house.ask("GET", f"{path}/problem.npz", house.keys.buyer), 403, "not_permitted")
    refusal(house.ask("GET", "/v1/rounds/rnd_0/problem.npz", house.keys.operator), 404, "not_found")


def test_prices_come_in_parts_that_add_up(house: House) -> None:
    refusal(house.ask("GET", "/v1/prices"), 404, "no_round_yet")
    house.submit()
    landed = house.clear()
    summary = house.ask("GET", "/v1/prices").json()
    assert summary["round_id"] == landed["id"]
    first = summary["items"][0]
    hourly = house.ask("GET", "/v1/prices", params={"offering_id": first["offering_id"]}).json()
    assert len(hourly["hours"]) == landed["slots"]
    for hour in hourly["hours"]:
        parts = sum(float(hour[part]) for part in ("ask", "energy", "carbon", "congestion"))
        assert float(hour["effective"]) == pytest.approx(parts)
    effective = [float(hour["effective"]) for hour in hourly["hours"]]
    assert float(first["effective"]["min"]) == min(effective)
    assert float(first["effective"]["max"]) == max(effective)
    refusal(house.ask("GET", "/v1/prices", params={"offering_id": "off_none"}), 404, "not_found")
    refusal(house.ask("GET", "/v1/prices", params={"round_id": "rnd_none"}), 404, "not_found")


def test_all_prices_of_all_hours_in_one_answer(house: House) -> None:
    house.submit()
    landed = house.clear()
    table = house.ask("GET", "/v1/prices", params={"detail": "hours"}).json()
    summary = house.ask("GET", "/v1/prices").json()
    assert [item["offering_id"] for item in table["items"]] == [
        item["offering_id"] for item in summary["items"]
    ]
    item = next(item for item in table["items"] if item["offering_id"] == "off_0001")
    asked = {"offering_id": "off_0001", "round_id": landed["id"]}
    hours = house.ask("GET", "/v1/prices", params=asked).json()["hours"]
    assert len(hours) == landed["slots"]
    for name in ("congestion", "effective", "free_units"):
        assert item[name] == [hour[name] for hour in hours]
    assert house.ask("GET", "/v1/prices", params=asked | {"detail": "hours"}).json()["hours"] == hours
    refusal(house.ask("GET", "/v1/prices", params={"detail": "minutes"}), 422, "malformed_request")


def test_prices_of_a_round_stay_what_they_were(house: House) -> None:
    house.submit()
    first = house.clear(policy="price", slots=24)
    asked = {"round_id": first["id"], "offering_id": "off_0001"}
    summary, hours = (
        house.ask("GET", "/v1/prices", params=params).json() for params in ({"round_id": first["id"]}, asked)
    )
    listing = house.ask("GET", "/v1/offerings/off_0001").json()
    assert hours["hours"][0]["ask"] == listing["ask_price"]
    assert {float(hour[part]) for hour in hours["hours"] for part in ("energy", "carbon")} == {0.0}
    dearer = {"ask_price": "1234.00", "free_units_by_hour": [1] * 24}
    changed = house.ask("PATCH", "/v1/offerings/off_0001", house.keys.operator, json=dearer)
    assert changed.status_code == 200, changed.text
    assert house.ask("GET", "/v1/prices", params={"round_id": first["id"]}).json() == summary
    assert house.ask("GET", "/v1/prices", params=asked).json() == hours
    house.clear()
    now = house.ask("GET", "/v1/prices", params={"offering_id": "off_0001"}).json()
    assert {(hour["ask"], hour["free_units"]) for hour in now["hours"]} == {("1234.00", 1)}


def test_allocations_are_seen_by_whom_they_concern(house: House) -> None:
    order_id = house.submit()["id"]
    house.clear()
    granted = house.ask("GET", "/v1/allocations", house.keys.buyer).json()["items"]
    assert [allocation["order_id"] for allocation in granted] == [order_id]
    assert house.ask("GET", "/v1/allocations", house.keys.other_buyer).json()["items"] == []
    everything = house.ask("GET", "/v1/allocations", house.keys.operator, params={"order_id": order_id})
    assert everything.json()["items"] == granted
    other_round = house.ask("GET", "/v1/allocations", house.keys.buyer, params={"round_id": "rnd_none"})
    assert other_round.json()["items"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"policy": "greenest"}, "unknown_policy"),
        ({"starts_at": "2025-07-16T12:30:00Z"}, "invalid_start"),
        ({"starts_at": "9999-12-31T23:30:00Z"}, "invalid_start"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "malformed_request"),
        ({"slots": 0}, "malformed_request"),
        ({"slots": 97}, "malformed_request"),
        ({"seconds_limit": 0}, "malformed_request"),
        ({"workers": 0}, "malformed_request"),
        ({"sloths": 24}, "malformed_request"),
    ],
)
def test_a_round_that_makes_no_sense_is_refused(house: House, body: dict[str, object], code: str) -> None:
    refusal(house.ask("POST", "/v1/rounds", house.keys.operator, json=body), 422, code)
    assert house.ask("GET", "/v1/rounds").json()["items"] == []


def test_only_an_operator_clears(house: House) -> None:
    refusal(house.ask("POST", "/v1/rounds", house.keys.buyer), 403, "not_permitted")
    refusal(house.ask("POST", "/v1/rounds"), 401, "missing_key")


class Gate:
    """Solves when the test says so."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def solve(self, problem: ClearingProblem, limits: Limits) -> Clearing:
        self.reached.set()
        assert self.opened.wait(60)
        return solve_here(problem, limits)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def gated_house(market_url: str, keys: Keys, gate: Gate) -> Iterator[House]:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database, gate.solve)
        with TestClient(build_test_app(exchange, clock)) as client:
            yield House(client, exchange, clock, keys)
            gate.opened.set()


def test_a_client_need_not_wait_for_a_round(gated_house: House, gate: Gate) -> None:
    house = gated_house
    prefer = {"Prefer": "respond-async, wait=10"}
    answer = house.ask("POST", "/v1/rounds", house.keys.operator, headers=prefer)
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.json()["state"] == "clearing"
    assert gate.reached.wait(60)
    path = answer.headers["location"]
    assert house.ask("GET", path).json()["state"] == "clearing"
    refusal(house.ask("POST", "/v1/rounds", house.keys.operator), 409, "round_in_progress")
    gate.opened.set()
    house.client.app.state.desk.close()  # type: ignore[attr-defined]
    assert house.ask("GET", path).json()["state"] == "landed"


def test_the_api_answers_while_a_client_waits_for_its_round(gated_house: House, gate: Gate) -> None:
    house = gated_house
    headers = {"Idempotency-Key": "one-round"}
    answers = []
    waiting = threading.Thread(
        target=lambda: answers.append(house.ask("POST", "/v1/rounds", house.keys.operator, headers=headers))
    )
    waiting.start()
    assert gate.reached.wait(60)
    assert house.ask("GET", "/healthz").status_code == 200
    repeated = house.ask("POST", "/v1/rounds", house.keys.operator, headers=headers)
    assert repeated.status_code == 202
    assert repeated.headers["idempotent-replayed"] == "true"
    gate.opened.set()
    waiting.join()
    assert answers[0].status_code == 201
    assert answers[0].json()["id"] == repeated.json()["id"]
    landed = house.ask("POST", "/v1/rounds", house.keys.operator, headers=headers)
    assert (landed.status_code, landed.json()) == (201, answers[0].json())


def _cheat(problem: ClearingProblem, limits: Limits) -> Clearing:
    """A clearing whose value is a lie."""
    honest = solve_here(problem, limits)
    fields = {name: getattr(honest, name) for name in honest.__dataclass_fields__}
    return Clearing(**fields | {"value_micros": honest.value_micros + 1})


def _die(_problem: ClearingProblem, _limits: Limits) -> Clearing:
    raise Unavailable("solver_died", "the solver process ended while it solved")


def test_a_round_the_judge_refuses_is_no_success(market_url: str, keys: Keys) -> None:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database, _cheat)
        with TestClient(build_test_app(exchange, clock)) as client:
            house = House(client, exchange, clock, keys)
            house.submit()
            problem = refusal(house.ask("POST", "/v1/rounds", keys.operator), 500, "round_refused")
            assert house.ask("GET", f"/v1/rounds/{problem['round_id']}").json()["state"] == "refused"
            assert house.ask("GET", "/v1/orders", keys.buyer).json()["items"][0]["state"] == "open"


def test_a_round_is_told_again_under_its_key_when_its_hours_lie_behind(house: House) -> None:
    asked: dict[str, Any] = {
        "json": {"slots": 24, "starts_at": rfc3339(NOW)},
        "headers": {"Idempotency-Key": "round-of-today"},
    }
    first = house.ask("POST", "/v1/rounds", house.keys.operator, **asked)
    assert first.status_code == 201, first.text
    house.clock.advance(timedelta(hours=3))
    refusal(house.ask("POST", "/v1/rounds", house.keys.operator, json=asked["json"]), 422, "invalid_start")
    again = house.ask("POST", "/v1/rounds", house.keys.operator, **asked)
    assert again.headers["idempotent-replayed"] == "true", again.text
    assert again.json()["id"] == first.json()["id"]


def test_a_round_whose_solver_dies_has_failed_and_says_so_again(market_url: str, keys: Keys) -> None:
    headers = {"Idempotency-Key": "unlucky"}
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database, _die)
        with TestClient(build_test_app(exchange, clock)) as client:
            house = House(client, exchange, clock, keys)
            refusal(house.ask("POST", "/v1/rounds", keys.operator, headers=headers), 503, "solver_died")
            again = house.ask("POST", "/v1/rounds", keys.operator, headers=headers)
            refusal(again, 500, "round_failed")
            assert again.headers["idempotent-replayed"] == "true"
