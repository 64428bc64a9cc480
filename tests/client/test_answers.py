"""Answers are read leniently and exactly: nothing is lost, and what is new does no harm."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from client_house import House
from pydantic import TypeAdapter

from api.client import (
    AsyncExchange,
    Changed,
    Conflict,
    Exchange,
    InvalidRequest,
    InvalidTarget,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    UnexpectedAnswer,
    answers,
)
from api.client.call import Call, read_answer, segment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def placed(house: House) -> Iterator[str]:
    """The id of an order that a round has placed."""
    with Exchange(house.server, house.operator) as exchange:
        body: Any = {
            "buyer_id": "buy_0001",
            "job": {"compute_class": "gpu", "units": 1, "hours": 2, "origin_region": "shanghai"},
            "limit_price": Decimal("900.00"),
            "deadline": datetime.now().astimezone() + timedelta(hours=40),
        }
        order = exchange.orders.submit(body)
        exchange.rounds.clear({"slots": 24})
        yield order.id


PATHS = (
    *("orders", "allocations", "rounds", "offerings", "regions", "nodes", "devices", "providers", "buyers"),
    *("accounts", "ledger/transfers", "voucher-pools", "invoices?month=2025-07", "statements?month=2025-07"),
)


@pytest.mark.parametrize("path", PATHS)
def test_lists_lose_nothing(path: str, house: House, placed: str) -> None:
    raw = get(house, f"/v1/{path}")["items"]
    group = path.partition("?")[0].replace("-", "_").replace("/", ".")
    query = {"month": "2025-07"} if "?" in path else {}
    with Exchange(house.server, house.operator) as exchange:
        lists = exchange.ledger.transfers if group == "ledger.transfers" else getattr(exchange, group).list
        assert [one.plain() for one in lists(at_most=len(raw), **query)] == raw


def test_single_things_lose_nothing(house: House, placed: str) -> None:
    with Exchange(house.server, house.operator) as exchange:
        round_id = next(exchange.rounds.list()).id
        for path, found in {
            f"orders/{placed}": exchange.orders.read(placed),
            f"orders/{placed}/explanation": exchange.orders.explain(placed),
            f"rounds/{round_id}": exchange.rounds.read(round_id),
            f"rounds/{round_id}/pricing": exchange.rounds.pricing(round_id),
            "policy": exchange.policy.read(),
            "prices": exchange.prices.read(),
            "ledger/balance": exchange.ledger.check(),
            "offerings/off_0001/calendar": exchange.offerings.calendar("off_0001"),
        }.items():
            assert found.plain() == get(house, f"/v1/{path}"), path
        assert exchange.rounds.problem(round_id)[:2] == b"PK"


def get(house: House, path: str) -> Any:
    answer = httpx2.get(house.server + path, headers={"Authorization": f"Bearer {house.operator}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_amounts_and_times_are_what_they_are(house: House, placed: str) -> None:
    with house.exchange() as exchange:
        order = exchange.orders.read(placed)
    assert order.limit_price == Decimal("900.00")
    assert str(order.limit_price) == "900.00"
    assert order.deadline.tzinfo is not None
    assert order.allocation is not None
    assert order.allocation.price <= order.limit_price


def test_pages_are_turned(house: House) -> None:
    with Exchange(house.server) as exchange:
        ids = [one.id for one in exchange.offerings.list()]
        assert len(ids) == len(set(ids)) == len(list(exchange.offerings.list(at_most=10_000)))
        assert [one.id for one in exchange.offerings.list(at_most=3)] == ids[:3]
        assert list(exchange.offerings.list(at_most=0)) == []
        few = exchange._transport.pages(Call("GET", "/v1/offerings"), answers.OfferingAnswer, 205)
        assert len(list(few)) == min(205, len(ids))


def test_pages_are_turned_asynchronously(house: House) -> None:
    async def count() -> int:
        async with AsyncExchange(house.server) as exchange:
            return len([one async for one in exchange.offerings.list()])

    with Exchange(house.server) as exchange:
        assert asyncio.run(count()) == sum(1 for _ in exchange.offerings.list())


def test_newer_exchanges_are_understood(house: House) -> None:
    with Exchange(house.server) as exchange:
        raw = next(exchange.nodes.list()).plain()
    newer = raw | {"state": "half_asleep", "mood": {"today": "fine"}, "pue": 2}
    found = TypeAdapter(answers.NodeAnswer).validate_json(json.dumps(newer))
    assert (found.state, found.mood) == ("half_asleep", {"today": "fine"})  # type: ignore[attr-defined]
    assert found.plain() == newer


def test_what_is_no_answer_is_named() -> None:
    response = httpx2.Response(200, json={"id": 7})
    with pytest.raises(UnexpectedAnswer, match="does not understand"):
        read_answer(response, answers.NodeAnswer, "http://here")


def test_every_refusal_is_of_its_kind(house: House, placed: str, order: Any) -> None:
    with house.exchange() as exchange:
        for kind, code, ask in (
            (NotFound, "not_found", lambda: exchange.orders.read("ord_none")),
            (Conflict, "idempotency_key_reused", lambda: twice(exchange, order)),
            (NotPermitted, None, exchange.rounds.clear),
            (InvalidRequest, "malformed_request", lambda: exchange.orders.submit({"job": {}})),  # type: ignore[typeddict-item]
        ):
            with pytest.raises(kind) as raised:
                ask()
            assert raised.value.request_id
            assert code in {None, raised.value.code}
    with Exchange(house.server, "suanli_buyer_nobody") as exchange, pytest.raises(NotAuthenticated):
        next(exchange.orders.list())


def twice(exchange: Exchange, order: Any) -> None:
    exchange.orders.submit(order, idempotency_key="twice")
    exchange.orders.submit({**order, "limit_price": "1.00"}, idempotency_key="twice")


def test_a_change_may_say_what_it_is_a_change_of(house: House, order: Any) -> None:
    with house.exchange() as exchange:
        order_id = exchange.orders.submit(order).id
        seen = exchange.orders.read(order_id).received.etag
        assert seen
        amended = exchange.orders.amend(order_id, {"limit_price": "910.00"}, if_match=seen)
        assert amended.received.etag not in {None, seen}
        with pytest.raises(Changed):
            exchange.orders.cancel(order_id, if_match=seen)
        assert exchange.orders.cancel(order_id, if_match=amended.received.etag).state == "cancelled"


def test_how_an_answer_came(house: House, placed: str) -> None:
    with house.exchange() as exchange:
        order = exchange.orders.read(placed)
    assert (order.received.status, order.received.replayed) == (200, False)
    assert order.received.request_id
    with pytest.raises(AttributeError, match="inside another"):
        order.job.received.etag  # noqa: B018


@pytest.mark.parametrize("server", ["nonsense", "ftp://x", "http://"])
def test_an_address_that_is_none(server: str) -> None:
    with pytest.raises(InvalidTarget, match="not an address"):
        Exchange(server)


def test_a_key_that_is_none_and_is_never_shown() -> None:
    with pytest.raises(InvalidTarget):
        Exchange("http://127.0.0.1:9", "schlüssel")
    with Exchange("http://127.0.0.1:9", "suanli_buyer_secret") as exchange:
        assert "secret" not in repr(exchange._transport.address)


def test_ids_stay_in_their_place() -> None:
    assert segment("a/b?c") == "a%2Fb%3Fc"
    for wrong in ("", ".", ".."):
        with pytest.raises(ValueError, match="no id"):
            segment(wrong)
