"""A round that clears in another process on the same PostgreSQL is shown here step by step, as if it cleared here."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime

import httpx2
import pytest
from api_house import OPERATOR, House, Keys, build_exchange, build_test_app, load_market
from databases import Databases
from fastapi.testclient import TestClient
from processes import PATIENCE_SECONDS, running, until
from sqlalchemy import text
from toy_market import FREE

from api.demo.day import day_of_orders
from api.operations.stopping import Stopping
from api.streams.round_progress import RoundProgress
from market.domain.clock import next_local_midnight
from market.domain.rounds import Round
from market.domain.states import RoundState
from market.exchange import RoundRequest
from market.persistence.database import Database
from market.persistence.notices import MOST_BYTES, Patience, hearing, remark, room_for_words
from market.round_desks.remarks import Ended, RoundAccount, RoundRemarks, read_account, write_account
from market.watching import RoundEnded, Searching, StepDone
from solver import Clearing, ClearingProblem, Limits, clear

REQUEST = RoundRequest(limits=Limits(5.0))
ID = "rnd_01k0a1b2c3d4e5f6g7h8j9kmnp"
LATER = "rnd_01k0a1b2c3d4e5f6g7h8j9kmnq"
LISTENS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname = current_database()"
)
PAUSE_SECONDS = 0.2
STEPS = ["freeze", "build", "solve", "verify", "read", "land"]
TOLD_STEPS = (STEPS, STEPS[:-1])
"""Where the last remark takes longer than a server waits for it, the database has told the end before."""


def searching(number: int) -> Searching:
    return Searching(ID, "improve", number / 3, number * 10**6, 10**9)


TOLD = (StepDone(ID, "freeze", 0.1), StepDone(ID, "build", 1 / 3), searching(1), searching(2))


@pytest.fixture
def shared(postgres_databases: Databases) -> Iterator[tuple[str, Keys]]:
    original, keys = postgres_databases.prepared(load_market)
    with postgres_databases.copied(original) as url:
        yield url, keys


def names_of(frames: str) -> list[tuple[str, str | None]]:
    lines = [frame.split("\n") for frame in frames.split("\n\n") if frame and not frame.startswith(":")]
    return [(one[0].removeprefix("event: "), json.loads(one[1][6:]).get("step")) for one in lines]


def test_an_account_survives_the_way_with_the_newest_of_each_stretch() -> None:
    account = RoundAccount(ID, (*TOLD, StepDone(ID, "solve", 2.0)), Ended(RoundState.FAILED, "solver_died"))
    there = read_account(write_account(account, MOST_BYTES))
    assert there == replace(account, told=(TOLD[0], TOLD[1], TOLD[3], StepDone(ID, "solve", 2.0)))


def test_one_that_is_too_long_is_told_without_its_beginning() -> None:
    told = tuple(one for number in range(200) for one in (searching(number), StepDone(ID, "solve", number)))
    written = write_account(RoundAccount(ID, told), MOST_BYTES)
    assert MOST_BYTES - 200 < len(written.encode()) <= MOST_BYTES
    assert read_account(written).told[-2:] == told[-2:]


def test_what_was_heard_before_is_not_told_again() -> None:
    progress = RoundProgress(Stopping())
    progress.heed(write_account(RoundAccount(ID, TOLD[:3]), MOST_BYTES))
    progress.heed(write_account(RoundAccount(ID, TOLD), MOST_BYTES))
    progress.heed(write_account(RoundAccount(ID, TOLD), MOST_BYTES))
    assert progress._told_of(ID) == list(TOLD)
    progress.heed(write_account(RoundAccount(LATER, ()), MOST_BYTES))
    progress.heed(write_account(RoundAccount(ID, TOLD), MOST_BYTES))
    assert progress._told_of(ID) == [], "one that is over, said late"


def test_what_is_not_understood_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    progress = RoundProgress(Stopping())
    progress.heed('{"round": 1}')
    assert "is not understood" in caplog.text
    assert progress._newest is None


def test_whoever_clears_and_falls_silent_is_not_waited_for() -> None:
    """Killed, say: another one has closed its round, and nobody said so."""
    progress, clearing = RoundProgress(Stopping()), round_with(ID)
    progress.heed(write_account(RoundAccount(ID, TOLD), MOST_BYTES))

    async def look_on() -> str:
        failed = replace(clearing, state=RoundState.FAILED, failure="exchange_stopped")
        return b"".join([frame async for frame in progress.follow(clearing, lambda: failed)]).decode()

    told = names_of(asyncio.run(look_on()))
    assert told == [("step", "freeze"), ("step", "build"), ("progress", "improve"), ("failed", None)]


def round_with(id_: str) -> Round:
    return Round(
        id=id_,
        state=RoundState.CLEARING,
        policy=FREE,
        starts_at=datetime(2030, 1, 1, tzinfo=UTC),
        slots=24,
        opened_at=datetime(2030, 1, 1, tzinfo=UTC),
        orders=0,
    )


def listens(database: Database) -> bool:
    """Asked anew each time: within one transaction the answer stays what it was at first."""
    with database.engine.connect() as connection:
        return bool(connection.scalar(LISTENS))


@pytest.mark.postgres
def test_remarks_are_few_small_and_outside_the_round(postgres_database: Database) -> None:
    """A thousand reports within one transaction that is never committed: heard all the same, in a handful of remarks."""
    heard: list[str] = []
    with (
        closing(Database(postgres_database.url)) as other,
        hearing(other, lambda: None, Patience(look_seconds=3600), heed=heard.append),
        postgres_database.writing() as session,
    ):
        until(lambda: listens(postgres_database))
        began = time.monotonic()
        with closing(RoundRemarks(postgres_database, PAUSE_SECONDS)) as remarks:
            remarks.see(StepDone(ID, "freeze", 0.1))
            until(lambda: heard)
            for number in range(1000):
                remarks.see(searching(number))
            until(lambda: searching(999) in read_account(heard[-1]).told)
            session.rollback()
            remarks.see(RoundEnded(round_with(ID)))
        until(lambda: read_account(heard[-1]).ended)  # closed, it has said the rest
        assert len(heard) <= 3 + (time.monotonic() - began) / PAUSE_SECONDS
    assert max(map(len, heard)) < 500


@pytest.mark.postgres
def test_the_longest_remark_can_be_made(postgres_database: Database) -> None:
    heard: list[str] = []
    with (
        closing(Database(postgres_database.url)) as other,
        hearing(other, lambda: heard.append("listens"), Patience(look_seconds=3600), heed=heard.append),
    ):
        until(lambda: heard)
        words = "x" * room_for_words(postgres_database)
        remark(postgres_database, words)
        until(lambda: words in heard)


class Gate:
    """Solves when the test says so."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def solve(self, problem: ClearingProblem, limits: Limits) -> Clearing:
        assert self.opened.wait(60)
        return clear(problem, limits)


