"""Reports of providers, nodes that go down, and the passing of time, through the API."""

from datetime import timedelta
from typing import Any

import pytest
from api_house import NOW, House, Json, refusal

from market.domain.clock import rfc3339

HOUR = timedelta(hours=1)


def placed(house: House, **changes: Any) -> Json:
    """An allocation of three hours, from now on unless its order says otherwise."""
    window = changes or {"deadline": rfc3339(NOW + 3 * HOUR)}
    order = house.submit(job={"devices": ["910b"]}, **window)
    house.clear()
    answer = house.ask("GET", f"/v1/allocations?order_id={order['id']}", house.keys.buyer)
    (found,) = answer.json()["items"]
    return dict(found)


def report(house: House, allocation: Json, what: str, key: str | None = None, **request: Any) -> Any:
    path = f"/v1/allocations/{allocation['id']}/{what}"
    return house.ask("POST", path, key or house.keys.operator, **request)


def test_an_allocation_is_read_by_its_parties(house: House) -> None:
    allocation = placed(house)
    path = f"/v1/allocations/{allocation['id']}"
    for key in (house.keys.buyer, house.keys.operator):
        assert house.ask("GET", path, key).json() == allocation
    refusal(house.ask("GET", path, house.keys.other_buyer), 404, "not_found")
    refusal(house.ask("GET", "/v1/allocations/alo_nobody", house.keys.operator), 404, "not_found")


def test_time_is_kept_by_operators(house: House) -> None:
    allocation = placed(house)
    house.clock.advance(3 * HOUR)
    kept = house.ask("POST", "/v1/upkeep", house.keys.operator, headers={"Idempotency-Key": "t1"})
    assert kept.status_code == 200
    assert (kept.json()["started"], kept.json()["captured_hours"]) == (1, 3)
    again = house.ask("POST", "/v1/upkeep", house.keys.operator)
    assert set(again.json().values()) == {0}
    replayed = house.ask("POST", "/v1/upkeep", house.keys.operator, headers={"Idempotency-Key": "t1"})
    assert (replayed.json(), replayed.headers["Idempotent-Replayed"]) == (kept.json(), "true")
    refusal(house.ask("POST", "/v1/upkeep", house.keys.buyer), 403, "not_permitted")
    found = house.ask("GET", f"/v1/allocations/{allocation['id']}", house.keys.buyer).json()
    assert (found["state"], found["settled_hours"], found["paid"]) == ("completed", 3, allocation["price"])


def test_a_provider_reports_on_its_own(house: House) -> None:
    allocation = placed(house)
    offering = allocation["offering_id"]
    amended = house.ask(
        "PATCH", f"/v1/offerings/{offering}", house.keys.operator, json={"heartbeat_minutes": 30}
    )
    assert amended.status_code == 200, amended.text
    refusal(report(house, allocation, "heartbeat"), 409, "not_running")
    refusal(report(house, allocation, "complete"), 409, "illegal_transition")
    stranger = next(
        key
        for key, id_ in ((house.keys.provider, "prv_0062"), (house.keys.other_provider, "prv_0101"))
        if id_ != allocation["provider_id"]
    )
    refusal(report(house, allocation, "start", stranger), 404, "not_found")
    refusal(report(house, allocation, "start", house.keys.buyer), 403, "not_permitted")
    started = report(house, allocation, "start", headers={"Idempotency-Key": "s1"})
    assert (started.status_code, started.json()["state"]) == (200, "active")
    assert report(house, allocation, "start", headers={"Idempotency-Key": "s1"}).json() == started.json()
    refusal(report(house, allocation, "start"), 409, "illegal_transition")
    house.clock.advance(HOUR / 2)
    assert report(house, allocation, "heartbeat").json()["heartbeat_at"] == "2025-07-16T07:30:00Z"
    done = report(house, allocation, "complete").json()
    assert (done["state"], done["ended_at"]) == ("completed", "2025-07-16T07:30:00Z")
    history = house.ask("GET", f"/v1/orders/{allocation['order_id']}", house.keys.buyer).json()["history"]
    assert [step["cause"] for step in history] == ["submitted", "placed_in_round", "started", "completed"]


def test_too_early_is_said_with_the_time(house: House) -> None:
    allocation = placed(house, earliest_start="2025-07-16T12:00:00Z")
    problem = refusal(report(house, allocation, "start"), 409, "too_early")
    assert problem["starts_at"] == allocation["starts_at"]


@pytest.mark.parametrize(("cause", "state"), [("job", "failed"), ("provider", "interrupted")])
def test_failures_name_their_cause(house: House, cause: str, state: str) -> None:
    allocation = placed(house)
    house.clock.advance(HOUR)
    body = {"cause": cause, "note": "rack 7"}
    failed = report(house, allocation, "fail", json=body)
    assert (failed.status_code, failed.json()["state"]) == (200, state), failed.text
    order = house.ask("GET", f"/v1/orders/{allocation['order_id']}", house.keys.buyer).json()
    assert (order["state"], order["history"][-1]["reason"]) == (state, "rack 7")
    refusal(report(house, allocation, "fail", json=body), 409, "illegal_transition")
    refusal(report(house, allocation, "fail", json={"cause": "weather"}), 422, "malformed_request")


def test_a_node_goes_down_and_up(house: House) -> None:
    allocation = placed(house)
    path = f"/v1/nodes/{allocation['node_id']}"
    refusal(house.ask("POST", f"{path}/down", house.keys.provider), 403, "not_permitted")
    refusal(house.ask("POST", "/v1/nodes/atlantis/down", house.keys.operator), 404, "not_found")
    down = house.ask("POST", f"{path}/down", house.keys.operator, headers={"Idempotency-Key": "d1"})
    assert (down.status_code, down.json()["state"]) == (200, "down")
    replayed = house.ask("POST", f"{path}/down", house.keys.operator, headers={"Idempotency-Key": "d1"})
    assert replayed.json() == down.json()
    refusal(house.ask("POST", f"{path}/down", house.keys.operator), 409, "illegal_transition")
    order = house.ask("GET", f"/v1/orders/{allocation['order_id']}", house.keys.buyer).json()
    assert order["state"] == "interrupted"
    assert house.clear()["placed"] == 1
    assert house.ask("POST", f"{path}/up", house.keys.operator).json()["state"] == "up"
