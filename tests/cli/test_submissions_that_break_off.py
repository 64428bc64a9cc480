"""Many orders from a file, batch by batch: what breaks off tells what was accepted, and goes on without doubling it."""

import json
import shlex
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from command import Ran, figures, refused, suanli, suanli_started
from databases import Databases
from flaky_proxy import FlakyProxy, Mishap

from api.cli.connection import UNREACHABLE
from api.cli.order_batches import BATCH, LONGEST_KEY, Submission
from api.client import Exchange, Unreachable
from api.server import ServerThread, open_exchange
from api.settings import Settings

pytestmark = pytest.mark.slow
ORDERS = 2 * BATCH + 1
DONE_BUT_NOT_TOLD = Mishap(carried_out=True, status=500)


class House(NamedTuple):
    """A running exchange."""

    server: str
    key: str

    def run(self, *args: object, server: str | None = None) -> Ran:
        return suanli(*args, SUANLI_SERVER=server or self.server, SUANLI_KEY=self.key)

    def orders(self) -> set[str]:
        with Exchange(self.server, self.key) as exchange:
            return {order.id for order in exchange.orders.list()}


@pytest.fixture(scope="module")
def house(databases: Databases) -> Iterator[House]:
    with databases.empty() as url:
        key = figures(suanli("init", "--database", url, "--json"))["operator_key"]
        with open_exchange(Settings(database_url=url)) as opened, ServerThread(opened.app) as server:
            yield House(server.url, key)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Orders that take three batches."""
    order = {
        "buyer_id": "buy_0001",
        "job": {"compute_class": "gpu", "units": 1, "hours": 2, "origin_region": "shanghai"},
        "limit_price": "900.00",
        "deadline": (datetime.now(UTC) + timedelta(hours=40)).isoformat(),
    }
    file = tmp_path / "a day.ndjson"
    file.write_text(f"{json.dumps(order)}\n" * ORDERS)
    return file


def line_in(told: str) -> list[str]:
    """The words of the command that goes on."""
    return shlex.split(told.rpartition("go on: suanli ")[2].splitlines()[0])


def test_what_breaks_off_tells_what_was_accepted_and_goes_on(house: House, day: Path) -> None:
    before = house.orders()
    with FlakyProxy(house.server, None, DONE_BUT_NOT_TOLD) as proxy:
        broken = house.run("orders", "submit", day, "--time-in-force", "next_round", server=proxy.url)
    assert broken.returncode == 1
    assert "error [not_an_exchange]" in broken.stderr
    first, *told = broken.stdout.splitlines()
    assert first == f"{BATCH} orders accepted, 0 refused, {ORDERS - BATCH} left"
    submitted = house.orders() - before
    assert (len(set(told)), len(submitted)) == (BATCH, 2 * BATCH)
    assert set(told) < submitted
    whole = figures(house.run(*line_in(broken.stderr), "--json"))
    assert set(whole["accepted"]) == house.orders() - before
    assert (len(whole["accepted"]), whole["refused"], whole["left"]) == (ORDERS, [], 0)
    assert whole["accepted"][:BATCH] == told
    again = figures(house.run(*line_in(broken.stderr), "--json"))
    assert again == whole


def test_what_broke_off_at_once_may_have_been_accepted_as_well(house: House, day: Path) -> None:
    before = house.orders()
    with FlakyProxy(house.server, DONE_BUT_NOT_TOLD) as proxy:
        broken = house.run("orders", "submit", day, "--json", server=proxy.url)
    assert (broken.returncode, broken.stdout) == (1, "")
    hint = json.loads(broken.stderr)["error"]["hint"]
    found = figures(house.run(*line_in(hint), "--json"))
    assert set(found["accepted"]) == house.orders() - before


def test_whose_answer_is_lost_each_time_is_told_both_what_to_do_and_how_to_go_on() -> None:
    submission = Submission.of(Path("a day.ndjson"), {"draft": True, "quote_id": "quo_1"}, "mine")
    told = submission.broken_off(Unreachable("nobody answers"), answered=0)
    assert told.hint == (
        f"{UNREACHABLE}; then go on: "
        "suanli orders submit 'a day.ndjson' --draft --quote-id quo_1 --idempotency-key mine"
    )


def test_what_was_refused_before_anything_was_done_has_nothing_to_go_on_with(house: House, day: Path) -> None:
    told = suanli("orders", "submit", day, "--server", house.server, "--key", "suanli_x")
    refused(told, "unknown_key")
    assert "go on" not in told.stderr


def test_ctrl_c_tells_it_too(house: House, day: Path) -> None:
    before, until = house.orders(), threading.Event()
    with FlakyProxy(house.server, None, Mishap(carried_out=True, until=until)) as proxy:
        environment = {"SUANLI_SERVER": proxy.url, "SUANLI_KEY": house.key}
        process = suanli_started("orders", "submit", day, "--json", **environment)
        with proxy.changed:
            assert proxy.changed.wait_for(lambda: len(proxy.seen) == 2, 60)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
        until.set()
    assert process.returncode == 130
    told = json.loads(out)
    assert (len(told["accepted"]), told["left"]) == (BATCH, ORDERS - BATCH)
    assert set(told["accepted"]) <= house.orders() - before
    found = figures(house.run(*line_in(error), "--json"))
    assert found["accepted"][:BATCH] == told["accepted"]
    assert set(found["accepted"]) == house.orders() - before


def test_the_key_of_a_submission_is_ones_own_choice(house: House, day: Path) -> None:
    before = house.orders()
    for _ in range(2):
        found = figures(house.run("orders", "submit", day, "--idempotency-key", "k" * LONGEST_KEY, "--json"))
        assert set(found["accepted"]) == house.orders() - before
    day.write_text(day.read_text().replace("900.00", "901.00"))
    changed = house.run("orders", "submit", day, "--idempotency-key", "k" * LONGEST_KEY)
    refused(changed, "idempotency_key_reused")
    for key in ("", "k" * (LONGEST_KEY + 1), "two words", "密钥"):
        refused(house.run("orders", "submit", day, "--idempotency-key", key), "invalid_idempotency_key")
