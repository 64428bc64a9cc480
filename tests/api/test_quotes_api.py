"""Quotes that are held, immediate orders and forecasts, through the API."""

from datetime import timedelta
from typing import Any

import pytest
from api_house import House, order_body, refusal

IMMEDIATE = {"time_in_force": "immediate"}


def hold(house: House, minutes: int = 10, **changes: Any) -> dict[str, Any]:
    body = {**order_body(**changes), "hold_minutes": minutes}
    answer = house.ask("POST", "/v1/quotes", house.keys.buyer, json=body)
    assert answer.status_code == 200, answer.text
    held: dict[str, Any] = answer.json()["held"]
    return held


def test_a_quote_tells_what_it_takes_and_holds_nothing_unless_asked(house: House) -> None:
    quote = house.ask("POST", "/v1/quotes", house.keys.buyer, json=order_body(limit_price="0.01")).json()
    assert quote["held"] is None
    assert quote["smallest_change"]["field"] == "limit_price"
    assert quote["smallest_change"]["to"] == quote["price_to_place"]
    taken = order_body(limit_price=quote["price_to_place"], **IMMEDIATE)
    placed = house.ask("POST", "/v1/orders", house.keys.buyer, json=taken)
    assert (placed.status_code, placed.json()["state"]) == (201, "allocated")


def test_a_held_quote_is_read_used_and_used_up(house: House) -> None:
    held = hold(house)
    path = f"/v1/quotes/{held['id']}"
    assert house.ask("GET", path, house.keys.buyer).json() == held
    refusal(house.ask("GET", path, house.keys.other_buyer), 404, "not_found")
    house.clock.advance(timedelta(minutes=9))
    body = order_body(quote_id=held["id"])
    order = house.ask("POST", "/v1/orders", house.keys.buyer, json=body).json()
    assert (order["state"], order["time_in_force"], order["held"]) == (
        "allocated",
        "immediate",
        held["price"],
    )
    detail = house.ask("GET", f"/v1/orders/{order['id']}", house.keys.buyer).json()
    assert detail["allocation"]["price"] == held["price"]
    assert [step["cause"] for step in detail["history"]] == ["submitted", "placed_at_once"]
    assert house.ask("GET", path, house.keys.buyer).json() | {"order_id": None, "state": "held"} == held
    refusal(house.ask("POST", "/v1/orders", house.keys.buyer, json=body), 409, "quote_expired")


def test_a_quote_that_is_over_or_another_orders_is_refused(house: House) -> None:
    held = hold(house)
    other = order_body(job={"units": 3}, quote_id=held["id"])
    problem = refusal(house.ask("POST", "/v1/orders", house.keys.buyer, json=other), 409, "quote_mismatch")
    assert "units" in problem["fields"]
    released = house.ask("POST", f"/v1/quotes/{held['id']}/release", house.keys.buyer)
    assert (released.status_code, released.json()["state"]) == (200, "lapsed")
    again = house.ask("POST", f"/v1/quotes/{held['id']}/release", house.keys.buyer)
    refusal(again, 409, "quote_expired")
    late = hold(house, minutes=1)
    house.clock.advance(timedelta(minutes=1))
    body = order_body(quote_id=late["id"])
    refusal(house.ask("POST", "/v1/orders", house.keys.buyer, json=body), 409, "quote_expired")


def test_a_hold_under_one_key_is_one_hold(house: House) -> None:
    asked: dict[str, Any] = {
        "json": {**order_body(), "hold_minutes": 5},
        "headers": {"Idempotency-Key": "k"},
    }
    first = house.ask("POST", "/v1/quotes", house.keys.buyer, **asked).json()
    second = house.ask("POST", "/v1/quotes", house.keys.buyer, **asked)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json()["held"] == first["held"]


