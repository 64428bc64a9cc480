"""Orders through the API: their whole life, one by one and many at once."""

from datetime import timedelta

import pytest
from api_house import NOW, House, order_body, refusal

from market.domain.clock import rfc3339


def test_an_order_is_taken_read_back_and_told_with_its_history(house: House) -> None:
    submitted = house.submit(latency_cost_per_ms_hour="0.02", earliest_start="2025-07-16T18:00:00+08:00")
    assert submitted["state"] == "open"
    assert submitted["buyer_id"] == "buy_0001"
    assert submitted["limit_price"] == "900.00"
    assert submitted["latency_cost_per_ms_hour"] == "0.02"
    assert submitted["earliest_start"] == "2025-07-16T10:00:00Z"
    assert submitted["job"]["data_gb"] == 0
    assert submitted["job"]["job_class"] == "other"
    assert submitted["divisible"] is None
    read = house.ask("GET", f"/v1/orders/{submitted['id']}", house.keys.buyer).json()
    assert read.pop("allocation") is None
    history = read.pop("history")
    assert [(step["state"], step["reason"]) for step in history] == [("open", "submitted")]
    assert read == submitted


def test_hours_may_be_given_by_device(house: House) -> None:
    job = {"devices": ["910b", "h800_sxm"], "hours": {"910b": 4, "h800_sxm": 1.5}}
    assert house.submit(job=job)["job"]["hours"] == {"910b": 4, "h800_sxm": 1.5}


def test_a_placed_order_shows_its_allocation_and_is_explained(house: House) -> None:
    order_id = house.submit()["id"]
    round_id = house.clear()["id"]
    read = house.ask("GET", f"/v1/orders/{order_id}", house.keys.buyer).json()
    assert read["state"] == "allocated"
    assert read["allocation"]["round_id"] == round_id
    assert float(read["allocation"]["price"]) <= 900
    assert [step["state"] for step in read["history"]] == ["open", "allocated"]
    explained = house.ask("GET", f"/v1/orders/{order_id}/explanation", house.keys.buyer).json()
    assert explained["allocation"] == read["allocation"]
    assert explained["code"] is None
    assert explained["alternatives"]


def test_an_unplaced_order_is_explained_with_the_change_that_places_it(house: House) -> None:
    order_id = house.submit(limit_price="0.01")["id"]
    house.clear()
    explained = house.ask("GET", f"/v1/orders/{order_id}/explanation", house.keys.buyer).json()
    assert explained["code"] == "PRICED_OUT"
    assert explained["allocation"] is None
    change = explained["smallest_change"]
    assert change["field"] == "limit_price"
    assert change["to"] == explained["price_to_place"]
    placed = house.submit(limit_price=change["to"])["id"]
    house.clear()
    assert house.ask("GET", f"/v1/orders/{placed}", house.keys.buyer).json()["state"] == "allocated"


def test_a_cancelled_order_stays_cancelled(house: House) -> None:
    order_id = house.submit()["id"]
    cancelled = house.ask("POST", f"/v1/orders/{order_id}/cancel", house.keys.buyer)
    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == "cancelled"
    again = house.ask("POST", f"/v1/orders/{order_id}/cancel", house.keys.buyer)
    refusal(again, 409, "illegal_transition")


def test_lists_are_newest_first_and_filtered_by_state(house: House) -> None:
    first, second = house.submit()["id"], house.submit()["id"]
    house.ask("POST", f"/v1/orders/{first}/cancel", house.keys.buyer)
    listed = house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"]
    assert [order["id"] for order in listed] == [second, first]
    still_open = house.ask("GET", "/v1/orders", house.keys.buyer, params={"state": "open"}).json()["items"]
    assert [order["id"] for order in still_open] == [second]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/cancel"), ("GET", "/explanation")])
def test_another_buyers_order_is_not_there(house: House, method: str, path: str) -> None:
    order_id = house.submit()["id"]
    refusal(house.ask(method, f"/v1/orders/{order_id}{path}", house.keys.other_buyer), 404, "not_found")
    assert house.ask("GET", "/v1/orders", house.keys.other_buyer).json()["items"] == []


def test_an_operator_names_the_buyer_and_sees_all(house: House) -> None:
    refusal(house.ask("POST", "/v1/orders", house.keys.operator, json=order_body()), 422, "missing_buyer")
    taken = house.ask("POST", "/v1/orders", house.keys.operator, json=order_body(buyer_id="buy_0009"))
    assert taken.status_code == 201
    assert taken.headers["location"] == f"/v1/orders/{taken.json()['id']}"
    listed = house.ask("GET", "/v1/orders", house.keys.operator).json()["items"]
    assert [order["buyer_id"] for order in listed] == ["buy_0009"]


def test_a_buyer_acts_for_itself_only(house: House) -> None:
    foreign = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(buyer_id="buy_0002"))
    refusal(foreign, 403, "not_permitted")


def test_a_batch_answers_each_order_on_its_own(house: House) -> None:
    orders = [
        order_body(),
        {"limit_price": 5},
        "no order at all",
        order_body(job={"origin_region": "atlantis"}),
        order_body(buyer_id="buy_0002"),
        order_body(deadline=rfc3339(NOW - timedelta(hours=1))),
        order_body(divisible=True),
        order_body(),
    ]
    answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, json={"orders": orders})
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [item["status"] for item in items] == [201, 422, 422, 422, 403, 422, 422, 201]
    assert [item["error"]["code"] for item in items[1:-1]] == [
        "malformed_request",
        "malformed_request",
        "unknown_region",
        "not_permitted",
        "deadline_passed",
        "not_supported",
    ]
    assert items[1]["error"]["errors"][0]["loc"][:3] == ["body", "orders", 1]
    stored = house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"]
    assert [order["id"] for order in stored] == [items[7]["order"]["id"], items[0]["order"]["id"]]


def test_a_batch_has_bounds(house: House) -> None:
    for orders in ([], [{}] * 10_001):
        answer = house.ask("POST", "/v1/orders/batch", house.keys.buyer, json={"orders": orders})
        refusal(answer, 422, "malformed_request")


def test_a_quote_stores_nothing_and_says_why_not_elsewhere(house: House) -> None:
    body = order_body(job={"max_rtt_ms": 10})
    quote = house.ask("POST", "/v1/quotes", house.keys.buyer, json=body)
    assert quote.status_code == 200, quote.text
    options, reasons = quote.json()["options"], quote.json()["reasons"]
    costs = [float(option["cost"]) for option in options]
    assert costs == sorted(costs)
    assert all(option["rtt_ms"] <= 10 for option in options)
    assert {"TOO_FAR"} <= {reason["code"] for reason in reasons}
    assert house.ask("GET", "/v1/orders", house.keys.buyer).json()["items"] == []


def test_an_operator_may_ask_for_nobody(house: House) -> None:
    mine = house.ask("POST", "/v1/quotes", house.keys.buyer, json=order_body()).json()
    assert house.ask("POST", "/v1/quotes", house.keys.operator, json=order_body()).json() == mine
    named = house.ask("POST", "/v1/quotes", house.keys.operator, json=order_body(buyer_id="buy_0001"))
    assert named.json() == mine
    unknown = house.ask("POST", "/v1/quotes", house.keys.operator, json=order_body(buyer_id="buy_none"))
    refusal(unknown, 422, "unknown_buyer")
    refusal(house.ask("POST", "/v1/quotes", house.keys.provider, json=order_body()), 403, "not_permitted")
    refusal(
        house.ask("POST", "/v1/orders", house.keys.operator, json=order_body()), 422, "missing_buyer"
    )  # an order is somebody's
