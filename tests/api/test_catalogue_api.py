"""Parties, places, offerings, policy, health and pages through the API."""

from typing import Any

import pytest
from api_house import House, Json, order_body, refusal

from api.schemas import offerings, parties, places

PUBLIC = ("regions", "nodes", "devices", "providers", "offerings", "rounds", "policy")


@pytest.mark.parametrize("path", PUBLIC)
def test_what_is_public_needs_no_key(house: House, path: str) -> None:
    assert house.ask("GET", f"/v1/{path}").status_code == 200


@pytest.mark.parametrize(
    "path", ["orders", "buyers", "allocations", "orders/ord_1", "orders/ord_1/explanation"]
)
def test_everything_else_needs_one(house: House, path: str) -> None:
    refusal(house.ask("GET", f"/v1/{path}"), 401, "missing_key")


def test_an_organisation_registers_and_acts_with_its_key(house: House) -> None:
    buyer = {**parties.BUYER}
    registered = house.ask("POST", "/v1/buyers", house.keys.operator, json=buyer).json()
    assert {name: registered[name] for name in buyer} == buyer
    taken = house.ask("POST", "/v1/orders", registered["api_key"], json=order_body())
    assert taken.json()["buyer_id"] == "buy_lab"
    listed = house.ask("GET", "/v1/buyers", registered["api_key"]).json()["items"]
    assert [found["id"] for found in listed] == ["buy_lab"]
    provider = house.ask("POST", "/v1/providers", house.keys.operator, json={"name_zh": "乙", "name_en": "B"})
    assert provider.json()["id"].startswith("prv_")
    refusal(house.ask("GET", "/v1/buyers", provider.json()["api_key"]), 403, "not_permitted")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("buyers", {**parties.BUYER, "id": "buy_0001"}, 409, "duplicate_id"),
        ("providers", {**parties.PROVIDER, "id": "prv_0001"}, 409, "duplicate_id"),
        ("buyers", {**parties.BUYER, "home_region_id": "atlantis"}, 422, "unknown_region"),
        ("buyers", {**parties.BUYER, "id": "Buy-1"}, 422, "malformed_request"),
        ("buyers", {**parties.BUYER, "name_en": ""}, 422, "malformed_request"),
        ("buyers", {"kind": "lab"}, 422, "malformed_request"),
        ("buyers", {"name_zh": "甲", "name_en": None}, 422, "malformed_request"),
        ("regions", {**places.REGION, "id": "shanghai"}, 409, "duplicate_id"),
        ("regions", {**places.REGION, "id": "r2", "lat": 91}, 422, "malformed_request"),
        ("regions", {**places.REGION, "id": "r2", "side": "up"}, 422, "malformed_request"),
        ("regions", {**places.REGION, "id": "r2", "confidence": "sure"}, 422, "malformed_request"),
        ("nodes", {**places.NODE, "id": "beijing_new", "region_id": "beijing"}, 409, "duplicate_id"),
        ("nodes", {**places.NODE, "region_id": "atlantis"}, 422, "unknown_region"),
        ("nodes", {**places.NODE, "region_id": "beijing", "pue": 0.9}, 422, "malformed_request"),
        ("nodes", {**places.NODE, "region_id": "beijing", "power_cap_kw": 0}, 422, "malformed_request"),
        ("nodes", {**places.NODE, "tariff_per_kwh": ["0.3"] * 23}, 422, "malformed_request"),
        ("nodes", {**places.NODE, "tariff_per_kwh": [0.3] * 24}, 422, "malformed_request"),
        ("nodes", {**places.NODE, "tariff_per_kwh": ["5000"] * 24}, 422, "malformed_request"),
        ("offerings", {**offerings.LISTING}, 422, "missing_provider"),
        ("offerings", {**offerings.LISTING, "provider_id": "prv_x"}, 422, "unknown_provider"),
        ("offerings", {**offerings.LISTING, "provider_id": "prv_0062", "node_id": "x"}, 422, "unknown_node"),
        (
            "offerings",
            {**offerings.LISTING, "provider_id": "prv_0062", "device_id": "x"},
            422,
            "unknown_device",
        ),
        ("offerings", {**offerings.LISTING, "provider_id": "prv_0062", "units": 0}, 422, "malformed_request"),
        ("offerings", {**offerings.LISTING, "provider_id": "prv_0062", "units": 8}, 422, "invalid_units"),
        (
            "offerings",
            {**offerings.LISTING, "provider_id": "prv_0062", "ask_price": "-1"},
            422,
            "invalid_amount",
        ),
        (
            "offerings",
            {**offerings.LISTING, "provider_id": "prv_0062", "ask_price": 9.0},
            422,
            "malformed_request",
        ),
    ],
)
def test_what_cannot_be_added(house: House, path: str, body: Json, status: int, code: str) -> None:
    before = [house.ask("GET", f"/v1/{path}", house.keys.operator, params={"limit": 1000}).json()]
    refusal(house.ask("POST", f"/v1/{path}", house.keys.operator, json=body), status, code)
    assert [house.ask("GET", f"/v1/{path}", house.keys.operator, params={"limit": 1000}).json()] == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/buyers", {**parties.BUYER}),
        ("/v1/providers", {**parties.PROVIDER}),
        ("/v1/regions", {**places.REGION, "id": "r2"}),
        ("/v1/nodes", {**places.NODE, "region_id": "beijing"}),
    ],
)
def test_only_the_operator_adds(house: House, path: str, body: Json) -> None:
    for key in (house.keys.buyer, house.keys.provider):
        refusal(house.ask("POST", path, key, json=body), 403, "not_permitted")
    refusal(house.ask("POST", path, json=body), 401, "missing_key")