@pytest.mark.parametrize("minutes", [5, None])
def test_a_quote_is_told_again_under_its_key_when_it_could_not_be_asked_any_more(
    house: House, minutes: int | None
) -> None:
    """Whoever lost the answer to a network finds out what they hold, also after the deadline of what they asked."""
    body = {**order_body(), "hold_minutes": minutes}
    once = {"Idempotency-Key": "late"}
    first = house.ask("POST", "/v1/quotes", house.keys.buyer, json=body, headers=once).json()
    house.clock.advance(timedelta(days=2))
    refusal(house.ask("POST", "/v1/quotes", house.keys.buyer, json=body), 422, "deadline_passed")
    again = house.ask("POST", "/v1/quotes", house.keys.buyer, json=body, headers=once)
    assert again.status_code == 200, again.text
    assert again.headers["Idempotent-Replayed"] == "true"
    held = again.json()["held"]
    assert (held and held["id"]) == (first["held"] and first["held"]["id"])
    assert again.json()["options"] == []


@pytest.mark.slow
def test_twenty_quotes_are_enough(house: House) -> None:
    for _ in range(20):
        hold(house)
    body = {**order_body(), "hold_minutes": 1}
    refusal(house.ask("POST", "/v1/quotes", house.keys.buyer, json=body), 409, "too_many_quotes")


@pytest.mark.parametrize("minutes", [0, 61, 1.5, "5", True])
def test_minutes_are_whole_and_few(house: House, minutes: Any) -> None:
    body = {**order_body(), "hold_minutes": minutes}
    refusal(house.ask("POST", "/v1/quotes", house.keys.buyer, json=body), 422, "malformed_request")


def test_operators_hold_nothing(house: House) -> None:
    body = {**order_body(buyer_id="buy_0001"), "hold_minutes": 5}
    refusal(house.ask("POST", "/v1/quotes", house.keys.operator, json=body), 403, "not_permitted")


def test_an_immediate_order_that_finds_no_place_is_told_why_and_not_kept(house: House) -> None:
    body = order_body(limit_price="0.01", **IMMEDIATE)
    asked: dict[str, Any] = {"json": body, "headers": {"Idempotency-Key": "k"}}
    problem = refusal(house.ask("POST", "/v1/orders", house.keys.buyer, **asked), 409, "not_placed_now")
    assert {"node", "code"} <= set(problem["reasons"][0])
    assert problem["smallest_change"]["to"] == problem["price_to_place"]
    assert house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"] == []
    again = refusal(house.ask("POST", "/v1/orders", house.keys.buyer, **asked), 409, "not_placed_now")
    assert again == problem


def test_in_a_batch_immediate_orders_are_placed_or_refused_each_on_its_own(house: House) -> None:
    batch = [order_body(**IMMEDIATE), order_body(limit_price="0.01", **IMMEDIATE), order_body()]
    items = house.ask("POST", "/v1/orders/batch", house.keys.buyer, json={"orders": batch}).json()["items"]
    assert [item["status"] for item in items] == [201, 409, 201]
    assert [items[0]["order"]["state"], items[2]["order"]["state"]] == ["allocated", "open"]
    assert items[1]["error"]["code"] == "not_placed_now"


def test_a_waiting_order_is_told_its_place_and_when(house: House) -> None:
    first, second = house.submit(limit_price="0.02")["id"], house.submit(limit_price="0.01")["id"]
    house.clear()
    found = [
        house.ask("GET", f"/v1/orders/{i}/explanation", house.keys.buyer).json()["forecast"]
        for i in (first, second)
    ]
    assert [(f["orders_ahead"], f["rank"], f["of_orders"], f["basis"]) for f in found] == [
        (0, 1, 2, "prior"),
        (1, 2, 2, "prior"),
    ]
    placed = house.submit(**IMMEDIATE)["id"]
    explained = house.ask("GET", f"/v1/orders/{placed}/explanation", house.keys.buyer).json()
    assert explained["forecast"] is None


def test_everybody_may_see_how_forecasts_fared(house: House) -> None:
    assert house.ask("GET", "/v1/forecasts/score").json() == {
        "count": 0,
        "hits": 0,
        "hit_share": None,
        "open_ended": 0,
        "mean_width_hours": None,
    }
