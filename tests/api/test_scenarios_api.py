"""What-ifs over HTTP: for operators, side by side, nothing stored."""

import pytest
from api_house import House, order_body

pytestmark = pytest.mark.slow

QUICK = {"seconds_limit": 3}


def test_scenarios_stand_beside_what_is(house: House) -> None:
    house.submit()
    chosen = house.ask("POST", "/v1/quotes", house.keys.buyer, json=order_body()).json()["options"][0]
    asked = {
        "scenarios": [
            {"name": "down", "nodes_down": [chosen["node_id"]]},
            {"name": "grown", "growth": {"x": 2}},
        ]
    }
    asked["scenarios"][1]["growth"] = {chosen["node_id"]: 2}
    items = house.ask("POST", "/v1/scenarios", house.keys.operator, json=asked | QUICK).json()["items"]
    assert [item["name"] for item in items] == ["as_is", "down", "grown"]
    assert [item["figures"]["placed"] for item in items] == [1, 1, 1]
    assert items[0]["value"] == items[2]["value"] != items[1]["value"]
    for item in items:
        nodes = {node["node_id"]: sum(node["granted_kw"]) for node in item["schedule"]["nodes"]}
        assert sum(nodes.values()) == pytest.approx(item["figures"]["facility_kwh"], abs=0.02)
        assert (nodes[chosen["node_id"]] > 0) == (item["name"] != "down")
        (flow,) = item["schedule"]["flows"]
        assert sum(flow["it_kw"]) == pytest.approx(item["flows"][0]["it_kwh"], abs=0.02)
    assert house.ask("GET", "/v1/rounds").json()["items"] == []


def test_a_front_over_http(house: House) -> None:
    house.submit()
    found = house.ask(
        "POST", "/v1/scenarios/sweep", house.keys.operator, json={"points": 6, "seconds_limit": 1}
    ).json()
    assert (found["orders"], len(found["points"])) == (1, 6)


def test_a_round_replays_exactly(house: House) -> None:
    house.submit()
    round_id = house.ask("POST", "/v1/rounds", house.keys.operator, json=QUICK).json()["id"]
    found = house.ask("POST", f"/v1/rounds/{round_id}/replay", house.keys.operator).json()
    assert (found["exact"], found["verified"], found["value"]) == (True, True, found["recorded_value"])


def test_buyers_do_not_ask_about_everybody(house: House) -> None:
    asked = {"scenarios": [{"name": "x"}]}
    for path, body in (
        ("/v1/scenarios", asked),
        ("/v1/scenarios/sweep", {}),
        ("/v1/rounds/rnd_x/replay", None),
    ):
        assert house.ask("POST", path, house.keys.buyer, json=body).status_code == 403


def test_unknown_places_and_rounds_are_named(house: House) -> None:
    def code(body: dict) -> str:
        return str(house.ask("POST", "/v1/scenarios", house.keys.operator, json=body).json()["code"])

    assert code({"scenarios": [{"name": "x", "nodes_down": ["atlantis"]}]}) == "unknown_node"
    assert code({"scenarios": [{"name": "x", "growth": {"atlantis": 2}}]}) == "unknown_place"
    assert code({"round_id": "rnd_x", "scenarios": [{"name": "x"}]}) == "not_found"
