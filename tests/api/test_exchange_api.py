"""What a client asks first, and what it may look up without a key."""

from contextlib import closing
from datetime import timedelta

from api_house import NOW, House, Keys, build_exchange, build_test_app, refusal
from fastapi.testclient import TestClient

from api.timer import RoundTimer
from market.domain.clock import rfc3339
from market.exchange import RoundRequest
from market.persistence.database import Database
from market.round_desks.desk import RoundsHere
from solver import Limits

HOUR = timedelta(hours=1)


def test_what_a_client_asks_first(house: House) -> None:
    found = house.ask("GET", "/v1/exchange").json()
    assert (found["api_version"], found["time_zone"]) == ("v1", "Asia/Shanghai")
    assert (found["policy"], found["pricing"], found["demo_sessions"]) == ("balanced", "posted", True)
    assert (found["newest_round_id"], found["newest_landed_round_id"]) == (None, None)
    assert (found["round_every_seconds"], found["next_round_at"]) == (None, None)
    assert found["limits"]["orders_per_batch"] == 10_000
    too_many = house.ask("GET", "/v1/regions", params={"limit": found["limits"]["items_per_page"] + 1})
    refusal(too_many, 422, "malformed_request")
    landed = house.clear()
    assert house.ask("PUT", "/v1/policy", house.keys.operator, json={"preset": "green"}).status_code == 200
    opened = house.exchange.open_round(house.exchange.authenticate(house.keys.operator), RoundRequest())
    found = house.ask("GET", "/v1/exchange").json()
    assert (found["newest_round_id"], found["newest_landed_round_id"]) == (opened.round.id, landed["id"])
    assert found["policy"] == "green"
    house.exchange.finish_round(opened)


def test_it_tells_when_the_next_round_is_due(market_url: str, keys: Keys) -> None:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        app = build_test_app(exchange, clock, round_every="1h", demo_sessions=False)
        with TestClient(app) as client:
            house, told = House(client, exchange, clock, keys), []

            def wait(_seconds: float) -> bool:
                told.append(house.ask("GET", "/v1/exchange").json())
                clock.advance(HOUR)
                return len(told) == 2

            timer = RoundTimer(exchange, RoundsHere(exchange), RoundRequest(limits=Limits(1.0)), HOUR, wait)
            app.state.desk.next_round_at = timer.next_at
            timer._run()
            assert [one["next_round_at"] for one in told] == [rfc3339(NOW + HOUR), rfc3339(NOW + 2 * HOUR)]
            assert (told[0]["round_every_seconds"], told[0]["demo_sessions"]) == (3600.0, False)
            assert timer.next_at() is None


def test_places_and_devices_one_by_one(house: House) -> None:
    for path, one in (("regions", "shanghai"), ("devices", "910b"), ("nodes", "tianfu_cluster")):
        answer = house.ask("GET", f"/v1/{path}/{one}")
        items = house.ask("GET", f"/v1/{path}", params={"limit": 1000}).json()["items"]
        assert answer.json() in items
        assert answer.json()["id"] == one
        seen = {"If-None-Match": answer.headers["etag"]}
        assert house.ask("GET", f"/v1/{path}/{one}", headers=seen).status_code == 304
        refusal(house.ask("GET", f"/v1/{path}/atlantis"), 404, "not_found")


def test_round_trip_times_from_and_to(house: House) -> None:
    regions = house.ask("GET", "/v1/regions", params={"limit": 1000}).json()["items"]
    everything, cursor = [], None
    while True:
        query = {"limit": 400} | ({"cursor": cursor} if cursor else {})
        page = house.ask("GET", "/v1/round-trip-times", params=query).json()
        everything += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    pairs = {(one["from_region_id"], one["to_region_id"]): one["rtt_ms"] for one in everything}
    assert len(pairs) == len(everything) == len(regions) ** 2
    assert all(pairs[b, a] == rtt for (a, b), rtt in pairs.items())
    asked = {"from_region_id": "shanghai", "to_region_id": "chengdu"}
    (one,) = house.ask("GET", "/v1/round-trip-times", params=asked).json()["items"]
    assert one["rtt_ms"] == pairs["shanghai", "chengdu"]
    assert one["confidence"] in {"stated", "derived", "assumption"}
    assert one["source"]
    from_there = house.ask("GET", "/v1/round-trip-times", params={"from_region_id": "shanghai"}).json()
    assert len(from_there["items"]) == len(regions)
    assert (
        house.ask("GET", "/v1/round-trip-times", params={"from_region_id": "atlantis"}).json()["items"] == []
    )
    other_list = {
        "cursor": house.ask("GET", "/v1/round-trip-times", params={"limit": 1}).json()["next_cursor"]
    }
    refusal(house.ask("GET", "/v1/round-trip-times", params=asked | other_list), 422, "invalid_cursor")
