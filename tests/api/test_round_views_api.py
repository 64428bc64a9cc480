"""A round hour by hour, as everybody and as the operator sees it."""

import pytest
from api_house import OPERATOR, House, refusal

from market.exchange import RoundRequest
from solver import Limits


def test_the_schedule_of_a_round_is_public_but_for_the_hours_of_few_orders(house: House) -> None:
    for _ in range(3):
        house.submit()
    alone = house.submit(job={"job_class": "rendering"})
    landed = house.clear()
    path = f"/v1/rounds/{landed['id']}/schedule"
    public, whole = house.ask("GET", path).json(), house.ask("GET", path, house.keys.operator).json()
    assert public["round_id"] == landed["id"]
    assert (len(public["hours"]), public["hours"][0]) == (landed["slots"], landed["starts_at"])
    assert all(len(node["granted_kw"]) == landed["slots"] for node in public["nodes"])
    drawn = sum(sum(node["granted_kw"]) for node in public["nodes"])
    assert drawn == pytest.approx(landed["figures"]["solver"]["facility_kwh"], abs=0.02)
    assert public["nodes"] == whole["nodes"]
    told = {flow["job_class"]: flow for flow in public["flows"]}
    assert (told["rendering"]["orders"], told["rendering"]["first_hour"], told["rendering"]["it_kw"]) == (
        1,
        None,
        [],
    )
    assert told["other"]["it_kw"]
    assert all(flow["it_kw"] and flow["first_hour"] is not None for flow in whole["flows"])
    assert house.ask("GET", path, house.keys.buyer).json() == public
    for text in (house.ask("GET", path).text, house.ask("GET", path, house.keys.operator).text):
        assert alone["id"] not in text
        assert "buy_" not in text


def test_a_schedule_that_was_seen_is_not_sent_again(house: House) -> None:
    house.submit()
    path = f"/v1/rounds/{house.clear()['id']}/schedule"
    tag = house.ask("GET", path).headers["etag"]
    assert house.ask("GET", path, headers={"If-None-Match": tag}).status_code == 304


def test_what_has_not_landed_has_no_schedule(house: House) -> None:
    refusal(house.ask("GET", "/v1/rounds/rnd_none/schedule"), 404, "not_found")
    opened = house.exchange.open_round(OPERATOR, RoundRequest(limits=Limits(5.0)))
    refusal(house.ask("GET", f"/v1/rounds/{opened.round.id}/schedule"), 404, "not_found")
    house.exchange.finish_round(opened)
    assert house.ask("GET", f"/v1/rounds/{opened.round.id}/schedule").status_code == 200
