"""The life of an offering through the API: tenths of a card, maintenance, drain, calendar, versions."""

from datetime import timedelta
from typing import Any

import pytest
from api_house import NOW, House, Json, order_body, refusal

from api.schemas.offerings import LISTING
from market.domain.clock import rfc3339

WINDOW = {"starts_at": rfc3339(NOW + timedelta(hours=2)), "ends_at": rfc3339(NOW + timedelta(hours=5))}
IN_THREE_HOURS = rfc3339(NOW + timedelta(hours=3))


def list_offering(house: House, **changes: Any) -> str:
    """The path of a fresh listing, far below everybody else's ask."""
    body = {
        **LISTING,
        "units": 2,
        "max_gang_units": 2,
        "free_units_by_hour": None,
        "ask_price": "0.05",
        **changes,
    }
    answer = house.ask("POST", "/v1/offerings", house.keys.provider, json=body)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def offering_id(path: str) -> str:
    return path.rsplit("/", 1)[1]


def test_a_listing_says_all_its_terms(house: House) -> None:
    terms: Json = {
        "min_units_per_order": 1,
        "max_units_per_order": 2,
        "slices_per_unit": 10,
        "maintenance": [{**WINDOW, "units_left": 1}],
        "heartbeat_minutes": 30,
        "sla": "trusted",
    }
    path = list_offering(house, **terms)
    found = house.ask("GET", path).json()
    assert {name: found[name] for name in terms} == terms
    assert (found["version"], found["drain_at"]) == (1, None)
    changes: Json = {
        "max_units_per_order": None,
        "maintenance": [],
        "heartbeat_minutes": None,
        "sla": "standard",
    }
    amended = house.ask("PATCH", path, house.keys.provider, json=changes).json()
    assert amended == {**found, **changes, "version": 2}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"slices_per_unit": 5}, "malformed_request"),
        ({"min_units_per_order": 3}, "invalid_units"),
        ({"min_units_per_order": 2, "max_units_per_order": 1}, "invalid_units"),
        ({"heartbeat_minutes": 0}, "malformed_request"),
        ({"sla": "best"}, "malformed_request"),
        ({"maintenance": [{**WINDOW, "ends_at": WINDOW["starts_at"]}]}, "invalid_window"),
        (
            {"maintenance": [{"starts_at": "2024-01-01T00:00:00Z", "ends_at": "2024-01-02T00:00:00Z"}]},
            "window_over",
        ),
        ({"maintenance": [WINDOW] * 101}, "malformed_request"),
    ],
)
def test_a_listing_that_makes_no_sense(house: House, changes: Json, code: str) -> None:
    body = {**LISTING, "units": 2, "max_gang_units": 2, "free_units_by_hour": None, **changes}
    refusal(house.ask("POST", "/v1/offerings", house.keys.provider, json=body), 422, code)


def test_tenths_of_a_card_from_order_to_allocation(house: House) -> None:
    path = list_offering(house, slices_per_unit=10)
    asked = house.submit(job={"devices": ["910b"], "units": 0.3})
    assert asked["job"]["units"] == 0.3
    house.clear()
    shown = house.ask("GET", f"/v1/orders/{asked['id']}", house.keys.buyer).json()
    assert (shown["job"]["units"], shown["allocation"]["units"]) == (0.3, 0.3)
    # 0.05 CNY x 0.3 x 3 hours
    assert (shown["allocation"]["offering_id"], shown["allocation"]["price"]) == (offering_id(path), "0.045")
    whole = house.submit(job={"devices": ["910b"], "units": 1})
    house.clear()
    shown = house.ask("GET", f"/v1/orders/{whole['id']}", house.keys.buyer).json()
    assert repr(shown["allocation"]["units"]) == "1"


@pytest.mark.parametrize("units", [0, -1, 1.0, 1.5, 0.25, 0.31, 0.05, True, "0.3", 10**7 + 1, None])
def test_units_are_whole_or_tenths_of_one(house: House, units: object) -> None:
    answer = house.ask("POST", "/v1/orders", house.keys.buyer, json=order_body({"units": units}))
    refusal(answer, 422, "malformed_request")


def test_units_are_amended_to_tenths_and_back(house: House) -> None:
    order = house.submit()
    path = f"/v1/orders/{order['id']}"
    for units in (0.9, 2):
        amended = house.ask("PATCH", path, house.keys.buyer, json={"units": units})
        assert amended.status_code == 200, amended.text
        assert house.ask("GET", path, house.keys.buyer).json()["job"]["units"] == units


def test_maintenance_is_announced_and_refused_where_it_is_in_use(house: House) -> None:
    path = list_offering(house)
    order = house.submit(job={"devices": ["910b"], "hours": 3}, deadline=IN_THREE_HOURS)
    house.clear()
    answer = house.ask("POST", f"{path}/maintenance", house.keys.provider, json=WINDOW)
    problem = refusal(answer, 409, "in_use")
    assert problem["units_in_use"] == 2
    assert problem["hours"] == [rfc3339(NOW + timedelta(hours=2))]
    fits = {**WINDOW, "units_left": 2}
    once = {"Idempotency-Key": "m1"}
    for _ in range(2):
        answer = house.ask("POST", f"{path}/maintenance", house.keys.provider, json=fits, headers=once)
        assert (answer.json()["maintenance"], answer.json()["version"]) == ([fits], 2)
    house.ask("POST", f"/v1/orders/{order['id']}/cancel", house.keys.buyer)
    later = {**WINDOW, "ends_at": rfc3339(NOW + timedelta(hours=4))}
    both = house.ask("POST", f"{path}/maintenance", house.keys.provider, json=later).json()["maintenance"]
    assert both == [{**later, "units_left": 0}, fits]
    refusal(house.ask("POST", f"{path}/maintenance", house.keys.other_provider, json=fits), 404, "not_found")
    refusal(house.ask("POST", f"{path}/maintenance", house.keys.buyer, json=fits), 403, "not_permitted")


