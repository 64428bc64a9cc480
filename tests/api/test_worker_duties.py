"""`suanli worker` with real processes: each duty is one's at a time, and another's after a kill -9."""

import signal
from collections import defaultdict
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx2
import pytest
from api_house import Keys
from processes import PATIENCE_SECONDS, Program, running, until
from receiver import Received, receiving
from sqlalchemy import text

from market.domain.audience import Audience, Wanted
from market.domain.clock import SystemClock, rfc3339
from market.enquiries.desk import Enquiries
from market.persistence.database import Database

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NEARLY = timedelta(seconds=0.9)
"""The interval of rounds, but for what clocks of a machine differ by."""
SETTINGS = {
    "round_every": "1s",
    "upkeep_every": "1s",
    "solver_seconds": 1,
    "webhook_allowed_hosts": "127.0.0.1",
    "webhook_retry_seconds": ",".join(["0.2"] * 60),
}
DUTIES = ("rounds", "upkeep", "webhooks")


class Hearing:
    """Events by resource, in the order in which they first came."""

    def __init__(self) -> None:
        self.heard: dict[str, list[str]] = defaultdict(list)
        self.secret = ""

    def answer(self, received: Received) -> int:
        event = received.verified(self.secret)
        if event["id"] not in self.heard[event["resource_id"]]:
            self.heard[event["resource_id"]].append(event["id"])
        return 204


@dataclass(frozen=True, slots=True)
class Cleared:
    opened_at: datetime
    closed_at: datetime | None
    state: str


def rounds(database: Database) -> list[Cleared]:
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT opened_at, closed_at, state FROM rounds ORDER BY id"))
        return [Cleared(moment(opened), closed and moment(closed), state) for opened, closed, state in found]


def moment(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def leader_of(programs: list[Program], duty: str) -> Program | None:
    leading = [one for one in programs if one.process.poll() is None and one.events(f"leads {duty}")]
    return leading[0] if len(leading) == 1 else None


def order(client: httpx2.Client) -> str:
    deadline = rfc3339(datetime.now(UTC).replace(microsecond=0) + timedelta(hours=20))
    job = {"compute_class": "gpu", "precision": "fp16", "units": 2, "hours": 3, "origin_region": "shanghai"}
    answer = client.post("/v1/orders", json={"job": job, "limit_price": "900.00", "deadline": deadline})
    return str(answer.raise_for_status().json()["id"])


def test_each_duty_is_one_process_s_and_another_s_when_that_one_is_killed(
    market_url: str, keys: Keys
) -> None:
    hearing = Hearing()
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(market_url)))
        receiver = stack.enter_context(receiving())
        receiver.answer = hearing.answer
        server = stack.enter_context(running(market_url, "serve", "--no-duties", **SETTINGS))
        url = server.first_line().split(": ")[1].split(" ")[0]
        client = stack.enter_context(
            httpx2.Client(
                base_url=url,
                timeout=PATIENCE_SECONDS,
                trust_env=False,
                headers={"Authorization": f"Bearer {keys.buyer}"},
            )
        )
        hook = client.post("/v1/webhooks", json={"url": receiver.url, "kinds": ["order.*"]})
        hearing.secret = hook.raise_for_status().json()["secret"]
        assert client.get("/v1/exchange").json()["next_round_at"] is None, "nobody clears yet"
        workers = [stack.enter_context(running(market_url, "worker", **SETTINGS)) for _ in range(2)]

        orders = [order(client) for _ in range(3)]
        until(lambda: all(leader_of(workers, duty) for duty in DUTIES))
        until(lambda: all(len(hearing.heard[id_]) >= 2 for id_ in orders))  # accepted, allocated
        until(lambda: len(rounds(database)) >= 3)
        metrics = httpx2.get(f"{url}/metrics", trust_env=False, timeout=PATIENCE_SECONDS).text
        assert {f'suanli_duty_led{{duty="{duty}"}} 1.0' for duty in DUTIES} <= set(metrics.splitlines())

        for duty in ("rounds", "webhooks"):
            leader = leader_of(workers, duty)
            assert leader is not None
            leader.end(signal.SIGKILL)
            workers.remove(leader)
            further = [order(client) for _ in range(3)]  # while nobody may lead
            workers.append(stack.enter_context(running(market_url, "worker", **SETTINGS)))
            until(lambda: all(leader_of(workers, one) for one in DUTIES))
            until(lambda ids=further: all(len(hearing.heard[id_]) >= 2 for id_ in ids))  # type: ignore[misc]
            orders += further

        for worker in workers:
            assert worker.end() == 0
        assert not [line for line in server.log if str(line.get("event", "")).startswith("leads")]
        assert server.end() == 0

        for earlier, later in pairwise(rounds(database)):
            if earlier.closed_at is not None and earlier.state == "landed":
                assert later.opened_at - earlier.closed_at >= NEARLY, "two have cleared rounds on schedule"
        enquiries = Enquiries(database, SystemClock())
        told = enquiries.events_after(0, 10_000, Audience(buyer_id="buy_0001"), Wanted.of(["order.*"]))
    for id_ in orders:
        assert hearing.heard[id_] == [event.id for event in told if event.resource_id == id_]
