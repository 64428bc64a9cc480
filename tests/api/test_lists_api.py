"""Lists: filters, sort, and pages that show everything exactly once while others write."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from api_house import NOW, House, Json, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.domain.clock import rfc3339
from market.domain.states import OrderState

HOUR = timedelta(hours=1)


def listed(house: House, path: str, key: str | None = None, **query: Any) -> list[Json]:
    """One page, which is all there is."""
    answer = house.ask("GET", path, key or house.keys.operator, params={"limit": 1000} | query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    assert found["next_cursor"] is None
    return list(found["items"])


def ids(items: list[Json]) -> list[str]:
    return [item["id"] for item in items]


def walk(house: House, path: str, key: str | None = None, **query: Any) -> Iterator[list[Json]]:
    """Page after page."""
    cursor: str | None = None
    while True:
        sent = query | ({} if cursor is None else {"cursor": cursor})
        answer = house.ask("GET", path, key or house.keys.operator, params=sent)
        assert answer.status_code == 200, answer.text
        yield answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return


@pytest.fixture
def book(house: House) -> list[str]:
    """Four orders an hour apart: open, cancelled, draft, and open of another buyer for another class."""
    first = house.submit()["id"]
    house.clock.advance(HOUR)
    second = house.submit()["id"]
    assert house.ask("POST", f"/v1/orders/{second}/cancel", house.keys.buyer).status_code == 200
    house.clock.advance(HOUR)
    third = house.submit(draft=True)["id"]
    house.clock.advance(HOUR)
    body = {
        "job": {
            "compute_class": "general",
            "precision": "fp64",
            "units": 2,
            "hours": 1,
            "origin_region": "shanghai",
        },
        "limit_price": "900.00",
        "deadline": rfc3339(NOW + 20 * HOUR),
    }
    answer = house.ask("POST", "/v1/orders", house.keys.other_buyer, json=body)
    assert answer.status_code == 201, answer.text
    return [first, second, third, answer.json()["id"]]


def test_orders_are_filtered_and_sorted(house: House, book: list[str]) -> None:
    first, second, third, fourth = book
    assert ids(listed(house, "/v1/orders")) == [fourth, third, second, first]
    assert ids(listed(house, "/v1/orders", sort="submitted_at")) == book
    assert ids(listed(house, "/v1/orders", state=["cancelled", "draft"])) == [third, second]
    assert ids(listed(house, "/v1/orders", state="open")) == [fourth, first]
    assert ids(listed(house, "/v1/orders", buyer_id="buy_0002")) == [fourth]
    assert ids(listed(house, "/v1/orders", compute_class="gpu", state="open")) == [first]
    later = {"submitted_after": rfc3339(NOW + HOUR), "submitted_before": rfc3339(NOW + 3 * HOUR)}
    assert ids(listed(house, "/v1/orders", **later)) == [third, second]


def test_orders_are_counted_by_state(house: House, book: list[str]) -> None:
    def counted(key: str, **query: Any) -> dict[str, int]:
        answer = house.ask("GET", "/v1/orders/counts", key, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, int] = answer.json()["by_state"]
        assert answer.json()["total"] == sum(found.values())
        assert set(found) == set(OrderState)
        return {state: count for state, count in found.items() if count}

    keys = house.keys
    assert counted(keys.operator) == {"open": 2, "cancelled": 1, "draft": 1}
    assert counted(keys.buyer) == counted(keys.operator, buyer_id="buy_0001")
    assert counted(keys.buyer) == {"open": 1, "cancelled": 1, "draft": 1}
    assert counted(keys.other_buyer, compute_class="general") == {"open": 1}
    assert counted(keys.other_buyer, compute_class="gpu") == {}
    assert counted(keys.operator, submitted_after=rfc3339(NOW + 2 * HOUR)) == {"open": 1, "draft": 1}
    others = house.ask("GET", "/v1/orders/counts", keys.buyer, params={"buyer_id": "buy_0002"})
    refusal(others, 403, "not_permitted")
    refusal(house.ask("GET", "/v1/orders/counts", keys.provider), 403, "not_permitted")


def test_a_buyer_filters_its_own(house: House, book: list[str]) -> None:
    assert ids(listed(house, "/v1/orders", house.keys.buyer, buyer_id="buy_0001")) == book[2::-1]
    others = house.ask("GET", "/v1/orders", house.keys.buyer, params={"buyer_id": "buy_0002"})
    refusal(others, 403, "not_permitted")


def test_allocations_rounds_and_transfers_are_filtered(house: House) -> None:
    house.submit(job={"devices": ["910b"]}, deadline=rfc3339(NOW + 3 * HOUR))
    round_id = house.clear()["id"]
    (granted,) = listed(house, "/v1/allocations")
    for name in ("round_id", "order_id", "offering_id", "node_id", "provider_id", "state"):
        assert listed(house, "/v1/allocations", **{name: granted[name]}) == [granted]
    assert listed(house, "/v1/allocations", offering_id="off_other") == []
    assert listed(house, "/v1/allocations", provider_id="prv_other") == []
    assert listed(house, "/v1/allocations", state=["completed", "failed"]) == []
    assert listed(house, "/v1/allocations", starts_after=rfc3339(NOW)) == [granted]
    assert listed(house, "/v1/allocations", starts_before=rfc3339(NOW)) == []
    assert ids(listed(house, "/v1/rounds", state="landed")) == [round_id]
    assert listed(house, "/v1/rounds", state=["failed", "refused"]) == []
    assert ids(listed(house, "/v1/rounds", opened_after=rfc3339(NOW))) == [round_id]
    assert listed(house, "/v1/rounds", opened_before=rfc3339(NOW)) == []
    moved = listed(house, "/v1/ledger/transfers", sort="at")
    assert moved == listed(house, "/v1/ledger/transfers")[::-1]
    kinds = {transfer["kind"] for transfer in moved}
    assert len(moved) > 1
    assert listed(house, "/v1/ledger/transfers", kind=sorted(kinds), sort="at") == moved
    assert listed(house, "/v1/ledger/transfers", kind="payout") == []
    assert listed(house, "/v1/ledger/transfers", since=rfc3339(NOW), sort="at") == moved
    assert listed(house, "/v1/ledger/transfers", until=rfc3339(NOW)) == []


def test_offerings_and_nodes_are_filtered(house: House) -> None:
    offerings = listed(house, "/v1/offerings")
    nodes = {node["id"]: node for node in listed(house, "/v1/nodes")}
    classes = {device["id"]: device["compute_class"] for device in listed(house, "/v1/devices")}
    some = offerings[0]
    region = nodes[some["node_id"]]["region_id"]

    def expected(keep: Any) -> list[str]:
        found = [offering["id"] for offering in offerings if keep(offering)]
        assert 0 < len(found) < len(offerings)
        return found

    assert ids(listed(house, "/v1/offerings", region_id=region)) == expected(
        lambda o: nodes[o["node_id"]]["region_id"] == region
    )
    assert ids(listed(house, "/v1/offerings", compute_class="general")) == expected(
        lambda o: classes[o["device_id"]] == "general"
    )
    assert ids(listed(house, "/v1/offerings", max_ask=some["ask_price"])) == expected(
        lambda o: float(o["ask_price"]) <= float(some["ask_price"])
    )
    assert len(listed(house, "/v1/offerings", state=["open", "withdrawn"])) == len(offerings)
    assert ids(listed(house, "/v1/nodes", region_id=region)) == [
        id_ for id_, node in nodes.items() if node["region_id"] == region
    ]
    down = house.ask("POST", f"/v1/nodes/{some['node_id']}/down", house.keys.operator)
    assert down.status_code == 200, down.text
    assert ids(listed(house, "/v1/nodes", state="down")) == [some["node_id"]]


def test_accounts_are_filtered_and_ones_own_are_paged(house: House) -> None:
    house.submit()
    opened = listed(house, "/v1/accounts")
    assert {account["kind"] for account in opened} == {"buyer", "escrow"}
    assert ids(listed(house, "/v1/accounts", kind="escrow")) == ["acc_escrow_buy_0001"]
    assert listed(house, "/v1/accounts", owner_id="buy_0001") == opened
    own = listed(house, "/v1/accounts", house.keys.buyer)
    assert len(own) > 1
    pages = list(walk(house, "/v1/accounts", house.keys.buyer, limit=1))
    assert [account for page in pages for account in page] == sorted(own, key=lambda one: one["id"])
    assert ids(listed(house, "/v1/accounts", house.keys.buyer, kind="escrow")) == ["acc_escrow_buy_0001"]
    assert listed(house, "/v1/accounts", house.keys.buyer, owner_id="prv_0062") == []


@pytest.mark.parametrize(
    ("path", "query", "other"),
    [
        ("/v1/regions", {}, ("/v1/nodes", {})),
        ("/v1/nodes", {}, ("/v1/nodes", {"state": "up"})),
        ("/v1/offerings", {}, ("/v1/offerings", {"compute_class": "gpu"})),
        ("/v1/offerings", {"state": "open"}, ("/v1/offerings", {})),
        ("/v1/orders", {}, ("/v1/orders", {"sort": "submitted_at"})),
        ("/v1/orders", {}, ("/v1/orders", {"state": ["open"]})),
        ("/v1/accounts", {}, ("/v1/accounts", {"kind": "escrow"})),
        ("/v1/ledger/transfers", {}, ("/v1/ledger/transfers", {"kind": "hold"})),
    ],
)
def test_a_cursor_goes_on_with_its_own_list_only(
    house: House, path: str, query: Json, other: tuple[str, Json]
) -> None:
    house.submit()
    house.submit()
    first = house.ask("GET", path, house.keys.operator, params={"limit": 1} | query).json()
    cursor = {"cursor": first["next_cursor"], "limit": 5}
    assert cursor["cursor"] is not None
    assert house.ask("GET", path, house.keys.operator, params=cursor | query).status_code == 200
    place, filters = other
    refusal(house.ask("GET", place, house.keys.operator, params=cursor | filters), 422, "invalid_cursor")


@pytest.mark.parametrize("cursor", ["%%%", "é", "A", "_____", "b3JkXzAx"])
@pytest.mark.parametrize("path", ["/v1/orders", "/v1/accounts", "/v1/offerings", "/v1/ledger/transfers"])
def test_a_cursor_that_nobody_gave_out_is_refused(house: House, path: str, cursor: str) -> None:
    for key in (house.keys.operator, house.keys.buyer):
        refusal(house.ask("GET", path, key, params={"cursor": cursor}), 422, "invalid_cursor")


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    there=st.integers(1, 6),
    limit=st.integers(1, 4),
    sort=st.sampled_from(["submitted_at", "-submitted_at"]),
    added=st.lists(st.integers(0, 2), max_size=8),
    filters=st.sampled_from([{}, {"state": "open"}, {"compute_class": "gpu"}]),
)
def test_pages_show_what_was_there_exactly_once_whatever_is_inserted(
    house: House, there: int, limit: int, sort: str, added: list[int], filters: Json
) -> None:
    before = {house.submit()["id"] for _ in range(there)} | set(ids(listed(house, "/v1/orders", **filters)))
    seen: list[str] = []
    more = iter(added)
    for page in walk(house, "/v1/orders", limit=limit, sort=sort, **filters):
        seen += ids(page)
        for _ in range(next(more, 0)):
            house.submit()
    assert len(seen) == len(set(seen))
    assert before <= set(seen)
    assert seen == sorted(seen, reverse=sort.startswith("-"))


@pytest.mark.slow
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    names=st.lists(st.text("abcxyz", min_size=3, max_size=6), unique=True, max_size=6),
    limit=st.integers(1, 9),
)
def test_pages_by_an_id_that_the_client_chose_do_the_same(house: House, names: list[str], limit: int) -> None:
    before = set(ids(listed(house, "/v1/regions")))
    seen: list[str] = []
    more = iter(names)
    for page in walk(house, "/v1/regions", limit=limit):
        seen += ids(page)
        name = next(more, None)
        if name is not None and name not in before:
            region = {"id": name, "name": name, "side": "west", "lat": 30.0, "lon": 100.0}
            factors = {"carbon_location_kg_per_kwh": 0.5, "carbon_residual_kg_per_kwh": 0.5}
            house.ask("POST", "/v1/regions", house.keys.operator, json=region | factors)
    assert len(seen) == len(set(seen))
    assert before <= set(seen)