def test_a_drain_is_announced_moved_and_taken_back(house: House) -> None:
    path = list_offering(house)

    def drain(at: object, **headers: str) -> Any:
        return house.ask("POST", f"{path}/drain", house.keys.provider, json={"at": at}, headers=headers)

    first, second = (rfc3339(NOW + timedelta(hours=n)) for n in (2, 4))
    assert drain(first).json()["drain_at"] == first
    assert drain(second).json()["drain_at"] == second
    assert drain(None).json()["drain_at"] is None
    refusal(drain(rfc3339(NOW - timedelta(minutes=1))), 422, "drain_in_past")
    refusal(drain("tomorrow"), 422, "malformed_request")
    refusal(house.ask("POST", f"{path}/drain", house.keys.provider, json={}), 422, "malformed_request")
    key = {"Idempotency-Key": "d1"}
    assert [drain(first, **key).json()["version"] for _ in range(2)] == [5, 5]
    house.clock.advance(timedelta(hours=3))
    facts = refusal(drain(second), 409, "drain_begun")
    assert facts["drain_at"] == first


def test_the_calendar_is_public_and_tells_no_orders(house: House) -> None:
    path = list_offering(house, slices_per_unit=10)
    within = {"deadline": rfc3339(NOW + timedelta(hours=2))}
    house.submit(job={"devices": ["910b"], "units": 0.3, "hours": 2}, **within)
    house.clear()
    found = house.ask("GET", f"{path}/calendar", params={"from": rfc3339(NOW), "hours": 3}).json()
    assert found["offering_id"] == offering_id(path)
    taken = {"listed_units": 2, "usable_units": 2, "allocated_units": 0.3, "held_units": 0, "free_units": 1.7}
    free = {**taken, "allocated_units": 0, "free_units": 2}
    hours = [rfc3339(NOW + timedelta(hours=n)) for n in range(3)]
    assert found["hours"] == [
        {"hour": at, **sums} for at, sums in zip(hours, (taken, taken, free), strict=True)
    ]
    assert len(house.ask("GET", f"{path}/calendar").json()["hours"]) == 24
    for query in ({"from": "2024-01-01T00:00:00Z"}, {"hours": 0}, {"hours": 745}, {"from": "now"}, {"to": 3}):
        assert house.ask("GET", f"{path}/calendar", params=query).status_code == 422
    refusal(house.ask("GET", "/v1/offerings/off_none/calendar"), 404, "not_found")


def test_versions_are_public_and_say_whose_key_to_whom_it_matters(house: House) -> None:
    path = list_offering(house)
    listed = house.ask("GET", path).json()
    house.ask("PATCH", path, house.keys.provider, json={"ask_price": "0.07"})
    for key in (None, house.keys.buyer, house.keys.other_provider):
        items = house.ask("GET", f"{path}/versions", key).json()["items"]
        assert [(v["version"], v["since"], v["changed_by"]) for v in items] == [
            (1, rfc3339(NOW), None),
            (2, rfc3339(NOW), None),
        ]
        assert items[0]["terms"] == listed
        assert items[1]["terms"] == house.ask("GET", path).json()
    for key in (house.keys.provider, house.keys.operator):
        items = house.ask("GET", f"{path}/versions", key).json()["items"]
        assert all(version["changed_by"].startswith("key_") for version in items)
    page = house.ask("GET", f"{path}/versions", params={"limit": 1}).json()
    rest = house.ask("GET", f"{path}/versions", params={"cursor": page["next_cursor"]}).json()
    assert [v["version"] for v in page["items"] + rest["items"]] == [1, 2]
    refusal(house.ask("GET", f"{path}/versions", "suanli_nobody"), 401, "unknown_key")
    refusal(house.ask("GET", f"{path}/versions", params={"cursor": "eA"}), 422, "invalid_cursor")
    refusal(house.ask("GET", "/v1/offerings/off_none/versions"), 404, "not_found")


def test_forced_maintenance_interrupts_and_the_order_is_matched_again(house: House) -> None:
    path = list_offering(house)
    order = house.submit(job={"devices": ["910b"], "hours": 3}, deadline=rfc3339(NOW + timedelta(hours=12)))
    house.clear()
    shown = house.ask("GET", f"/v1/orders/{order['id']}", house.keys.buyer).json()["allocation"]
    assert shown["offering_id"] == offering_id(path)
    window = {"starts_at": shown["starts_at"], "ends_at": shown["ends_at"], "units_left": 1}
    refusal(house.ask("POST", f"{path}/maintenance", house.keys.provider, json=window), 409, "in_use")
    forced = {**window, "force": True}
    assert house.ask("POST", f"{path}/maintenance", house.keys.provider, json=forced).status_code == 200
    waiting = house.ask("GET", f"/v1/orders/{order['id']}", house.keys.buyer).json()
    assert waiting["state"] == "interrupted"