def test_a_new_place_can_be_traded_at(house: House) -> None:
    region = {**places.REGION, "id": "new_region"}
    assert house.ask("POST", "/v1/regions", house.keys.operator, json=region).json() == region
    node = {**places.NODE, "region_id": "new_region"}
    assert house.ask("POST", "/v1/nodes", house.keys.operator, json=node).json() == {**node, "state": "up"}
    listing = {**offerings.LISTING, "node_id": node["id"], "ask_price": "0.01"}
    house.ask("POST", "/v1/offerings", house.keys.provider, json=listing)
    order_id = house.submit(job={"devices": ["910b"]})["id"]
    house.clear()
    placed = house.ask("GET", f"/v1/orders/{order_id}", house.keys.buyer).json()["allocation"]
    assert placed["node_id"] == node["id"]


def test_an_offering_is_listed_amended_and_withdrawn(house: House) -> None:
    plain = {"node_id": "tianfu_cluster", "device_id": "910b", "units": 16, "ask_price": "9"}
    answer = house.ask("POST", "/v1/offerings", house.keys.provider, json=plain)
    listed = answer.json()
    path = answer.headers["location"]
    assert listed["provider_id"] == "prv_0062"
    assert (listed["max_gang_units"], listed["free_units_by_hour"]) == (16, [16] * 24)
    assert listed["ask_price"] == "9.00"
    changes = {"ask_price": "8.50", "available_until": "2025-08-01T00:00:00Z"}
    amended = house.ask("PATCH", path, house.keys.provider, json=changes).json()
    assert amended == {**listed, **changes, "version": 2}
    cleared = house.ask("PATCH", path, house.keys.provider, json={"available_until": None}).json()
    assert cleared["available_until"] is None
    assert house.ask("GET", path).json() == cleared
    withdrawn = house.ask("POST", f"{path}/withdraw", house.keys.provider).json()
    assert withdrawn["state"] == "withdrawn"
    refusal(house.ask("PATCH", path, house.keys.provider, json={"units": 20}), 409, "offering_withdrawn")
    refusal(house.ask("POST", f"{path}/withdraw", house.keys.provider), 409, "illegal_transition")
    found = house.ask("GET", "/v1/offerings", params={"state": "withdrawn"}).json()["items"]
    assert [offering["id"] for offering in found] == [listed["id"]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "malformed_request"),
        ({"state": "withdrawn"}, "malformed_request"),
        ({"ask_price": None}, "malformed_request"),
        ({"units": 1}, "invalid_capacity"),
        ({"units": 100, "max_gang_units": 101}, "invalid_units"),
        ({"free_units_by_hour": [10**6] * 24}, "invalid_capacity"),
        (
            {"available_from": "2025-08-02T00:00:00Z", "available_until": "2025-08-01T00:00:00Z"},
            "invalid_window",
        ),
    ],
)
def test_an_amendment_that_makes_no_sense(house: House, changes: dict[str, Any], code: str) -> None:
    before = house.ask("GET", "/v1/offerings/off_0001").json()
    refusal(house.ask("PATCH", "/v1/offerings/off_0001", house.keys.provider, json=changes), 422, code)
    assert house.ask("GET", "/v1/offerings/off_0001").json() == before


def test_fewer_units_take_the_largest_gang_with_them(house: House) -> None:
    plain = {"node_id": "tianfu_cluster", "device_id": "910b", "units": 16, "ask_price": "9"}
    hours = [16] * 20 + [6] * 4
    listed = house.ask(
        "POST", "/v1/offerings", house.keys.provider, json={**plain, "free_units_by_hour": hours}
    )
    path = listed.headers["location"]
    assert listed.json()["max_gang_units"] == 16
    fewer = house.ask("PATCH", path, house.keys.provider, json={"units": 8}).json()
    assert (fewer["units"], fewer["max_gang_units"]) == (8, 8)
    assert fewer["free_units_by_hour"] == [8] * 20 + [6] * 4
    assert house.ask("GET", path).json() == fewer
    more = house.ask("PATCH", path, house.keys.provider, json={"units": 12}).json()
    assert (more["units"], more["max_gang_units"], more["free_units_by_hour"][0]) == (12, 8, 8)
    stated = house.ask("PATCH", path, house.keys.provider, json={"units": 10, "max_gang_units": 4}).json()
    assert (stated["units"], stated["max_gang_units"]) == (10, 4)
    refusal(house.ask("PATCH", path, house.keys.provider, json={"units": 5}), 422, "invalid_capacity")


