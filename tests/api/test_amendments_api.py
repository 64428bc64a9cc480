"""Drafts, amendments and explanations through the API."""

from typing import Any

import pytest
from api_house import House, Json, refusal


def patch(house: House, order_id: str, body: Json, key: str | None = None) -> Any:
    return house.ask("PATCH", f"/v1/orders/{order_id}", key or house.keys.buyer, json=body)


def explained(house: House, order_id: str) -> Json:
    answer = house.ask("GET", f"/v1/orders/{order_id}/explanation", house.keys.buyer)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_a_draft_holds_nothing_until_it_is_submitted(house: House) -> None:
    draft = house.submit(draft=True)
    assert (draft["state"], draft["held"]) == ("draft", "0.00")
    assert house.clear()["orders"] == 0
    path = f"/v1/orders/{draft['id']}/submit"
    headers = {"Idempotency-Key": "once"}
    opened = house.ask("POST", path, house.keys.buyer, headers=headers).json()
    assert (opened["state"], opened["held"]) == ("open", "900.00")
    again = house.ask("POST", path, house.keys.buyer, headers=headers)
    assert again.json() == opened
    refusal(house.ask("POST", path, house.keys.buyer), 409, "illegal_transition")
    refusal(house.ask("POST", path, house.keys.other_buyer), 404, "not_found")


def test_terms_and_needs_are_amended_flat_or_nested(house: House) -> None:
    order_id = house.submit()["id"]
    flat = patch(house, order_id, {"limit_price": "1310.00", "units": 3, "max_rtt_ms": 40}).json()
    assert (flat["limit_price"], flat["held"]) == ("1310.00", "1310.00")
    assert (flat["job"]["units"], flat["job"]["max_rtt_ms"]) == (3, 40)
    nested = patch(house, order_id, {"job": {"units": 0.5, "max_rtt_ms": None}, "interruptible": True}).json()
    assert (nested["job"]["units"], nested["job"]["max_rtt_ms"]) == (0.5, None)
    assert nested["interruptible"]
    assert patch(house, order_id, {"units": 4}).json()["job"]["units"] == 4
    assert patch(house, order_id, {"allowed_regions": ["beijing"]}).json()["job"]["allowed_regions"] == [
        "beijing"
    ]
    read = house.ask("GET", f"/v1/orders/{order_id}", house.keys.buyer).json()
    assert [step["cause"] for step in read["history"]] == ["submitted", *["amended"] * 4]
    assert read["history"][1]["reason"].startswith("limit_price from 900.00 to 1310.00; ")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "malformed_request"),
        ({"job": {}}, 422, "malformed_request"),
        ({"units": 2, "job": {"units": 3}}, 422, "malformed_request"),
        ({"limit_price": 12}, 422, "malformed_request"),
        ({"limit_price": None}, 422, "malformed_request"),
        ({"limit_price": "0"}, 422, "invalid_amount"),
        ({"state": "allocated"}, 422, "malformed_request"),
        ({"deadline": "2025-07-16T06:00:00Z"}, 422, "deadline_passed"),
        ({"devices": ["abacus"]}, 422, "unknown_device"),
        ({"devices": []}, 422, "malformed_request"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    house: House, body: Json, status: int, code: str
) -> None:
    before = house.submit()
    refusal(patch(house, before["id"], body), status, code)
    read = house.ask("GET", f"/v1/orders/{before['id']}", house.keys.buyer).json()
    assert {name: read[name] for name in before} == before


def test_nobody_amends_what_is_anothers_or_placed(house: House) -> None:
    order_id = house.submit()["id"]
    refusal(patch(house, order_id, {"units": 1}, house.keys.other_buyer), 404, "not_found")
    refusal(patch(house, order_id, {"units": 1}, house.keys.provider), 403, "not_permitted")
    house.clear()
    refusal(patch(house, order_id, {"units": 1}), 409, "not_amendable")


def test_reasons_and_the_smallest_change_can_be_read_and_applied(house: House) -> None:
    order_id = house.submit(limit_price="0.01", job={"units": 1})["id"]
    house.clear()
    why = explained(house, order_id)
    assert (why["status"], why["code"]) == ("open", "PRICED_OUT")
    assert {"node", "code"} <= set(why["reasons"][0])
    priced_out = next(reason for reason in why["reasons"] if reason["code"] == "PRICED_OUT")
    assert priced_out["limit_price"] == "0.01"  # facts stand beside the code
    change = why["smallest_change"]
    assert (change["field"], change["to"]) == ("limit_price", why["price_to_place"])
    body = {change["field"]: change["to"], "time_in_force": "immediate"}
    placed = patch(house, order_id, body).json()
    assert placed["state"] == "allocated"
    why = explained(house, order_id)
    assert why["decided_by"]["code"] == "CHEAPEST"
    assert why["smallest_change"] is None
    others = [
        one for one in why["alternatives"] if one["code"] == "PRICED_OUT"
    ]  # it pays for the cheapest only
    assert others
    assert all(float(one["cost_difference"]) > 0 for one in others)


def test_an_amendment_that_finds_no_place_at_once_is_refused_with_reasons(house: House) -> None:
    before = house.submit(limit_price="0.01", job={"units": 1})
    problem = refusal(patch(house, before["id"], {"time_in_force": "immediate"}), 409, "not_placed_now")
    assert problem["reasons"]
    assert problem["smallest_change"]["field"] == "limit_price"
    read = house.ask("GET", f"/v1/orders/{before['id']}", house.keys.buyer).json()
    assert {name: read[name] for name in before} == before
