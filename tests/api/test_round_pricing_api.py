"""What a round comes to: its settlement, and both ways of pricing it."""

from decimal import Decimal
from typing import Any

import pytest
from api_house import House, refusal

pytestmark = pytest.mark.slow


def scarce_round(house: House, **body: Any) -> Any:
    """More orders for Shanghai's few cards than these have hours for, each with a limit of its own."""
    job = {"devices": ["910b"], "allowed_regions": ["shanghai"], "hours": 4}
    for number in range(20):
        limit = f"{30 * (6 + number % 5) * (1 + number % 3)}.00"
        house.submit(job={**job, "units": 1 + number % 7}, limit_price=limit)
    landed = house.clear(slots=24, **body)
    assert 0 < landed["placed"] < 20
    return landed


def amounts(found: Any, *names: str) -> list[Decimal]:
    return [Decimal(found[name]) for name in names]


@pytest.mark.parametrize("rule", ["posted", "marginal"])
def test_a_round_says_what_it_comes_to_and_what_its_gap_is_made_of(house: House, rule: str) -> None:
    landed = scarce_round(house, pricing=rule)
    settlement = landed["settlement"]
    assert (landed["pricing"], settlement["pricing"]) == (rule, rule)
    pays, earns, whole = amounts(settlement, "buyers_pay", "providers_earn", "make_whole")
    assert earns - pays == whole >= 0
    parts = amounts(settlement["gap_parts"], *settlement["gap_parts"])
    assert len(parts) == 4
    assert sum(parts) * 10**6 == landed["bound_micros"] - landed["value_micros"]
    allocations = house.ask("GET", f"/v1/allocations?round_id={landed['id']}", house.keys.operator).json()
    assert sum(Decimal(one["price"]) for one in allocations["items"]) == pays
    read = house.ask("GET", f"/v1/rounds/{landed['id']}").json()
    assert read["settlement"] == settlement
    (listed,) = house.ask("GET", "/v1/rounds").json()["items"]
    assert listed["settlement"] == settlement


@pytest.mark.parametrize("rule", ["posted", "marginal"])
def test_one_round_is_priced_both_ways(house: House, rule: str) -> None:
    assert house.ask(
        "PUT", "/v1/policy", house.keys.operator, json={"preset": "balanced", "fee_rate": 0.1}
    ).is_success
    landed = scarce_round(house, pricing=rule)
    path = f"/v1/rounds/{landed['id']}/pricing"
    found = house.ask("GET", path, house.keys.operator).json()
    posted, marginal = found["rules"]
    assert (posted["pricing"], marginal["pricing"], found["pricing"]) == ("posted", "marginal", rule)
    in_force = posted if rule == "posted" else marginal
    for name in ("buyers_pay", "providers_earn", "make_whole", "capped_orders"):
        assert in_force[name] == landed["settlement"][name]
    assert (posted["make_whole"], posted["capped_orders"]) == ("0.00", 0)
    assert amounts(posted, "buyers_pay") == amounts(posted, "providers_earn")
    assert Decimal(marginal["buyers_pay"]) > Decimal(posted["buyers_pay"])
    for one in (posted, marginal):
        fee, earns = amounts(one, "fee", "providers_earn")
        assert abs(fee - earns / 10) < Decimal("0.001")
    each = found["allocations"]
    assert len(each) == landed["placed"]
    for sums, name in ((posted, "posted_price"), (marginal, "marginal_price")):
        assert sum(Decimal(one[name]) for one in each) == Decimal(sums["buyers_pay"])
    granted = house.ask("GET", f"/v1/allocations?round_id={landed['id']}", house.keys.operator).json()[
        "items"
    ]
    prices = {one["id"]: one["price"] for one in granted}
    assert {one["allocation_id"]: one[f"{rule}_price"] for one in each} == prices


def test_the_sums_are_public_and_each_allocation_is_not(house: House) -> None:
    landed = scarce_round(house)
    path = f"/v1/rounds/{landed['id']}/pricing"
    whole = house.ask("GET", path, house.keys.operator).json()
    for key in (None, house.keys.buyer, house.keys.provider):
        assert house.ask("GET", path, key).json() == {**whole, "allocations": []}
    assert whole["allocations"]


def test_what_happens_later_does_not_change_what_a_round_came_to(house: House) -> None:
    landed = scarce_round(house, pricing="marginal")
    path = f"/v1/rounds/{landed['id']}/pricing"
    before = house.ask("GET", path, house.keys.operator).json()
    granted = house.ask("GET", f"/v1/allocations?round_id={landed['id']}", house.keys.operator).json()[
        "items"
    ]
    house.ask("POST", f"/v1/orders/{granted[0]['order_id']}/cancel", house.keys.buyer)
    offering = granted[1]["offering_id"]
    amended = house.ask(
        "PATCH", f"/v1/offerings/{offering}", house.keys.operator, json={"ask_price": "99.00"}
    )
    assert amended.status_code == 200, amended.text
    house.ask("PUT", "/v1/policy", house.keys.operator, json={"preset": "price"})
    assert house.ask("GET", path, house.keys.operator).json() == before


def test_only_landed_rounds_have_prices(house: House) -> None:
    refusal(house.ask("GET", "/v1/rounds/rnd_none/pricing"), 404, "not_found")
    refusal(house.ask("GET", "/v1/rounds/RND/pricing"), 404, "not_found")
    refusal(house.ask("GET", "/v1/rounds/rnd_none/pricing", "nobody's key"), 401, "unknown_key")
