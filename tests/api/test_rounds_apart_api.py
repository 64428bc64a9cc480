"""A round that clears in a process of its own, as whoever asks over HTTP sees it: while it clears, and when it dies."""

import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import pytest
from api_house import Keys

from api.demo.day import day_of_orders
from api.server import OpenExchange, ServerThread, open_exchange
from api.settings import Settings
from market.domain.clock import next_local_midnight
from market.round_desks.apart import RoundsApart

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
ORDERS = 300
ENDLESS = {"seconds_limit": 3600, "gap": 0.0, "slots": 48}


@pytest.fixture
def opened(market_url: str) -> Iterator[OpenExchange]:
    with open_exchange(Settings(database_url=market_url)) as opened:
        yield opened


@pytest.fixture
def client(opened: OpenExchange, keys: Keys) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {keys.operator}"}
    with (
        ServerThread(opened.app) as server,
        httpx2.Client(base_url=server.url, headers=headers, timeout=300, trust_env=False) as client,
    ):
        yield client


def test_a_round_whose_process_is_killed_while_it_solves(opened: OpenExchange, client: httpx2.Client) -> None:
    bodies = day_of_orders(ORDERS, 1, next_local_midnight(datetime.now(UTC)))
    assert client.post("/v1/orders/batch", json={"orders": bodies}).status_code == 200
    once = {"Idempotency-Key": "round-1"}
    asked = client.post("/v1/rounds", json=ENDLESS, headers={**once, "Prefer": "respond-async"})
    assert (asked.status_code, asked.headers["Preference-Applied"]) == (202, "respond-async")
    id_ = asked.json()["id"]
    told: list[tuple[str, object]] = []
    end: dict[str, object] = {}
    for name, data in events_of(client, f"/v1/rounds/{id_}/progress"):
        if name == "progress" and not any(before == "progress" for before, _ in told):  # it is being solved
            again = client.post("/v1/rounds", json=ENDLESS, headers=once)
            assert (again.status_code, again.json()["id"]) == (202, id_)
            assert again.headers["Idempotent-Replayed"] == "true"
            assert client.post("/v1/rounds", json=ENDLESS).json()["code"] == "round_in_progress"
            os.kill(process_of(opened), signal.SIGKILL)
        told.append((name, data.get("step")))
        end = data
    assert told[:2] == [("step", "freeze"), ("step", "build")]
    assert told[-1] == ("failed", None)
    assert end["failure"] == "solver_died: Unavailable"
    replayed = client.post("/v1/rounds", json=ENDLESS, headers=once)
    assert replayed.json()["code"] == "round_failed"
    assert client.get("/readyz").status_code == 200
    waiting = client.get("/v1/orders", params={"state": "open", "limit": 1000}).json()["items"]
    assert len(waiting) == ORDERS
    landed = client.post("/v1/rounds", json={**ENDLESS, "seconds_limit": 2})
    assert landed.status_code == 201, landed.text
    assert landed.json()["placed"] > 0


def process_of(opened: OpenExchange) -> int:
    rounds = opened.desk.rounds
    assert isinstance(rounds, RoundsApart)
    assert rounds._line is not None
    process = rounds._line.process_id
    assert process is not None
    return process


def events_of(client: httpx2.Client, path: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Names and data, as they come."""
    with client.stream("GET", path) as answer:
        name = ""
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)
