"""`suanli serve --workers` with real processes: all of them answer, the dead are replaced, all of them end."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from api_house import Keys
from processes import PATIENCE_SECONDS, Program, running, until

from api.serving.workers import run_workers
from api.settings import Settings
from market.domain.errors import Conflict

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@contextmanager
def serving(url: str, **settings: object) -> Iterator[tuple[Program, str]]:
    with running(url, "serve", "--workers", "2", **settings) as program:
        yield program, program.first_line().split(": ")[1].split(" ")[0]


def ask(url: str, path: str) -> httpx2.Response:
    """Over a connection of its own."""
    return httpx2.get(f"{url}{path}", timeout=PATIENCE_SECONDS, trust_env=False)


@contextmanager
def stopped(process_id: int) -> Iterator[None]:
    os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process_id, signal.SIGCONT)


def answer_each_alone(url: str, one: int, other: int) -> None:
    for silent in (one, other):
        with stopped(silent):
            assert ask(url, "/readyz").json()["status"] == "ready"


def test_both_answer_the_dead_one_is_replaced_and_all_end_when_asked_to(market_url: str) -> None:
    with serving(market_url) as (program, url):
        until(lambda: len(program.events("Application startup complete.")) == 2)
        one, other = program.children()
        answer_each_alone(url, one, other)
        counted = [line for line in ask(url, "/metrics").text.splitlines() if '"/readyz"' in line]
        assert 'suanli_http_requests_total{method="GET",route="/readyz",status="200"} 2.0' in counted
        assert len(program.events("leads upkeep")) == 1

        os.kill(one, signal.SIGKILL)
        until(lambda: len(program.events("Application startup complete.")) == 3)
        survivor, replaced = program.children()
        assert survivor == other
        answer_each_alone(url, survivor, replaced)

        assert program.end() == 0
        with pytest.raises(httpx2.ConnectError):
            ask(url, "/healthz")


def test_they_end_with_whoever_started_them(market_url: str) -> None:
    with serving(market_url) as (program, url):
        children = program.children()
        program.end(signal.SIGKILL)
        until(lambda: not any(is_there(child) for child in children))
        with pytest.raises(httpx2.ConnectError):
            ask(url, "/healthz")


def test_a_second_signal_ends_them_at_once(market_url: str, keys: Keys) -> None:
    with serving(market_url, drain_seconds=300) as (program, url):
        children = program.children()
        program.process.send_signal(signal.SIGINT)
        until(lambda: ask(url, "/readyz").status_code == 503)
        assert program.end(signal.SIGTERM) == 128 + signal.SIGTERM
        until(lambda: not any(is_there(child) for child in children))


def is_there(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_shares_add_up_to_what_is_set() -> None:
    whole = Settings(serve_workers=4)
    share = whole.of_one_process()
    assert share.limit().amount * 4 == whole.limit().amount
    assert share.limit().get_expiry() == whole.limit().get_expiry()
    assert share.max_requests_at_once * 4 == whole.max_requests_at_once
    assert share.max_questions_at_once == 1
    assert share.max_held_body_bytes >= share.max_body_bytes
    assert Settings(serve_workers=1).of_one_process() == Settings(serve_workers=1)


def test_a_port_that_is_taken_is_told_before_anybody_is_started(sqlite_url: str) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Conflict, match="taken by another program"):
            run_workers(Settings(database_url=sqlite_url, port=taken.getsockname()[1], serve_workers=2))
    signal.signal(signal.SIGTERM, before)
