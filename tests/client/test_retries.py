"""Asking again: never twice what may happen once, always what may go better next time."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from client_house import AT_ONCE, House
from flaky_proxy import ANSWER_LOST, LOST, FlakyProxy, Mishap

from api.client import AsyncExchange, Conflict, Exchange, RateLimited, Retries, UnexpectedAnswer, Unreachable
from api.client.retries import read_retry_after

BUSY = Mishap(status=503)
AFTER_DOING = Mishap(carried_out=True, status=504)


def orders_of(house: House) -> int:
    with house.exchange() as exchange:
        return sum(1 for _ in exchange.orders.list())


@pytest.mark.parametrize(
    "mishaps",
    [
        (ANSWER_LOST,),
        (LOST, ANSWER_LOST, BUSY),
        (AFTER_DOING, AFTER_DOING, ANSWER_LOST, ANSWER_LOST, ANSWER_LOST),
    ],
    ids=["lost answer", "everything", "five times"],
)
def test_an_order_whose_answer_is_lost_is_never_doubled(
    mishaps: tuple[Mishap, ...], house: House, order: Any
) -> None:
    before = orders_of(house)
    with FlakyProxy(house.server, *mishaps) as proxy, house.exchange(proxy.url) as exchange:
        accepted = exchange.orders.submit(order)
        assert exchange.orders.read(accepted.id).state == "open"
        assert accepted.received.replayed
    assert orders_of(house) == before + 1
    tries = [seen for seen in proxy.seen if seen.method == "POST"]
    assert len(tries) == len(mishaps) + 1
    assert len({seen.headers["Idempotency-Key"] for seen in tries}) == 1


def test_asynchronously_it_is_not_doubled_either(house: House, order: Any) -> None:
    before = orders_of(house)

    async def submit(server: str) -> None:
        async with AsyncExchange(server, house.buyer, retries=AT_ONCE) as exchange:
            accepted = await exchange.orders.submit(order)
            assert accepted.received.replayed

    with FlakyProxy(house.server, ANSWER_LOST, LOST, BUSY) as proxy:
        asyncio.run(submit(proxy.url))
    assert orders_of(house) == before + 1


def test_every_call_has_a_key_of_its_own_unless_it_is_given_one(house: House, order: Any) -> None:
    with FlakyProxy(house.server) as proxy, house.exchange(proxy.url) as exchange:
        first, second = exchange.orders.submit(order), exchange.orders.submit(order)
        assert first.id != second.id
        mine = [exchange.orders.submit(order, idempotency_key="mine-1").id for _ in range(2)]
    assert mine[0] == mine[1]
    assert [seen.headers["Idempotency-Key"] for seen in proxy.seen][2:] == ["mine-1", "mine-1"]


@pytest.mark.parametrize("mishap", [LOST, ANSWER_LOST], ids=["lost", "answer lost"])
def test_what_has_no_idempotency_key_is_asked_once(mishap: Mishap, house: House, order: Any) -> None:
    with house.exchange() as exchange:
        order_id = exchange.orders.submit(order).id
    with FlakyProxy(house.server, mishap) as proxy, house.exchange(proxy.url) as exchange:
        with pytest.raises(Unreachable):
            exchange.orders.amend(order_id, {"limit_price": "901.00"})
        assert len(proxy.seen) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 500, 501])
def test_what_will_not_go_better_is_asked_once(status: int, house: House) -> None:
    with FlakyProxy(house.server, Mishap(status=status)) as proxy, house.exchange(proxy.url) as exchange:
        with pytest.raises(UnexpectedAnswer):
            exchange.policy.read()
        assert len(proxy.seen) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_go_better_is_asked_again(status: int, house: House) -> None:
    with (
        FlakyProxy(house.server, Mishap(status=status), LOST) as proxy,
        house.exchange(proxy.url) as exchange,
    ):
        assert exchange.policy.read().name == "balanced"
        assert len(proxy.seen) == 3


def problem(code: str, status: int = 409) -> Mishap:
    body = json.dumps({"code": code, "detail": code, "status": status}).encode()
    return Mishap(status=status, headers={"Content-Type": "application/problem+json"}, body=body)


STILL_AT_IT = problem("request_in_progress")


def test_who_meets_their_own_first_request_waits_for_its_answer(house: House, order: Any) -> None:
    """Else they send it again under a new key, and it is there twice."""
    before = orders_of(house)
    with (
        FlakyProxy(house.server, ANSWER_LOST, STILL_AT_IT, STILL_AT_IT) as proxy,
        house.exchange(proxy.url) as exchange,
    ):
        assert exchange.orders.submit(order).received.replayed
    assert orders_of(house) == before + 1

    async def submit(server: str) -> None:
        async with AsyncExchange(server, house.buyer, retries=AT_ONCE) as exchange:
            assert (await exchange.orders.submit(order)).received.replayed

    with FlakyProxy(house.server, ANSWER_LOST, STILL_AT_IT) as proxy:
        asyncio.run(submit(proxy.url))
    assert orders_of(house) == before + 2


def test_other_conflicts_stand(house: House, order: Any) -> None:
    reused = problem("idempotency_key_reused")
    with FlakyProxy(house.server, reused) as proxy, house.exchange(proxy.url) as exchange:
        with pytest.raises(Conflict) as raised:
            exchange.orders.submit(order)
        assert (raised.value.code, len(proxy.seen)) == ("idempotency_key_reused", 1)


def test_after_so_many_tries_it_is_over(house: House) -> None:
    patient = Retries(most=2, jitter=lambda: 0.0)
    with FlakyProxy(house.server, *[LOST] * 9) as proxy, house.exchange(proxy.url, patient) as exchange:
        with pytest.raises(Unreachable):
            exchange.policy.read()
        assert len(proxy.seen) == 3


def test_nobody_there() -> None:
    with Exchange("http://127.0.0.1:9", retries=AT_ONCE) as exchange, pytest.raises(Unreachable):
        exchange.policy.read()


def test_it_waits_as_long_as_it_is_told_to() -> None:
    retries = Retries(most=3, first_seconds=1.0, longest_seconds=10.0, jitter=lambda: 0.5)
    assert [retries.pause(tried) for tried in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, None]
    assert retries.pause(1, retry_after=7.0) == 7.0
    assert retries.pause(1, retry_after=11.0) is None  # longer than anybody wants to wait: say so
    most = Retries(most=99, first_seconds=1.0, longest_seconds=10.0, jitter=lambda: 1.0)
    assert most.pause(99) == 10.0


def test_the_wait_asked_for_is_the_wait_taken(house: House) -> None:
    waits: list[float] = []
    told = Mishap(status=429, headers={"Retry-After": "3"})
    with FlakyProxy(house.server, told, BUSY) as proxy, house.exchange(proxy.url) as exchange:
        exchange._transport._sleep = waits.append
        exchange.policy.read()
    assert waits == [3.0, 0.0]


def test_a_limit_that_lasts_is_told(house: House) -> None:
    limited = Mishap(
        status=429,
        headers={"Retry-After": "3600", "Content-Type": "application/problem+json", "X-Request-ID": "r-1"},
        body=b'{"code": "rate_limited", "detail": "too many requests", "status": 429, "quota": 5}',
    )
    with FlakyProxy(house.server, limited) as proxy, house.exchange(proxy.url) as exchange:
        with pytest.raises(RateLimited) as raised:
            exchange.policy.read()
        assert len(proxy.seen) == 1
    refused = raised.value
    assert (refused.retry_after, refused.code, refused.facts) == (3600.0, "rate_limited", {"quota": 5})
    assert str(refused) == "[rate_limited] too many requests (request r-1)"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("Sun, 22 Nov 2026 10:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_as_it_may_be_written(told: str, seconds: float | None) -> None:
    now: Callable[[], datetime] = lambda: datetime(2026, 11, 22, 10, tzinfo=UTC)  # noqa: E731
    assert read_retry_after({"retry-after": told}, now) == seconds
    assert read_retry_after({}) is None