@pytest.mark.parametrize("path", ["buyers", "providers", "regions", "nodes"])
@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"name": "甲"}, ("甲", "甲")),
        ({"name_zh": "甲"}, ("甲", "甲")),
        ({"name_en": "A"}, ("A", "A")),
        ({"name": "甲", "name_en": "A"}, ("甲", "A")),
        ({"name_zh": "甲", "name_en": "A"}, ("甲", "A")),
    ],
)
def test_one_name_is_enough(house: House, path: str, given: Json, names: tuple[str, str]) -> None:
    whole = {
        "buyers": {"id": "buy_new"},
        "providers": {"id": "prv_new"},
        "regions": {**places.REGION, "id": "new"},
        "nodes": {**places.NODE, "id": "new", "region_id": "beijing"},
    }[path]
    body = {name: value for name, value in whole.items() if name not in {"name_zh", "name_en"}} | given
    answer = house.ask("POST", f"/v1/{path}", house.keys.operator, json=body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["name_zh"], answer.json()["name_en"]) == names
    params = {"limit": 1000}
    listed = house.ask("GET", f"/v1/{path}", house.keys.operator, params=params).json()["items"]
    (stored,) = [found for found in listed if found["id"] == whole["id"]]
    assert (stored["name_zh"], stored["name_en"]) == names


def test_an_offering_belongs_to_its_provider(house: House) -> None:
    path = "/v1/offerings/off_0001"
    refusal(house.ask("PATCH", path, house.keys.other_provider, json={"units": 9}), 404, "not_found")
    refusal(house.ask("POST", f"{path}/withdraw", house.keys.other_provider), 404, "not_found")
    refusal(house.ask("PATCH", path, house.keys.buyer, json={"units": 9}), 403, "not_permitted")
    listing = {**offerings.LISTING, "provider_id": "prv_0101"}
    refusal(house.ask("POST", "/v1/offerings", house.keys.provider, json=listing), 403, "not_permitted")


def test_offerings_are_filtered(house: House) -> None:
    for name in ("node_id", "provider_id", "device_id"):
        wanted = house.ask("GET", "/v1/offerings/off_0003").json()[name]
        params = {name: wanted, "limit": 1000}
        found = house.ask("GET", "/v1/offerings", params=params).json()["items"]
        assert found
        assert {offering[name] for offering in found} == {wanted}


def test_a_policy_is_set_by_name_or_in_full(house: House) -> None:
    green = house.ask("PUT", "/v1/policy", house.keys.operator, json={"preset": "green"})
    assert green.json()["name"] == "green"
    assert house.ask("GET", "/v1/policy").json() == green.json()
    mine = {**green.json(), "name": "mine", "carbon_price_per_kg": "0.75"}
    assert house.ask("PUT", "/v1/policy", house.keys.operator, json=mine).json() == mine
    assert house.clear()["policy"] == mine
    unknown = house.ask("PUT", "/v1/policy", house.keys.operator, json={"preset": "greenest"})
    refusal(unknown, 422, "unknown_policy")
    heavy = {**mine, "energy_weight": 1001}
    refusal(house.ask("PUT", "/v1/policy", house.keys.operator, json=heavy), 422, "malformed_request")
    refusal(house.ask("PUT", "/v1/policy", house.keys.buyer, json=mine), 403, "not_permitted")


def test_pages_follow_each_other_while_the_market_goes_on(house: House) -> None:
    ids = [house.submit()["id"] for _ in range(5)]
    first = house.ask("GET", "/v1/orders", house.keys.buyer, params={"limit": 2}).json()
    house.submit()
    query = {"limit": 2, "cursor": first["next_cursor"]}
    second = house.ask("GET", "/v1/orders", house.keys.buyer, params=query).json()
    query["cursor"] = second["next_cursor"]
    third = house.ask("GET", "/v1/orders", house.keys.buyer, params=query).json()
    seen = [order["id"] for page in (first, second, third) for order in page["items"]]
    assert seen == ids[::-1]
    assert third["next_cursor"] is None


def test_the_catalogue_is_paged_by_id(house: House) -> None:
    everything = house.ask("GET", "/v1/regions", params={"limit": 1000}).json()["items"]
    seen, cursor = [], None
    while True:
        query = {"limit": 7} | ({"cursor": cursor} if cursor else {})
        page = house.ask("GET", "/v1/regions", params=query).json()
        seen.extend(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == everything
    assert [region["id"] for region in seen] == sorted(region["id"] for region in seen)


def test_health_is_told(house: House) -> None:
    assert house.ask("GET", "/healthz").json()["status"] == "ok"
    assert house.ask("GET", "/readyz").json()["status"] == "ready"
    house.exchange.database.downgrade("base")
    assert house.ask("GET", "/healthz").status_code == 200
    told = refusal(house.ask("GET", "/readyz"), 503, "not_ready")
    assert told["failed"] == ["database"]