@pytest.mark.postgres
def test_a_server_shows_what_another_one_clears(shared: tuple[str, Keys]) -> None:
    url, keys = shared
    gate = Gate()
    with ExitStack() as stack:
        here, there = (stack.enter_context(closing(Database(url))) for _ in range(2))
        clearing, clock = build_exchange(there, gate.solve)
        other, _ = build_exchange(here)
        stack.enter_context(TestClient(build_test_app(clearing, clock)))
        client = stack.enter_context(TestClient(build_test_app(other, clock)))
        house = House(client, other, clock, keys)
        house.submit()
        opened = clearing.open_round(OPERATOR, REQUEST)
        path = f"/v1/rounds/{opened.round.id}/progress"
        finishing = threading.Thread(target=clearing.finish_round, args=(opened,))
        finishing.start()
        clearing.watch.tell(Searching(opened.round.id, "prices", 0.5, 10**6, 2 * 10**6))

        def found() -> dict[str, list[dict[str, object]]]:
            answer: dict[str, list[dict[str, object]]] = house.ask(
                "GET", path, headers={"Accept": "application/json"}
            ).json()
            return answer

        until(lambda: len(found()["steps"]) == 2 and found()["search"])
        assert [step["step"] for step in found()["steps"]] == ["freeze", "build"]
        assert [one["value"] for one in found()["search"]] == ["1.00"]
        progress: RoundProgress = client.app.state.desk.progress  # type: ignore[attr-defined]
        told: list[str] = []
        looking = threading.Thread(target=lambda: told.append(house.ask("GET", path).text))
        looking.start()
        until(lambda: progress.looking_on)
        gate.opened.set()
        finishing.join(60)
        looking.join(60)
    names = names_of(told[0])
    assert [step for name, step in names if name == "step"] in TOLD_STEPS
    assert names[-1] == ("landed", None)


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_servers_on_one_database(shared: tuple[str, Keys]) -> None:
    url, keys = shared
    with ExitStack() as stack:
        one, other = (stack.enter_context(running(url, "serve", "--no-duties")) for _ in range(2))
        clears, looks_on = (
            stack.enter_context(
                httpx2.Client(
                    base_url=program.first_line().split(": ")[1].split(" ")[0],
                    timeout=PATIENCE_SECONDS,
                    trust_env=False,
                    headers={"Authorization": f"Bearer {keys.operator}"},
                )
            )
            for program in (one, other)
        )
        bodies = day_of_orders(300, 1, next_local_midnight(datetime.now(UTC)))
        assert clears.post("/v1/orders/batch", json={"orders": bodies}).status_code == 200
        asked = clears.post(
            "/v1/rounds",
            json={"seconds_limit": 4, "gap": 0.0, "slots": 48},
            headers={"Prefer": "respond-async"},
        )
        names = names_of(looks_on.get(f"/v1/rounds/{asked.json()['id']}/progress").text)
        for program in (one, other):
            assert program.end() == 0
    assert [step for name, step in names if name == "step"] in TOLD_STEPS
    searched = [step for name, step in names if name == "progress"]
    assert searched
    assert None not in searched, "what the solver did is told while it does it; a record does not know"
    assert names[-1] == ("landed", None)
