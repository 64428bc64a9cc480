"""Following orders on the command line: to where they were to go, to where they ended, or until Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command import START, Ran, figures, refused, suanli, suanli_started
from databases import Databases

from api.cli.watching import Goal, Watch, looks_by_clock
from api.client import Exchange
from api.server import ServerThread, open_exchange
from api.settings import Settings

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


class House(NamedTuple):
    """A running exchange."""

    server: str
    key: str

    def run(self, *args: object) -> Ran:
        return suanli(*args, SUANLI_SERVER=self.server, SUANLI_KEY=self.key)

    def exchange(self) -> Exchange:
        return Exchange(self.server, self.key)

    def start(self, *args: object) -> "subprocess.Popen[str]":
        """A command in a process of its own, which can be interrupted."""
        return suanli_started(*args, SUANLI_SERVER=self.server, SUANLI_KEY=self.key)


@pytest.fixture(scope="module")
def house(databases: Databases) -> Iterator[House]:
    with databases.empty() as url:
        key = figures(suanli("init", "--database", url, "--json"))["operator_key"]
        settings = Settings(database_url=url, solver_seconds=5)
        with open_exchange(settings) as opened, ServerThread(opened.app) as server:
            yield House(server.url, key)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """One order as YAML."""
    deadline = (datetime.now(UTC) + timedelta(hours=40)).strftime("%Y-%m-%dT%H:00:00Z")
    file = tmp_path / "job.yaml"
    file.write_text(
        "buyer_id: buy_0001\n"
        "job: {compute_class: gpu, units: 1, hours: 2, origin_region: shanghai}\n"
        f"limit_price: 900.00\ndeadline: {deadline}\n"
    )
    return file


def lines_of(process: "subprocess.Popen[str]", count: int) -> list[Any]:
    """The next lines of JSON."""
    assert process.stdout is not None
    return [json.loads(process.stdout.readline()) for _ in range(count)]


def end_of(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, error = process.communicate(timeout=60)
    return process.returncode, out, error


def test_an_order_is_followed_until_a_round_has_placed_it(house: House, job: Path) -> None:
    process = house.start("orders", "submit", job, "--watch", "--until", "placed", "--json")
    submitted, opened = lines_of(process, 2)
    (order_id,) = submitted["accepted"]
    assert (opened["id"], opened["state"], opened["node_id"]) == (order_id, "open", None)
    with house.exchange() as exchange:
        exchange.rounds.clear({"slots": 24})
    (placed,) = lines_of(process, 1)
    assert (placed["id"], placed["state"]) == (order_id, "allocated")
    assert placed["node_id"]
    assert end_of(process) == (0, "", "")


def test_many_orders_are_followed_as_lines(house: House, job: Path) -> None:
    job.write_text(f"{job.read_text()}---\n{job.read_text()}")
    process = house.start("orders", "submit", job, "--watch", "--until", "placed")
    assert process.stdout is not None
    assert process.stdout.readline() == "2 orders accepted, 0 refused\n"
    assert all(process.stdout.readline().rstrip().endswith("  open") for _ in range(2))
    with house.exchange() as exchange:
        exchange.rounds.clear({"slots": 24})
    status, out, error = end_of(process)
    assert (status, error) == (0, "")
    assert [line.split()[2:4] for line in out.splitlines()] == [["allocated", "at"]] * 2


def test_an_order_that_ends_elsewhere_is_told_by_the_exit_status(house: House, job: Path) -> None:
    process = house.start("orders", "submit", job, "--watch", "--json")
    submitted, _ = lines_of(process, 2)
    with house.exchange() as exchange:
        exchange.orders.cancel(submitted["accepted"][0])
    assert lines_of(process, 1)[0]["state"] == "cancelled"
    assert end_of(process)[0] == 3


def test_an_order_that_is_refused_is_told_by_the_exit_status(house: House, job: Path) -> None:
    placed = house.run(
        "orders", "submit", job, "--time-in-force", "immediate", "--watch", "--until", "placed"
    )
    assert placed.returncode == 0, placed.stderr
    assert "allocated at" in placed.stdout
    good = job.read_text()
    job.write_text(f"{good}time_in_force: immediate\n---\n{good.replace('shanghai', 'atlantis')}")
    ran = house.run("orders", "submit", job, "--watch", "--until", "placed")
    assert ran.returncode == 1
    assert "order 2 [unknown_region]" in ran.stderr
    assert "allocated at" in ran.stdout


def test_ctrl_c_leaves_the_order_and_says_how_to_go_on(house: House, job: Path) -> None:
    process = house.start("orders", "submit", job, "--watch", "--json")
    submitted, _ = lines_of(process, 2)
    (order_id,) = submitted["accepted"]
    process.send_signal(signal.SIGINT)
    status, _, error = end_of(process)
    assert status == 130
    assert f"suanli orders watch {order_id}" in error
    assert "Traceback" not in error
    assert figures(house.run("orders", "show", order_id, "--json"))["state"] == "open"


def test_an_order_that_nobody_has_is_not_watched(house: House) -> None:
    refused(house.run("orders", "watch", "ord_none"), "not_found")


def test_events_are_followed(house: House, job: Path) -> None:
    process = house.start(
        "events", "--after", "evt_0000000000000000", "--kind", "order.submitted", "--count", 1
    )
    submitted = figures(house.run("orders", "submit", job, "--json"))
    status, out, error = end_of(process)
    assert (status, error) == (0, "")
    assert out.split()[1] == "order.submitted"
    found = house.run(
        "events", "--id", submitted["accepted"][0], "--after", "evt_0000000000000000", "--count", 1, "--json"
    )
    assert figures(found)["resource_id"] == submitted["accepted"][0]
    refused(house.run("events", "--kind", "order.lost"), "unknown_event_kind")
    told = figures(house.run("audit", "--id", submitted["accepted"][0], "--json"))
    assert [line["kind"] for line in told] == ["order.submitted"]
    assert "order.submitted" in house.run("audit", "--kind", "order.*").stdout


def test_following_events_ends_with_ctrl_c(house: House) -> None:
    process = house.start("events", "--kind", "policy.changed", "--json")
    with house.exchange() as exchange:
        body: Any = exchange.policy.read().plain()
        stop = threading.Event()

        def change() -> None:
            while not stop.wait(0.2):
                exchange.policy.set(body)

        changing = threading.Thread(target=change)
        changing.start()
        try:
            event, _ = lines_of(process, 2)  # two: so the first is behind it for sure
        finally:
            stop.set()
            changing.join()
    process.send_signal(signal.SIGINT)
    status, _, error = end_of(process)
    assert status == 130
    assert "suanli events --after evt_" in error
    assert event["kind"] == "policy.changed"


def test_the_clock_is_looked_at_ever_more_patiently() -> None:
    pauses: list[float] = []
    looks = looks_by_clock(pauses.append)
    assert [next(looks) for _ in range(8)] == [None] * 8
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.5, 5.0)


@pytest.mark.parametrize(
    ("goal", "states", "waiting", "status"),
    [
        (Goal.PLACED, ["allocated", "active"], 0, 0),
        (Goal.PLACED, ["open", "completed"], 1, 3),
        (Goal.PLACED, ["interrupted"], 1, 3),
        (Goal.DONE, ["completed"], 0, 0),
        (Goal.DONE, ["active"], 1, 3),
        (Goal.DONE, ["completed", "expired"], 0, 3),
        (Goal.DONE, ["failed", "cancelled"], 0, 3),
    ],
)
def test_what_became_of_orders(goal: Goal, states: list[str], waiting: int, status: int) -> None:
    ids = [f"ord_{number}" for number in range(len(states))]
    watch = Watch(ids, goal, dict(zip(ids, states, strict=True)))
    assert (len(watch.waiting()), watch.exit_status) == (waiting, status)


def test_a_table_is_shown_on_a_terminal(house: House, job: Path) -> None:
    """In a real pseudo-terminal."""
    import pty  # noqa: PLC0415 - POSIX only

    (order_id,) = figures(house.run("orders", "submit", job, "--time-in-force", "immediate", "--json"))[
        "accepted"
    ]
    main, secondary = pty.openpty()
    environment = os.environ | {
        "SUANLI_SERVER": house.server,
        "SUANLI_KEY": house.key,
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm",
        "COLUMNS": "140",
        "XDG_CONFIG_HOME": "/nonexistent",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", START, "orders", "watch", order_id, "--until", "placed"],
        env=environment,
        stdout=secondary,
        stderr=secondary,
    )
    os.close(secondary)
    shown = b""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            piece = os.read(main, 4096)
        except OSError:  # the other end is closed: that is how a pseudo-terminal says so
            break
        if not piece:
            break
        shown += piece
    os.close(main)
    assert process.wait(timeout=60) == 0
    assert order_id.encode() in shown
    assert "│".encode() in shown
