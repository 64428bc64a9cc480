"""Following events: a small application that tells them and breaks off, and the exchange itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from client_house import AT_ONCE, House
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from httpx2 import ServerSentEvent

from api.client import AsyncExchange, Exchange, NotPermitted, Retries, UnexpectedAnswer, Unreachable
from api.client.events import LASTED_SECONDS, Following
from api.server import ServerThread


class Teller:
    """Tells numbered events and breaks off after so many, again and again."""

    def __init__(self, last: int, at_once: int, opening: int | None = None, silent: int = 0) -> None:
        """The first `silent` streams break off before anything is told."""
        self.last, self.at_once, self.opening, self.silent = last, at_once, opening, silent
        self.asked: list[tuple[str | None, str]] = []
        self.failures: list[Response] = []
        self.app = FastAPI()
        self.app.get("/v1/events")(self.tell)

    async def tell(self, request: Request) -> Response:
        resumed = request.headers.get("last-event-id")
        self.asked.append((resumed, request.url.query))
        if self.failures:
            return self.failures.pop(0)
        start = self.opening if resumed is None else number_of(resumed)
        return StreamingResponse(self._events(start or 0), media_type="text/event-stream")

    async def _events(self, start: int) -> AsyncIterator[bytes]:
        if self.opening is not None:
            yield f"retry: 10\nid: {id_of(start)}\n\n".encode()
        yield b": still here\n\n"
        told = 0 if len(self.asked) <= self.silent else self.at_once
        for number in range(start + 1, min(start + told, self.last) + 1):
            yield event(number)


def id_of(number: int) -> str:
    return f"evt_{number:016d}"


def number_of(event_id: str) -> int:
    return int(event_id.removeprefix("evt_"))


def told_of(number: int) -> dict[str, Any]:
    return {
        "id": id_of(number),
        "kind": "order.submitted",
        "resource": "order",
        "resource_id": f"ord_{number}",
        "at": "2025-07-16T08:00:00Z",
        "actor": "exchange",
        "data": {"number": number, "name": "算力"},
        "novelty": True,
    }


def event(number: int) -> bytes:
    told = json.dumps(told_of(number))
    return f"id: {id_of(number)}\nevent: order.submitted\ndata: {told}\n\n".encode()


@contextmanager
def told_by(teller: Teller, retries: Retries = AT_ONCE) -> Iterator[Exchange]:
    with ServerThread(teller.app) as server, Exchange(server.url, retries=retries) as exchange:
        yield exchange


def test_what_breaks_off_goes_on_where_it_was() -> None:
    teller = Teller(last=7, at_once=3)
    with told_by(teller) as exchange:
        stream = exchange.events.stream(after=id_of(0))
        told = [next(stream) for _ in range(7)]
    assert [one.id for one in told] == [id_of(number) for number in range(1, 8)]
    assert [resumed for resumed, _ in teller.asked] == [id_of(0), id_of(3), id_of(6)]
    assert told[0].data == {"number": 1, "name": "算力"}


def test_it_goes_on_the_same_asynchronously() -> None:
    teller = Teller(last=5, at_once=2)

    async def follow(server: str) -> list[str]:
        told = []
        async with AsyncExchange(server, retries=AT_ONCE) as exchange:
            async for one in exchange.events.stream(after=id_of(0)):
                told.append(one.id)
                if len(told) == 5:
                    break
        return told

    with ServerThread(teller.app) as server:
        assert asyncio.run(follow(server.url)) == [id_of(number) for number in range(1, 6)]


def test_nothing_is_missed_though_nothing_was_told_before_it_broke() -> None:
    teller = Teller(last=45, at_once=9, opening=42, silent=1)
    with told_by(teller) as exchange:
        listening = exchange.events.listen()
        assert next(listening) is None
        assert next(listening) is None  # it broke off and came again
        assert getattr(next(listening), "id", None) == id_of(43)
    assert [resumed for resumed, _ in teller.asked] == [None, id_of(42)]


def test_filters_are_passed_on() -> None:
    teller = Teller(last=1, at_once=1)
    with told_by(teller) as exchange:
        next(exchange.events.stream(kinds=["order.*", "round.landed"], resource="order", resource_id="ord_1"))
    asked = [("kinds", "order.*"), ("kinds", "round.landed"), ("resource", "order"), ("resource_id", "ord_1")]
    assert parse_qsl(teller.asked[0][1]) == asked


def test_what_passes_is_waited_for_and_what_does_not_is_told() -> None:
    teller = Teller(last=1, at_once=1)
    teller.failures = [
        problem(503, "busy"),
        problem(429, "rate_limited"),
        Response(b"cut", 502, media_type="text/plain"),
    ]
    with told_by(teller) as exchange, pytest.raises(UnexpectedAnswer):
        next(exchange.events.stream())
    assert len(teller.asked) == 3
    teller.failures = [problem(403, "not_permitted")]
    with told_by(teller) as exchange, pytest.raises(NotPermitted):
        next(exchange.events.stream())


def problem(status: int, code: str) -> Response:
    return JSONResponse(
        {"code": code, "detail": code, "status": status}, status, media_type="application/problem+json"
    )


def test_an_exchange_that_tells_nothing_is_given_up() -> None:
    teller = Teller(last=0, at_once=0)
    with told_by(teller, Retries(most=2, jitter=lambda: 0.0)) as exchange, pytest.raises(Unreachable):
        next(exchange.events.stream())
    assert len(teller.asked) == 3


def test_an_exchange_that_opens_streams_and_tells_nothing_is_given_up() -> None:
    """One that is stopping, say: where the stream is, is not yet news."""
    teller = Teller(last=42, at_once=9, opening=42)
    with told_by(teller, Retries(most=2, jitter=lambda: 0.0)) as exchange, pytest.raises(Unreachable):
        next(exchange.events.stream())
    assert len(teller.asked) == 3
    teller.asked.clear()

    async def follow(server: str) -> None:
        async with AsyncExchange(server, retries=Retries(most=2, jitter=lambda: 0.0)) as exchange:
            async for _ in exchange.events.stream():
                pytest.fail("nothing happened")

    with ServerThread(teller.app) as server, pytest.raises(Unreachable):
        asyncio.run(follow(server.url))
    assert len(teller.asked) == 3


def test_one_comes_back_when_the_exchange_asks_for_it() -> None:
    following = Following(None, Retries(most=9, jitter=lambda: 0.0, longest_seconds=20.0))
    lost = Unreachable("lost")
    assert following.pause_after(lost) == 0.0
    for retry, pause in ((2000, 2.0), (None, 2.0), (10**9, 20.0), (-1, 0.0)):
        following.read(ServerSentEvent(id=id_of(1), retry=retry))
        assert following.pause_after(lost) == pause


def test_a_stream_on_which_nothing_happens_is_followed_as_long_as_it_lasts() -> None:
    now = 0.0
    following = Following(None, Retries(most=1, jitter=lambda: 0.0), lambda: now)
    lost = Unreachable("lost")

    def follow(seconds: float) -> None:
        nonlocal now
        following.call((), None, None)
        following.read(ServerSentEvent(id=id_of(1)))
        now += seconds
        following.pause_after(lost)

    for _ in range(5):
        follow(LASTED_SECONDS)  # the exchange ends each, hour by hour
    with pytest.raises(Unreachable):
        follow(1)
    following.read(ServerSentEvent(id=id_of(2), data=json.dumps(told_of(2))))
    follow(1)


def test_the_exchange_tells_what_is_ones_own(house: House, order: Any) -> None:
    with house.exchange() as exchange:
        listening = exchange.events.listen(kinds=["order.*"])
        assert next(listening) is None
        accepted = exchange.orders.submit(order)
        event = next(listening)
        assert event is not None
        assert (event.kind, event.resource_id) == ("order.submitted", accepted.id)
        exchange.orders.cancel(accepted.id)
        again = exchange.events.stream(after=event.id, resource="order", resource_id=accepted.id)
        assert next(again).kind == "order.cancelled"
        pages = [one.id for one in exchange.events.list(resource="order", resource_id=accepted.id)]
        assert pages[0] == event.id
    with Exchange(house.server) as stranger:
        assert list(stranger.events.list(resource="order", resource_id=accepted.id)) == []
