"""Money through the API: what each sees, what is refused, what the bills come to."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from api_house import NOW, House, Json, order_body, refusal

BUYER, ESCROW = "acc_buy_0001", "acc_escrow_buy_0001"
POOL = {
    "issuer": "杭州市",
    "rate_by_class": {"gpu": 0.3},
    "cap_per_year": "8000000.00",
    "valid_from": "2025-01-01T00:00:00Z",
    "valid_until": "2026-01-01T00:00:00Z",
    "funds": "1000.00",
}


def get(house: House, path: str, key: str | None, **query: Any) -> Json:
    answer = house.ask("GET", path, key, params=query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def balance(house: House, account: str) -> str:
    found: str = get(house, f"/v1/accounts/{account}", house.keys.operator)["balance"]
    return found


def test_an_order_holds_its_limit_and_gives_it_back(house: House) -> None:
    order = house.submit(limit_price="900.00")
    assert (balance(house, BUYER), balance(house, ESCROW)) == ("-900.00", "900.00")
    (hold,) = get(house, "/v1/ledger/transfers", house.keys.buyer)["items"]
    assert (hold["kind"], hold["amount"], hold["order_id"]) == ("hold", "900.00", order["id"])
    house.ask("POST", f"/v1/orders/{order['id']}/cancel", house.keys.buyer)
    assert (balance(house, BUYER), balance(house, ESCROW)) == ("0.00", "0.00")


def test_a_grant_keeps_the_price_and_nothing_else(house: House) -> None:
    order = house.submit()
    house.clear()
    (granted,) = get(house, "/v1/allocations", house.keys.buyer, order_id=order["id"])["items"]
    assert Decimal(balance(house, ESCROW)) == Decimal(granted["price"])


def test_deposits_and_payouts_are_booked_once(house: House) -> None:
    path, key = f"/v1/accounts/{BUYER}/deposits", {"Idempotency-Key": "deposit-1"}
    first = house.ask("POST", path, house.keys.operator, json={"amount": "5000.00"}, headers=key)
    again = house.ask("POST", path, house.keys.operator, json={"amount": "5000.00"}, headers=key)
    assert (first.status_code, first.json()) == (201, again.json())
    other = house.ask("POST", path, house.keys.operator, json={"amount": "1.00"}, headers=key)
    refusal(other, 409, "idempotency_key_reused")
    assert balance(house, BUYER) == "5000.00"
    payout = house.ask(
        "POST", "/v1/accounts/acc_prv_0062/payouts", house.keys.operator, json={"amount": "1.00"}
    )
    assert refusal(payout, 409, "insufficient_funds")["available"] == "0.00"
    wrong = house.ask("POST", f"/v1/accounts/{BUYER}/payouts", house.keys.operator, json={"amount": "1.00"})
    refusal(wrong, 409, "wrong_account")
    nothing = house.ask("POST", path, house.keys.operator, json={"amount": "0.00"})
    refusal(nothing, 422, "invalid_amount")
    refusal(house.ask("POST", path, house.keys.buyer, json={"amount": "1.00"}), 403, "not_permitted")


def test_a_credit_limit_refuses_what_it_does_not_cover(house: House) -> None:
    limited = house.ask(
        "PUT", f"/v1/accounts/{BUYER}/credit-limit", house.keys.operator, json={"credit_limit": "1000.00"}
    )
    assert limited.json()["credit_limit"] == "1000.00"
    house.submit(limit_price="900.00")
    body = order_body(limit_price="900.00")
    refused = house.ask("POST", "/v1/orders", house.keys.buyer, json=body)
    assert refusal(refused, 409, "insufficient_funds")["available"] == "100.00"
    low = house.ask(
        "PUT", f"/v1/accounts/{BUYER}/credit-limit", house.keys.operator, json={"credit_limit": "899.00"}
    )
    assert refusal(low, 409, "limit_exceeded")["balance"] == "-900.00"
    free = house.ask(
        "PUT", f"/v1/accounts/{BUYER}/credit-limit", house.keys.operator, json={"credit_limit": None}
    )
    assert free.json()["credit_limit"] is None
    house.submit(limit_price="900.00")


def test_the_operator_can_check_that_the_ledger_balances(house: House) -> None:
    house.submit()
    house.clear()
    checked = get(house, "/v1/ledger/balance", house.keys.operator)
    assert checked == {"balances": True, "imbalance": "0.00"}
    refusal(house.ask("GET", "/v1/ledger/balance", house.keys.buyer), 403, "not_permitted")


def test_each_sees_its_own_accounts(house: House) -> None:
    house.submit()
    mine = get(house, "/v1/accounts", house.keys.buyer)["items"]
    assert [account["id"] for account in mine] == [BUYER, ESCROW]
    theirs = get(house, "/v1/accounts", house.keys.provider)["items"]
    assert [(account["id"], account["balance"]) for account in theirs] == [("acc_prv_0062", "0.00")]
    assert get(house, "/v1/ledger/transfers", house.keys.other_buyer)["items"] == []
    for account in (BUYER, ESCROW, "acc_outside", "acc_nobody", "nonsense", "acc_%00"):
        refusal(house.ask("GET", f"/v1/accounts/{account}", house.keys.other_buyer), 404, "not_found")
    query = {"account_id": BUYER}
    hidden = house.ask("GET", "/v1/ledger/transfers", house.keys.other_buyer, params=query)
    refusal(hidden, 404, "not_found")
    refusal(house.ask("GET", "/v1/accounts", None), 401, "missing_key")


def test_transfers_are_filtered_and_paged(house: House) -> None:
    orders = [house.submit() for _ in range(3)]
    house.clear()
    of_order = get(house, "/v1/ledger/transfers", house.keys.buyer, order_id=orders[0]["id"])["items"]
    assert {t["kind"] for t in of_order} == {"hold", "release"}
    holds = get(house, "/v1/ledger/transfers", house.keys.operator, kind="hold", limit=2)
    rest = get(house, "/v1/ledger/transfers", house.keys.operator, kind="hold", cursor=holds["next_cursor"])
    seen = [t["order_id"] for t in holds["items"] + rest["items"]]
    assert seen == [order["id"] for order in reversed(orders)]
    unknown = house.ask("GET", "/v1/ledger/transfers", house.keys.buyer, params={"kind": "gift"})
    refusal(unknown, 422, "malformed_request")


def test_bills_of_a_month_come_to_what_was_moved(house: House) -> None:
    pool = house.ask("POST", "/v1/voucher-pools", house.keys.operator, json=POOL).json()
    house.ask("POST", f"/v1/accounts/{BUYER}/deposits", house.keys.operator, json={"amount": "100.00"})
    order = house.submit(voucher_pool_id=pool["id"])
    house.clear()
    (granted,) = get(house, "/v1/allocations", house.keys.buyer, order_id=order["id"])["items"]
    house.clock.advance(timedelta(hours=30))
    house.exchange.keep_time()
    price, month = Decimal(granted["price"]), NOW.strftime("%Y-%m")
    (invoice,) = get(house, "/v1/invoices", house.keys.buyer, month=month)["items"]
    (line,) = invoice["lines"]
    assert (line["order_id"], line["units"]) == (order["id"], 2)
    assert line["unit_hours"] == 2 * line["hours"]
    totals = {name: Decimal(amount) for name, amount in invoice["totals"].items()}
    assert totals["charge"] == price
    assert abs(totals["voucher"] - price * Decimal("0.3")) < Decimal("0.00001")
    assert totals["due"] == totals["charge"] - totals["voucher"]
    assert Decimal(balance(house, BUYER)) == Decimal(invoice["deposits"]) - totals["due"]
    left = get(house, f"/v1/voucher-pools/{pool['id']}", house.keys.buyer)["left"]
    assert Decimal(left) == 1000 - totals["voucher"]
    statements = get(house, "/v1/statements", house.keys.operator, month=month, limit=1000)["items"]
    (statement,) = [one for one in statements if one["lines"]]
    assert Decimal(statement["totals"]["net"]) == price
    assert Decimal(balance(house, f"acc_{statement['provider_id']}")) == price
    (empty,) = get(house, "/v1/invoices", house.keys.buyer, month="2025-06")["items"]
    assert (empty["lines"], empty["totals"]["due"]) == ([], "0.00")


def test_bills_are_for_those_they_are_about(house: House) -> None:
    refusal(house.ask("GET", "/v1/invoices?month=2025-07", house.keys.provider), 403, "not_permitted")
    refusal(house.ask("GET", "/v1/statements?month=2025-07", house.keys.buyer), 403, "not_permitted")
    other = {"month": "2025-07", "buyer_id": "buy_0002"}
    refusal(house.ask("GET", "/v1/invoices", house.keys.buyer, params=other), 403, "not_permitted")
    (one,) = get(house, "/v1/invoices", house.keys.operator, **other)["items"]
    assert one["buyer_id"] == "buy_0002"
    for month in ("2025-13", "202507", "july", ""):
        wrong = house.ask("GET", "/v1/invoices", house.keys.buyer, params={"month": month})
        assert wrong.status_code == 422
    assert house.ask("GET", "/v1/invoices", house.keys.buyer).status_code == 422


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rate_by_class": {}}, "malformed_request"),
        ({"rate_by_class": {"gpu": 1.5}}, "malformed_request"),
        ({"rate_by_class": {"quantum": 0.5}}, "malformed_request"),
        ({"cap_per_year": "0.00"}, "invalid_voucher"),
        ({"valid_until": "2024-01-01T00:00:00Z"}, "invalid_window"),
        ({"funds": "-1.00"}, "invalid_amount"),
        ({"eligible_providers": ["prv_none"]}, "unknown_provider"),
        ({"related_parties": [{"buyer_id": "buy_none", "provider_id": "prv_0062"}]}, "unknown_buyer"),
    ],
)
def test_pools_that_cannot_be_meant(house: House, changes: Json, code: str) -> None:
    answer = house.ask("POST", "/v1/voucher-pools", house.keys.operator, json=POOL | changes)
    refusal(answer, 422, code)


def test_pools_are_listed_and_their_relations_kept(house: House) -> None:
    pairs = [
        {"buyer_id": "buy_0001", "provider_id": "prv_0062"},
        {"buyer_id": "buy_0002", "provider_id": "prv_0101"},
    ]
    body, key = POOL | {"related_parties": pairs}, {"Idempotency-Key": "pool-1"}
    made = house.ask("POST", "/v1/voucher-pools", house.keys.operator, json=body, headers=key)
    again = house.ask("POST", "/v1/voucher-pools", house.keys.operator, json=body, headers=key)
    assert made.json() == again.json()
    assert made.headers["location"] == f"/v1/voucher-pools/{made.json()['id']}"
    assert made.json()["related_parties"] == pairs
    (seen,) = get(house, "/v1/voucher-pools", house.keys.buyer)["items"]
    assert (seen["related_parties"], seen["left"]) == (pairs[:1], "1000.00")
    refusal(house.ask("GET", "/v1/voucher-pools/vpl_none", house.keys.buyer), 404, "not_found")
    refusal(house.ask("POST", "/v1/voucher-pools", house.keys.buyer, json=POOL), 403, "not_permitted")


def test_an_order_on_an_unknown_pool_is_refused(house: House) -> None:
    answer = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body(voucher_pool_id="vpl_none"))
    refusal(answer, 422, "unknown_voucher_pool")
