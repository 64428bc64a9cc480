"""kill -9 of a serving exchange, again and again while orders come in: every event arrives, in order for each order."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from receiver import Received, receiving
from thoroughness import often

from market.domain.audience import Audience, Wanted
from market.domain.clock import SystemClock, rfc3339
from market.domain.parties import Actor, Role
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database
from market.scenarios.scenario import Scenario

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

START = "import sys; from api.cli.main import app; sys.argv[0] = 'suanli'; app()"
KILLS = often(usually=2, thoroughly=10)
ORDERS_BETWEEN = 6
PEPPER = "a pepper"
MINE = Audience(buyer_id="buy_0001")


class Victim:
    """A real `suanli serve` on one database and one port, as often as it is started."""

    def __init__(self, database_url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=60)
        self._environment = {
            **os.environ,
            "SUANLI_DATABASE_URL": database_url,
            "SUANLI_PORT": str(self.port),
            "SUANLI_KEY_PEPPER": PEPPER,
            "SUANLI_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
            "SUANLI_WEBHOOK_RETRY_SECONDS": ",".join(["0.2"] * 60),
            "SUANLI_WEBHOOK_TIMEOUT_SECONDS": "0.5",
            "SUANLI_LOG_LEVEL": "error",
        }

    @contextmanager
    def serving(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Until the end of the block, where it is killed without a word."""
        command = [sys.executable, "-c", START, "serve"]
        with subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL) as process:
            try:
                self._wait_until_ready(process)
                yield process
            finally:
                process.kill()

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        while process.poll() is None:
            try:
                if self.client.get("/healthz").is_success:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server ended by itself")


def prepare(database_url: str, east_west: Scenario) -> str:
    """A market and a buyer's key."""
    with closing(Database(database_url)) as database:
        database.upgrade()
        exchange = Exchange(database, SystemClock(), pepper=PEPPER)
        exchange.load_scenario(east_west)
        return exchange.issue_key(Actor("test", Role.OPERATOR, None), Role.BUYER, "buy_0001")


def act(victim: Victim, count: int) -> None:
    """Orders submitted, amended, and every other one cancelled."""
    deadline = rfc3339(datetime.now(UTC).replace(microsecond=0) + timedelta(hours=20))
    job = {"compute_class": "gpu", "precision": "fp16", "units": 2, "hours": 3, "origin_region": "shanghai"}
    for number in range(count):
        body = {"job": job, "limit_price": "900.00", "deadline": deadline}
        order = victim.client.post("/v1/orders", json=body).raise_for_status().json()
        path = f"/v1/orders/{order['id']}"
        victim.client.patch(path, json={"limit_price": "950.00"}).raise_for_status()
        if number % 2:
            victim.client.post(f"{path}/cancel").raise_for_status()


class Hearing:
    """Events by resource in the order in which they first came; every fifth is refused, as if the receiver had a bad day."""

    def __init__(self) -> None:
        self.secret = ""
        self.came = 0
        self.heard: dict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()

    def answer(self, received: Received) -> int:
        event = received.verified(self.secret)  # at once: a signature is good for five minutes
        with self._lock:
            self.came += 1
            if self.came % 5 == 0:
                return 500
            if event["id"] not in self.heard[event["resource_id"]]:
                self.heard[event["resource_id"]].append(event["id"])
        return 204

    def ids(self) -> set[str]:
        with self._lock:
            return {id_ for ids in self.heard.values() for id_ in ids}


def test_a_server_that_is_killed_loses_no_event(database_url: str, east_west: Scenario) -> None:
    key = prepare(database_url, east_west)
    victim = Victim(database_url)
    victim.client.headers["Authorization"] = f"Bearer {key}"
    with receiving() as receiver, victim.client:
        hearing = Hearing()
        receiver.answer = hearing.answer
        with victim.serving():
            body = {"url": receiver.url, "kinds": ["order.*"]}
            created = victim.client.post("/v1/webhooks", json=body).raise_for_status().json()
            hearing.secret = created["secret"]
            act(victim, ORDERS_BETWEEN)
        for turn in range(KILLS - 1):
            with victim.serving():
                act(victim, ORDERS_BETWEEN)
                if turn % 2:  # and some in the middle of sending
                    receiver.wait_for(len(receiver.received) + 3)
        with closing(Database(database_url)) as database:
            told = Enquiries(database, SystemClock()).events_after(0, 10_000, MINE, Wanted.of(["order.*"]))
        due = {event.id for event in told}
        assert len(due) == KILLS * ORDERS_BETWEEN * 5 // 2
        with victim.serving():
            receiver.wait_until(lambda _found: due <= hearing.ids(), seconds=300)
    for resource_id, ids in hearing.heard.items():
        assert ids == [event.id for event in told if event.resource_id == resource_id]
