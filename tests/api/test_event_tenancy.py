"""Nobody learns from events what is somebody else's: ids, keys, money."""

import json

from api_house import NOW, OPERATOR, House, Json, order_body
from contract_seeds import an_allocation

from market.domain.clock import HOUR, rfc3339
from market.domain.parties import Role

SOON = rfc3339(NOW + 3 * HOUR)
PAGES = {"headers": {"Accept": "application/json"}}


def events_of(house: House, key: str | None) -> list[Json]:
    """Everything that whoever holds the key may know."""
    answer = house.ask("GET", "/v1/events", key, params={"limit": 1000}, **PAGES)
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    found: list[Json] = answer.json()["items"]
    return found


def trade(house: House, key: str) -> Json:
    """An order of somebody's that was placed; its allocation."""
    body = order_body(job={"devices": ["910b"]}, deadline=SOON)
    order = house.ask("POST", "/v1/orders", key, json=body).json()
    house.clear()
    (found,) = house.ask("GET", f"/v1/allocations?order_id={order['id']}", key).json()["items"]
    return dict(found)


def test_each_hears_its_own_and_nothing_of_the_others(house: House) -> None:
    seeded = an_allocation(house)
    provider, mine = seeded.keys[Role.PROVIDER], {**seeded.values, "id": seeded.values["allocation_id"]}
    assert house.ask("POST", f"/v1/allocations/{mine['id']}/start", provider).status_code == 200
    theirs = trade(house, house.keys.other_buyer)
    assert (
        house.ask("POST", f"/v1/orders/{theirs['order_id']}/cancel", house.keys.other_buyer).status_code
        == 200
    )
    deposit = {"json": {"amount": "123.45"}}
    path = "/v1/accounts/acc_buy_0002/deposits"
    assert house.ask("POST", path, house.keys.operator, **deposit).status_code in {200, 201}
    keys = {
        name: house.exchange.authenticate(key).key_id
        for name, key in {
            "buyer": house.keys.buyer,
            "other": house.keys.other_buyer,
            "provider": provider,
            "operator": house.keys.operator,
        }.items()
    }

    heard = json.dumps(events_of(house, house.keys.buyer))
    assert mine["order_id"] in heard
    assert keys["buyer"] in heard
    for foreign in (
        "buy_0002",
        theirs["order_id"],
        theirs["id"],
        "123.45",
        keys["other"],
        keys["provider"],
        keys["operator"],
    ):
        assert foreign not in heard, foreign

    heard = json.dumps(events_of(house, house.keys.other_buyer))
    assert theirs["order_id"] in heard
    assert "123.45" in heard
    for foreign in (mine["order_id"], mine["id"], keys["buyer"]):
        assert foreign not in heard, foreign

    heard = json.dumps(events_of(house, None))
    for foreign in (*keys.values(), "ord_", "alo_", "buy_", "123.45"):
        assert foreign not in heard, foreign

    everything = json.dumps(events_of(house, house.keys.operator))
    for all_of_it in (*keys.values(), mine["id"], theirs["id"], "123.45"):
        assert all_of_it in everything


def test_a_provider_hears_of_its_allocations_but_no_money_and_no_bids(house: House) -> None:
    granted = trade(house, house.keys.buyer)
    waiting = house.submit(limit_price="777.77", deadline=SOON)
    provider = house.exchange.issue_key(OPERATOR, Role.PROVIDER, granted["provider_id"])
    events = events_of(house, provider)
    heard = json.dumps(events)
    assert granted["id"] in heard
    for foreign in (
        waiting["id"],
        "777.77",
        granted["price"],
        order_body()["limit_price"],
        "order.submitted",
    ):
        assert foreign not in heard, foreign
    (told,) = [event for event in events if event["kind"] == "allocation.granted"]
    assert told["actor"] == "exchange"
