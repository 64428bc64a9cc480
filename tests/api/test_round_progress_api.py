"""A round while it clears, step by step and as the search goes on; a round that is over, from its record."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import pytest
from api_house import OPERATOR, House, Keys, build_exchange, build_test_app, refusal
from fastapi.testclient import TestClient

from api.operations.stopping import Stopping
from api.streams.round_progress import RoundProgress
from market.domain.errors import Unavailable
from market.domain.states import RoundState
from market.exchange import RoundRequest
from market.persistence.database import Database
from market.watching import RoundEnded, Searching, StepDone
from solver import Clearing, ClearingProblem, Limits

Told = list[tuple[str, dict[str, Any]]]
REQUEST = RoundRequest(limits=Limits(5.0))


def events_of(text: str) -> Told:
    """Names and data; comments left out."""
    found = []
    for frame in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in frame.split("\n") if line and not line.startswith(":"))
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_a_round_that_is_over_tells_its_record_at_once(house: House) -> None:
    house.submit()
    landed = house.clear()
    answer = house.ask("GET", f"/v1/rounds/{landed['id']}/progress")
    assert answer.headers["content-type"].startswith("text/event-stream")
    *rows, (end, how) = events_of(answer.text)
    assert (end, how) == ("landed", {"round_id": landed["id"], "state": "landed", "failure": None})
    assert {name for name, _ in rows} == {"progress"}
    history = landed["figures"]["history"]
    assert [float(row["value"]) for _, row in rows] == pytest.approx([value / 1e6 for _, value, _ in history])
    assert rows[-1][1]["gap"] == pytest.approx(landed["gap"], abs=1e-9)
    refusal(house.ask("GET", "/v1/rounds/rnd_none/progress"), 404, "not_found")


def test_how_far_it_is_in_one_answer(house: House) -> None:
    house.submit()
    opened = house.exchange.open_round(OPERATOR, REQUEST)
    path, as_json = f"/v1/rounds/{opened.round.id}/progress", {"Accept": "application/json"}
    found = house.ask("GET", path, headers=as_json).json()
    assert (found["state"], [step["step"] for step in found["steps"]], found["search"]) == (
        "clearing",
        ["freeze"],
        [],
    )
    house.exchange.finish_round(opened)
    found = house.ask("GET", path, headers=as_json).json()
    assert [(step["number"], step["step"], step["failed"]) for step in found["steps"]] == [
        *((1, "freeze", False), (2, "build", False), (3, "solve", False)),
        *((4, "verify", False), (5, "read", False), (6, "land", False)),
    ]
    assert found["state"] == "landed"
    assert found["search"]


class Gate:
    """Dies when the test says so."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def solve(self, _problem: ClearingProblem, _limits: Limits) -> Clearing:
        assert self.opened.wait(60)
        raise Unavailable("solver_died", "the solver process ended while it solved")


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def gated_house(market_url: str, keys: Keys, gate: Gate) -> Iterator[House]:
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database, gate.solve)
        with TestClient(build_test_app(exchange, clock)) as client:
            yield House(client, exchange, clock, keys)
            gate.opened.set()


def test_who_looks_on_is_told_until_it_fails(gated_house: House, gate: Gate) -> None:
    house = gated_house
    asked = house.ask("POST", "/v1/rounds", house.keys.operator, headers={"Prefer": "respond-async"})
    round_id, told = asked.json()["id"], list[str]()
    looking = threading.Thread(
        target=lambda: told.append(house.ask("GET", f"/v1/rounds/{round_id}/progress").text)
    )
    looking.start()
    progress: RoundProgress = house.client.app.state.desk.progress  # type: ignore[attr-defined]
    while not progress.looking_on:
        looking.join(0.01)
    gate.opened.set()
    looking.join(60)
    assert not progress.looking_on
    names = [(name, data.get("step")) for name, data in events_of(told[0])]
    assert names[0] == ("step", "freeze")
    assert names[-2:] == [("step", "solve"), ("failed", None)]
    assert events_of(told[0])[-1][1]["failure"] == "solver_died: Unavailable"


def test_another_process_tells_the_end(market_url: str, keys: Keys) -> None:
    with closing(Database(market_url)) as database, closing(Database(market_url)) as other_database:
        clearing, clock = build_exchange(database)
        other, _ = build_exchange(other_database)
        with TestClient(build_test_app(other, clock)) as client:
            house = House(client, other, clock, keys)
            opened = clearing.open_round(OPERATOR, REQUEST)
            path = f"/v1/rounds/{opened.round.id}/progress"
            found = house.ask("GET", path, headers={"Accept": "application/json"}).json()
            assert (found["state"], found["steps"], found["search"]) == ("clearing", [], [])
            told: list[str] = []
            looking = threading.Thread(target=lambda: told.append(house.ask("GET", path).text))
            looking.start()
            clearing.finish_round(opened)
            looking.join(60)
            assert events_of(told[0])[-1][0] == "landed"


async def collect(frames: AsyncIterator[bytes], told: list[bytes]) -> None:
    async for frame in frames:
        told.append(frame)  # noqa: PERF401 - as they come


def test_a_stretch_of_search_is_told_by_its_newest(house: House) -> None:
    opened = house.exchange.open_round(OPERATOR, REQUEST).round
    progress = RoundProgress(Stopping())

    def see(step: str, value: int) -> None:
        progress.see(Searching(opened.id, step, value / 10, value * 10**6, 100 * 10**6))

    async def look_on() -> Told:
        told: list[bytes] = []
        progress.see(StepDone(opened.id, "freeze", 0.01))
        see("prices", 1)
        see("prices", 2)
        looking = asyncio.create_task(collect(progress.follow(opened, lambda: opened), told))
        while not told:
            await asyncio.sleep(0)
        for value in range(3, 40):
            see("improve", value)
        progress.see(StepDone(opened.id, "solve", 4.0))
        progress.see(RoundEnded(opened))
        await looking
        return events_of(b"".join(told).decode())

    told = asyncio.run(look_on())
    values = [data["value"] for name, data in told if name == "progress"]
    assert values == ["1.00", "2.00", "39.00"]
    assert [name for name, _ in told] == ["step", "progress", "progress", "progress", "step", "clearing"]


def test_it_ends_when_the_exchange_stops(house: House) -> None:
    opened = house.exchange.open_round(OPERATOR, REQUEST).round
    stopping = Stopping()
    progress = RoundProgress(stopping)
    progress.see(StepDone(opened.id, "freeze", 0.01))

    async def look_on() -> list[bytes]:
        told: list[bytes] = []
        looking = asyncio.create_task(collect(progress.follow(opened, lambda: opened), told))
        while not told:
            await asyncio.sleep(0)
        stopping.begin()
        await looking
        return told

    assert [name for name, _ in events_of(b"".join(asyncio.run(look_on())).decode())] == ["step"]
    assert opened.state is RoundState.CLEARING
