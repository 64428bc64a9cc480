"""The end of a real process: what is under way ends or is given up, in bounds, and nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import IO, Any

import httpx2
import pytest
from api_house import Keys

from api.demo.day import day_of_orders
from api.server import open_exchange
from api.settings import Settings
from market.domain.clock import next_local_midnight
from market.persistence.database import Database

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
TOKEN = "s3cret-of-this-test"  # noqa: S105 - of this test
START = "import sys; from api.cli.main import app; sys.argv[0] = 'suanli'; app()"
ORDERS = 300
ENDLESS = {"seconds_limit": 3600, "gap": 0.0, "slots": 48}
PATIENCE_SECONDS = 120


class Served:
    """`suanli serve` in a process of its own, and what it logs."""

    def __init__(self, process: "subprocess.Popen[str]", key: str) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self.process, self._stdout, self._stderr = process, process.stdout, process.stderr
        url = self._stdout.readline().split(": ")[1].split(" ")[0]
        self.client = httpx2.Client(
            base_url=url,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            headers={"Authorization": f"Bearer {key}"},
        )

    def log_until(self, **wanted: Any) -> dict[str, Any]:
        """The first line of the log with these fields."""
        for text in self._stderr:
            line: dict[str, Any] = json.loads(text)
            if all(line.get(name) == value for name, value in wanted.items()):
                return line
        raise AssertionError(f"the log ended without {wanted}")

    def submit(self) -> None:
        """A day of orders."""
        bodies = day_of_orders(ORDERS, 1, next_local_midnight(datetime.now(UTC)))
        answer = self.client.post("/v1/orders/batch", json={"orders": bodies})
        assert answer.status_code == 200, answer.text

    def begin_round(self, **body: Any) -> str:
        """A round that is being solved."""
        answer = self.client.post("/v1/rounds", json=body, headers={"Prefer": "respond-async"})
        assert answer.status_code == 202, answer.text
        id_: str = answer.json()["id"]
        self.log_until(round_id=id_, step="build")
        return id_

    def round(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/v1/rounds/{id_}").json()
        return found

    def open_orders(self) -> int:
        answer = self.client.get("/v1/orders", params={"state": "open", "limit": 1000})
        return len(answer.json()["items"])

    def rest(self) -> tuple[int, list[dict[str, Any]]]:
        """The status it ends with, and the rest of its log; that ends when its solver, which holds the pipe too, does."""
        lines = _read(self._stderr)
        return self.process.wait(PATIENCE_SECONDS), lines


def _read(stream: IO[str]) -> list[dict[str, Any]]:
    """Every line; but what Python itself says when a process is cut off, for it has semaphores to tidy up."""
    return [json.loads(line) for line in stream if "resource_tracker" not in line and line[:1] != " "]


@contextmanager
def serve(market_url: str, keys: Keys, **settings: object) -> Iterator[Served]:
    given = {f"SUANLI_{name.upper()}": str(value) for name, value in settings.items()}
    environment = {
        **os.environ,
        **given,
        "SUANLI_DATABASE_URL": market_url,
        "SUANLI_PORT": "0",
        "PYTHONWARNINGS": "",
    }
    command = [sys.executable, "-c", START, "serve"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            served = Served(process, keys.operator)
            with served.client:
                yield served
        finally:
            if process.poll() is None:
                process.kill()


def test_a_round_that_takes_too_long_is_given_up_and_nothing_is_lost(market_url: str, keys: Keys) -> None:
    answers: list[httpx2.Response] = []
    with serve(market_url, keys, shutdown_seconds=3) as served:
        served.submit()

        def wait_for_a_round() -> None:
            answers.append(served.client.post("/v1/rounds", json=ENDLESS))

        waiting = threading.Thread(target=wait_for_a_round)
        waiting.start()
        cut_off = served.log_until(step="build")["round_id"]
        served.process.send_signal(signal.SIGTERM)
        status, log = served.rest()
        waiting.join(PATIENCE_SECONDS)
    assert status == 0
    (answer,) = answers
    assert (answer.status_code, answer.json()["code"]) == (503, "exchange_stopped")
    assert [one["failure"] for one in log if one["event"] == "round failed"] == ["exchange_stopped"]
    assert "Traceback" not in repr([one for one in log if one["level"] != "warning"])
    with serve(market_url, keys) as again:
        assert again.client.get("/readyz").status_code == 200
        assert again.round(cut_off)["state"] == "failed"
        assert again.round(cut_off)["failure"] == "exchange_stopped"
        assert again.open_orders() == ORDERS
        landed = again.client.post("/v1/rounds", json={**ENDLESS, "seconds_limit": 2})
        assert landed.status_code == 201, landed.text
        assert landed.json()["placed"] > 0


def test_a_round_that_ends_in_time_lands(market_url: str, keys: Keys) -> None:
    with serve(market_url, keys, shutdown_seconds=PATIENCE_SECONDS) as served:
        served.submit()
        id_ = served.begin_round(**{**ENDLESS, "seconds_limit": 3})
        served.process.send_signal(signal.SIGINT)
        status, log = served.rest()
    assert status == 0
    assert [one["round_id"] for one in log if one["event"] == "round landed"] == [id_]
    with serve(market_url, keys) as again:
        assert again.round(id_)["state"] == "landed"


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once(market_url: str, keys: Keys, second: signal.Signals) -> None:
    with serve(market_url, keys, shutdown_seconds=3600) as served:
        served.submit()
        cut_off = served.begin_round(**ENDLESS)
        served.process.send_signal(signal.SIGINT)
        served.log_until(event="Shutting down")
        served.process.send_signal(second)
        status, _ = served.rest()
    assert status == 128 + second
    with serve(market_url, keys) as again:
        assert again.round(cut_off)["failure"] == "exchange_stopped"
        assert again.open_orders() == ORDERS
        assert again.client.post("/v1/rounds", json={**ENDLESS, "seconds_limit": 2}).status_code == 201


def test_an_exchange_that_is_killed_takes_its_round_with_it(market_url: str, keys: Keys) -> None:
    with serve(market_url, keys) as served:
        served.submit()
        asked = served.client.post("/v1/rounds", json=ENDLESS, headers={"Prefer": "respond-async"})
        cut_off = asked.json()["id"]
        built = served.log_until(round_id=cut_off, step="build")
        assert built["request_id"] == asked.headers["X-Request-ID"], "told by the process that was asked"
        served.process.kill()
        status, _ = served.rest()  # the log ends when the process that clears has ended, too
    assert status == -signal.SIGKILL
    with closing(Database(market_url)) as database:
        assert database.round_lock.take()
        database.round_lock.release()
    with open_exchange(Settings(database_url=market_url)) as again:
        assert again.enquiries.round(cut_off).failure == "exchange_stopped"


def test_while_it_drains_it_answers_and_says_it_is_not_ready(market_url: str, keys: Keys) -> None:
    with serve(market_url, keys, drain_seconds=15) as served:
        assert served.client.get("/readyz").status_code == 200
        served.process.send_signal(signal.SIGTERM)
        while (asked := served.client.get("/readyz")).status_code == 200:
            pass  # until the signal has come; a port that is closed too early breaks the loop
        assert asked.json()["failed"] == ["serving"]
        refused = served.client.post("/v1/rounds", json=ENDLESS)
        assert refused.json()["code"] == "exchange_stopping"
        assert served.client.get("/v1/policy").status_code == 200
        status, log = served.rest()
    assert status == 0
    assert log[-1]["event"] == "stopped"


def test_settings_are_logged_at_the_start_and_no_secret_is(market_url: str, keys: Keys) -> None:
    with serve(market_url, keys, metrics_token=TOKEN, solver_second=5) as served:
        told = served.log_until(event="settings")
        assert TOKEN not in repr(told)
        assert "metrics_token: ••• (environment)" in told["settings"]
        assert "shutdown_seconds: 20.0 (default)" in told["settings"]
        served.log_until(event="SUANLI_SOLVER_SECOND is no setting; did you mean SUANLI_SOLVER_SECONDS?")
        served.process.send_signal(signal.SIGTERM)
        assert served.rest()[0] == 0
