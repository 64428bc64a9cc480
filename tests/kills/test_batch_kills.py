"""kill -9 of a real server while a batch comes in: all of its orders are there or none, and a retry ends with one set."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest
from promises_kept import broken_promises
from sqlalchemy import text
from thoroughness import often

from api.bench.run import day_of_bodies
from api.bench.servers import HOST, NO_LIMITS, exchange_command, free_port, serving
from api.demo.place import prepare_exchange
from api.settings import Settings
from market.persistence.database import Database

pytestmark = pytest.mark.slow

KILLS, ORDERS, SEED = often(usually=5, thoroughly=20), 1000, 2025
BUYER = {"buyer_id": "buy_0001"}
PATIENCE_SECONDS = 120.0


class Market:
    """A database that outlives its servers."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.key = prepare_exchange(Settings(database_url=self.url))
        self._log = directory / "server.log"

    @contextmanager
    def served(self) -> Iterator["Server"]:
        port = free_port()
        with serving(exchange_command(self.url, port), NO_LIMITS, self._log, port) as pid:
            yield Server(pid, port, self.key)

    def orders(self) -> int:
        with closing(Database(self.url)) as database, database.engine.connect() as connection:
            return int(connection.scalar(text("SELECT count(*) FROM orders")) or 0)

    def broken(self) -> list[str]:
        with closing(Database(self.url)) as database:
            return broken_promises(database)


class Server:
    """A server that can be killed."""

    def __init__(self, pid: int, port: int, key: str) -> None:
        self._pid, self._url = pid, f"http://{HOST}:{port}"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}

    def send(self, lines: bytes, key: str) -> list[str]:
        """Ids of the orders that were accepted."""
        headers = {**self._headers, "Idempotency-Key": key}
        answer = httpx2.post(
            f"{self._url}/v1/orders/batch",
            content=lines,
            headers=headers,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
        return [item["order"]["id"] for item in answer.json()["items"] if "order" in item]

    def send_until_killed(self, lines: bytes, key: str, after_seconds: float) -> None:
        """Kill the server so long after the batch was sent; whether there was an answer, nobody knows."""

        def send() -> None:
            try:
                self.send(lines, key)
            except httpx2.HTTPError:
                return

        sending = threading.Thread(target=send)
        sending.start()
        time.sleep(after_seconds)
        os.killpg(self._pid, signal.SIGKILL)
        sending.join()


def test_a_batch_is_there_whole_or_not_at_all_and_once(database_url: str, tmp_path: Path) -> None:
    market, draw = Market(database_url, tmp_path), random.Random(SEED)  # noqa: S311 - reproducible, not secret
    lines = b"\n".join(json.dumps(body | BUYER).encode() for body in day_of_bodies(ORDERS, SEED))
    found, usual_seconds = {0: 0, ORDERS: 0}, 0.0
    for number in range(KILLS):
        with market.served() as server:  # the one before was killed while it took what is sent here again
            began = time.monotonic()
            ids = server.send(lines, f"batch-{number}")
            usual_seconds = usual_seconds or time.monotonic() - began
            stored = (number + 1) * ORDERS
            assert len(set(ids)) == ORDERS
            assert market.orders() == stored
            server.send_until_killed(lines, f"batch-{number + 1}", draw.uniform(0.0, 1.2) * usual_seconds)
        there = market.orders() - stored
        assert there in found, f"kill {number}: {there} of {ORDERS} orders are there"
        assert market.broken() == []
        found[there] += 1
    with market.served() as server:
        assert len(set(server.send(lines, f"batch-{KILLS}"))) == ORDERS
    assert market.orders() == (KILLS + 1) * ORDERS
    assert market.broken() == []
    assert found[0], "every kill came too late"
