"""The policy over HTTP: weights, and the terms of trade beside them."""

from typing import Any

import pytest
from api_house import House, refusal

from market.domain.policy import PRESETS

TERMS = {"pricing": "marginal", "fee_rate": 0.02, "may_move": True, "move_cost": "2.50"}


def put(house: House, **body: Any) -> Any:
    return house.ask("PUT", "/v1/policy", house.keys.operator, json=body)


def test_presets_are_told_as_they_are_set(house: House) -> None:
    told = house.ask("GET", "/v1/policy/presets")
    assert [policy["name"] for policy in told.json()["items"]] == list(PRESETS)
    for policy in told.json()["items"]:
        assert put(house, preset=policy["name"]).json() == policy
    again = house.ask("GET", "/v1/policy/presets", headers={"If-None-Match": told.headers["etag"]})
    assert again.status_code == 304


def test_presets_trade_at_posted_prices_without_a_fee(house: House) -> None:
    for name in PRESETS:
        found = put(house, preset=name).json()
        assert found["name"] == name
        assert (found["pricing"], found["fee_rate"]) == ("posted", 0.0)
        assert (found["may_move"], found["move_cost"]) == (False, "1.00")


def test_terms_of_trade_are_set_beside_a_preset_and_come_back(house: House) -> None:
    found = put(house, preset="green", **TERMS).json()
    assert {name: found[name] for name in TERMS} == TERMS
    assert found["carbon_price_per_kg"] == "2.00"
    assert house.ask("GET", "/v1/policy").json() == found
    assert put(house, **found).json() == found
    without_terms = {name: value for name, value in found.items() if name not in TERMS}
    assert put(house, **without_terms).json()["pricing"] == "posted"


@pytest.mark.parametrize(
    "wrong",
    [
        {"pricing": "free"},
        {"pricing": 1},
        {"fee_rate": -0.01},
        {"fee_rate": 0.51},
        {"fee_rate": "0.1"},
        {"may_move": 1},
        {"move_cost": 1},
        {"move_cost": "-1.00"},
        {"move_cost": "1000.01"},
    ],
)
def test_impossible_terms_are_refused(house: House, wrong: dict[str, Any]) -> None:
    code = "invalid_policy" if wrong.get("move_cost") in {"-1.00", "1000.01"} else "malformed_request"
    refusal(put(house, preset="green", **wrong), 422, code)
    assert house.ask("GET", "/v1/policy").json()["name"] == "balanced"


def test_a_round_by_name_keeps_the_terms_in_force(house: House) -> None:
    put(house, preset="balanced", **TERMS)
    named = house.clear(policy="green", slots=24)["policy"]
    assert (named["name"], named["pricing"], named["fee_rate"]) == ("green", "marginal", 0.02)
    once = house.clear(policy="green", pricing="posted", slots=24)["policy"]
    assert (once["pricing"], once["fee_rate"]) == ("posted", 0.02)
    in_full = house.ask("GET", "/v1/policy").json() | {"pricing": "posted", "name": "own"}
    assert house.clear(policy=in_full, slots=24)["policy"] == in_full
    assert house.ask("GET", "/v1/policy").json()["pricing"] == "marginal"
