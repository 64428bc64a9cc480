"""GET /v1/events: what happens, as it happens, to whoever may know."""

from contextlib import closing

import pytest
from api_house import House, refusal
from listening import BEGINNING, listening, serving

from market.domain.parties import Actor, Role
from market.exchange import Exchange
from market.persistence.database import Database

BUYER = Actor("test", Role.BUYER, "buy_0001")


def test_what_happens_is_told_as_it_happens(house: House) -> None:
    with serving(house) as server, listening(server, house.keys.buyer) as ear:
        order = house.submit()
        heard = ear.next()
        assert (heard.kind, heard.data["resource_id"]) == ("order.submitted", order["id"])
        assert heard.data["id"] == heard.id
        assert heard.data["resource"] == "order"
        assert heard.data["at"] == "2025-07-16T07:00:00Z"
        assert heard.data["data"]["state"] == "open"
        assert ear.response.headers["content-type"].startswith("text/event-stream")
        assert ear.response.headers["x-accel-buffering"] == "no"


def test_a_stream_that_broke_off_goes_on_where_it_was(house: House) -> None:
    with serving(house) as server:
        with listening(server, house.keys.buyer) as ear:
            house.submit()
            last = ear.next().id
        missed = [house.submit()["id"] for _ in range(3)]
        with listening(server, house.keys.buyer, last_id=last, after=BEGINNING) as ear:
            assert [heard.data["resource_id"] for heard in ear.take(3)] == missed
            fresh = house.submit()["id"]
            assert ear.next().data["resource_id"] == fresh


def test_what_was_can_be_heard_again_from_any_place(house: House) -> None:
    ids = [house.submit()["id"] for _ in range(3)]
    with (
        serving(house) as server,
        listening(server, house.keys.buyer, after=BEGINNING, kinds="order.*") as ear,
    ):
        heard = ear.take(3)
        assert [one.data["resource_id"] for one in heard] == ids
        with listening(server, house.keys.buyer, after=heard[0].id, kinds="order.*") as later:
            assert [one.data["resource_id"] for one in later.take(2)] == ids[1:]


def test_a_stream_opens_with_the_place_it_starts_from(house: House) -> None:
    """A stream that breaks before anything happened goes on from there as well."""
    house.submit()
    with serving(house) as server:
        with listening(server, house.keys.buyer) as ear:
            opening = [next(ear._lines) for _ in range(3)]
        missed = house.submit()["id"]
        with listening(server, house.keys.buyer, last_id=opening[1].removeprefix("id: ")) as ear:
            assert ear.next().data["resource_id"] == missed
    assert opening[0] == "retry: 2000"


def test_everybody_hears_the_market_and_nothing_of_anybody(house: House) -> None:
    with serving(house) as server, listening(server) as ear:
        house.submit()
        house.clear()
        heard = ear.take(2)
    assert [one.kind for one in heard] == ["round.clearing", "round.landed"]
    assert heard[0].data["actor"] == "operator"


def test_only_what_was_asked_for(house: House) -> None:
    with (
        serving(house) as server,
        listening(server, house.keys.operator, kinds=["order.cancelled", "round.*"]) as kinds,
        listening(server, house.keys.operator, resource="order") as orders,
    ):
        first, second = house.submit(), house.submit()
        house.ask("POST", f"/v1/orders/{second['id']}/cancel", house.keys.buyer)
        house.clear()
        assert [one.kind for one in kinds.take(3)] == ["order.cancelled", "round.clearing", "round.landed"]
        assert [one.kind for one in orders.take(3)] == [
            "order.submitted",
            "order.submitted",
            "order.cancelled",
        ]
        with listening(
            server, house.keys.buyer, after=BEGINNING, resource="order", resource_id=first["id"]
        ) as one_order:
            assert [one.kind for one in one_order.take(2)] == ["order.submitted", "order.placed_in_round"]


def test_what_another_process_commits_is_heard_as_well(house: House) -> None:
    order = house.submit(draft=True)
    with serving(house) as server, listening(server, house.keys.buyer) as ear:
        with closing(Database(house.exchange.database.url)) as elsewhere:
            Exchange(elsewhere, house.clock).submit_draft(BUYER, order["id"])
        assert ear.next().kind == "order.submitted"


def test_streams_end_when_the_exchange_stops(house: House) -> None:
    with serving(house) as server, listening(server) as ear:
        house.client.app.state.desk.stopping.begin()  # type: ignore[attr-defined]
        assert ear.rest()[0] == "retry: 2000"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"kinds": "order.eaten"}, "unknown_event_kind"),
        ({"kinds": "rain.*"}, "unknown_event_kind"),
        ({"resource": "rain"}, "unknown_event_kind"),
        ({"after": "yesterday"}, "invalid_event_id"),
        ({"limit": 0}, "malformed_request"),
    ],
)
@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
def test_what_cannot_be_meant_is_refused(house: House, query: dict[str, str], code: str, accept: str) -> None:
    refusal(house.ask("GET", "/v1/events", params=query, headers={"Accept": accept}), 422, code)


def test_a_key_that_nobody_issued_is_refused(house: House) -> None:
    refusal(house.ask("GET", "/v1/events", "suanli_buyer_none"), 401, "unknown_key")


def test_pages_for_who_polls(house: House) -> None:
    ids = [house.submit()["id"] for _ in range(3)]
    ask = {"headers": {"Accept": "application/json"}}
    query = {"kinds": "order.submitted", "limit": 2}
    first = house.ask("GET", "/v1/events", house.keys.buyer, params=query, **ask).json()
    assert [one["resource_id"] for one in first["items"]] == ids[:2]
    rest = house.ask(
        "GET", "/v1/events", house.keys.buyer, params={**query, "cursor": first["next_cursor"]}, **ask
    ).json()
    assert [one["resource_id"] for one in rest["items"]] == ids[2:]
    assert rest["next_cursor"] is None
    new = house.submit()["id"]
    polled = {**query, "after": rest["items"][-1]["id"]}
    later = house.ask("GET", "/v1/events", house.keys.buyer, params=polled, **ask).json()
    assert [one["resource_id"] for one in later["items"]] == [new]
