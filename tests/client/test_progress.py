"""Following a question that takes long: a small application that tells it piece by piece, and the exchange itself."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from client_house import AT_ONCE, House
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from api.client import AsyncExchange, Conflict, Exchange, Progress, UnexpectedAnswer, Unreachable
from api.server import ServerThread

ASKED: Any = {"scenarios": [{"name": "dear carbon", "carbon_price_per_kg": "1.50"}]}
SEARCHED = {"number": 1, "of": 2, "step": "as_is", "seconds": 0.4, "gap": 0.02}
MONEY = {"value": "98.00", "bound": "100.00"}
DONE = SEARCHED | {"seconds": 1.5, "gap": 0.004, "failed": False}
PROBLEM = {
    "type": "about:blank",
    "title": "No",
    "status": 409,
    "detail": "no order",
    "code": "nothing_to_place",
}
LARGE = 3 * 2**20
"""Bytes; the longest event that is read of a stream of events is shorter."""
COMES_ALONG = ("progress", SEARCHED | MONEY), ("step", DONE)


class Teller:
    """Tells of a question what it was given to tell, one script for each time that it is asked."""

    def __init__(self, *scripts: Any, stays: bool = False) -> None:
        self.scripts, self.stays = list(scripts), stays
        self.keys: list[str | None] = []
        self.left = threading.Event()
        self.app = FastAPI()
        self.app.post("/v1/scenarios")(self.tell)

    async def tell(self, request: Request) -> Response:
        self.keys.append(request.headers.get("idempotency-key"))
        assert request.headers["accept"] == "text/event-stream"
        script = self.scripts.pop(0)
        if isinstance(script, Response):
            return script
        return StreamingResponse(self._frames(script), media_type="text/event-stream")

    async def _frames(self, script: Any) -> AsyncIterator[bytes]:
        yield b": waiting for its turn\n\n"
        try:
            for event, told in script:
                yield f"event: {event}\ndata: {told if isinstance(told, str) else json.dumps(told)}\n\n".encode()
            while self.stays:
                await asyncio.sleep(0.01)
                yield b": still here\n\n"
        finally:
            self.left.set()


@contextmanager
def told_by(teller: Teller) -> Iterator[Exchange]:
    with ServerThread(teller.app) as server, Exchange(server.url, retries=AT_ONCE) as exchange:
        yield exchange


def test_it_is_told_and_ends_with_the_answer() -> None:
    heard: list[Progress] = []
    answer = {"items": [], "note": "x" * LARGE}
    with told_by(Teller([*COMES_ALONG, ("novelty", {}), ("answer", answer)])) as exchange:
        found = exchange.scenarios.compare(ASKED, on_progress=heard.append)
    searched, done = heard
    assert (searched.number, searched.of, searched.step, searched.over) == (1, 2, "as_is", False)
    assert (str(searched.value), str(searched.bound), searched.gap) == ("98.00", "100.00", 0.02)
    assert (done.over, done.value, done.gap) == (True, None, 0.004)
    assert len(found.plain()["note"]) == LARGE
    assert found.received.status == 200


def test_what_broke_off_is_asked_anew_under_its_key() -> None:
    heard: list[Progress] = []
    teller = Teller(COMES_ALONG[:1], [*COMES_ALONG, ("answer", {"items": []})])
    with told_by(teller) as exchange:
        exchange.scenarios.compare(ASKED, on_progress=heard.append)
    assert [one.over for one in heard] == [False, False, True]
    assert len(teller.keys) == 2
    assert len(set(teller.keys)) == 1


def test_what_always_breaks_off_is_told_at_last() -> None:
    teller = Teller(*[COMES_ALONG] * (AT_ONCE.most + 1))
    with told_by(teller) as exchange, pytest.raises(Unreachable, match="before its answer"):
        exchange.scenarios.compare(ASKED, on_progress=print)
    assert teller.scripts == []


def test_a_refusal_is_raised_whether_told_at_once_or_at_the_end() -> None:
    for script in (JSONResponse(PROBLEM, 409), [COMES_ALONG[0], ("failed", PROBLEM)]):
        teller = Teller(script)
        with told_by(teller) as exchange, pytest.raises(Conflict) as refused:
            exchange.scenarios.compare(ASKED, on_progress=print)
        assert (refused.value.code, refused.value.status) == ("nothing_to_place", 409)
        assert refused.value.message == "no order"
        assert len(teller.keys) == 1


def test_a_crowd_is_waited_out() -> None:
    crowd = JSONResponse(PROBLEM | {"status": 503}, 503, {"Retry-After": "0"})
    teller = Teller(crowd, [("answer", {"items": []})])
    with told_by(teller) as exchange:
        assert exchange.scenarios.compare(ASKED, on_progress=print).items == []


@pytest.mark.parametrize("told", ["no JSON", '{"number": "first"}', "[]"])
def test_what_is_not_understood_is_told(told: str) -> None:
    with told_by(Teller([("progress", told)])) as exchange, pytest.raises(UnexpectedAnswer):
        exchange.scenarios.compare(ASKED, on_progress=print)


def test_who_hears_gives_it_up_by_raising() -> None:
    teller, enough = Teller(COMES_ALONG, stays=True), KeyboardInterrupt()

    def hear(_: Progress) -> None:
        raise enough

    with told_by(teller) as exchange:
        with pytest.raises(KeyboardInterrupt) as raised:
            exchange.scenarios.compare(ASKED, on_progress=hear)
        assert teller.left.wait(60)
    assert raised.value is enough
    assert len(teller.keys) == 1


def test_the_same_awaited_and_cancelled() -> None:
    heard: list[Progress] = []

    async def ask(server: str) -> None:
        async with AsyncExchange(server, retries=AT_ONCE) as exchange:
            found = await exchange.scenarios.compare(ASKED, on_progress=heard.append)
            assert found.items == []
            with pytest.raises(Conflict):
                await exchange.scenarios.compare(ASKED, on_progress=heard.append)
            asking = asyncio.create_task(exchange.scenarios.compare(ASKED, on_progress=heard.append))
            while len(heard) < 4:
                await asyncio.sleep(0.01)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    scripts = [[*COMES_ALONG, ("answer", {"items": []})], [("failed", PROBLEM)], COMES_ALONG]
    teller = Teller(*scripts, stays=True)
    with ServerThread(teller.app) as server:
        asyncio.run(ask(server.url))
        assert teller.left.wait(60)


@pytest.mark.slow
def test_the_exchange_tells_its_what_ifs(house: House, order: Any) -> None:
    heard: list[Progress] = []
    with house.exchange() as buyer, Exchange(house.server, house.operator) as operator:
        buyer.orders.submit(order)
        found = operator.scenarios.compare({**ASKED, "seconds_limit": 2}, on_progress=heard.append)
        swept = operator.scenarios.sweep({"points": 3, "seconds_limit": 1}, on_progress=heard.append)
    assert [item.name for item in found.items] == ["as_is", "dear carbon"]
    over = [(one.number, one.of) for one in heard if one.over]
    assert over == [(1, 2), (2, 2), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(swept.points) == 3
