"""What-ifs over HTTP: for operators, side by side, nothing stored."""

from typing import Any

import pytest
from api_house import House, order_body, refusal
from test_round_progress_api import events_of

from api.schemas.policies import PolicyWeights

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


def test_demand_and_the_price_of_latency(house: House) -> None:
    for _ in range(4):
        house.submit()
    scenarios = [
        {"name": "half", "demand_scale": 0.5},
        {"name": "more", "demand_scale": 1.75, "demand_seed": 7},
        {"name": "near", "latency_price_per_ms_unit_hour": "3.00", "policy": "price"},
    ]
    items = house.ask(
        "POST", "/v1/scenarios", house.keys.operator, json={"scenarios": scenarios} | QUICK
    ).json()["items"]
    as_is, half, _, near = items
    assert [item["figures"]["orders"] for item in items] == [4, 2, 7, 4]
    assert near["figures"]["rtt_ms_mean"] < as_is["figures"]["rtt_ms_mean"]
    assert (near["cleared_under"]["name"], near["cleared_under"]["latency_weight"]) == ("price*", 1.0)
    assert as_is["cleared_under"] == house.ask("GET", "/v1/policy").json() == half["cleared_under"]
    assert house.ask("GET", "/v1/orders/counts", house.keys.operator).json()["total"] == 4


@pytest.mark.parametrize("scale", [0.05, 3.5, "1"])
def test_absurd_demand_is_refused(house: House, scale: Any) -> None:
    body = {"scenarios": [{"name": "x", "demand_scale": scale}]}
    refusal(house.ask("POST", "/v1/scenarios", house.keys.operator, json=body), 422, "malformed_request")


def test_each_point_proves_its_gap_and_names_its_policy(house: House) -> None:
    house.submit()
    body = {"points": 6, "seconds_limit": 1}
    points = house.ask("POST", "/v1/scenarios/sweep", house.keys.operator, json=body).json()["points"]
    for point in points:
        cost, least = float(point["cost"]), float(point["least_cost"])
        assert cost >= least
        assert point["gap"] == pytest.approx((cost - least) / cost, abs=1e-6)
        assert point["policy"]["carbon_price_per_kg"] == point["carbon_price_per_kg"]
        scenario = {
            "name": "the point",
            "policy": point["policy"],
            "latency_price_per_ms_unit_hour": point["latency_price_per_ms_unit_hour"],
        }
        assert PolicyWeights.model_validate(scenario["policy"])
    found = house.ask(
        "POST", "/v1/scenarios", house.keys.operator, json={"scenarios": [scenario]} | QUICK
    ).json()["items"][1]
    assert found["figures"]["spend_cny"] == pytest.approx(float(points[-1]["spend"]), rel=0.01)


def test_a_what_if_tells_how_it_comes_along(house: House) -> None:
    house.submit()
    stream = {"Accept": "text/event-stream"}
    body = {"scenarios": [{"name": "west", "carbon_price_per_kg": "1.00"}]} | QUICK
    answer = house.ask("POST", "/v1/scenarios", house.keys.operator, json=body, headers=stream)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *told, (end, found) = events_of(answer.text)
    steps = [data for name, data in told if name == "step"]
    assert [(one["number"], one["of"], one["step"]) for one in steps] == [(1, 2, "as_is"), (2, 2, "west")]
    assert {name for name, _ in told} == {"step", "progress"}
    assert end == "answer"
    assert [item["name"] for item in found["items"]] == ["as_is", "west"]
    ended = house.ask(
        "POST",
        "/v1/scenarios/sweep",
        house.keys.operator,
        json={"points": 3, "seconds_limit": 1},
        headers=stream,
    )
    assert events_of(ended.text)[-1][1]["orders"] == 1


def test_what_is_refused_at_once_is_no_stream(house: House) -> None:
    stream = {"Accept": "text/event-stream"}
    body = {"round_id": "rnd_x", "scenarios": [{"name": "x"}]}
    answer = house.ask("POST", "/v1/scenarios", house.keys.operator, json=body, headers=stream)
    refusal(answer, 404, "not_found")


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
