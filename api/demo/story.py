"""`suanli demo`, told as the steps it takes."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from api.client.bodies import ClearingRequest
from api.client.exchange import Exchange
from api.demo.day import day_of_orders, submit_day
from api.demo.explaining import Json, Sides, explain_three
from api.demo.place import check_port, choose_database, prepare_exchange, serve
from api.demo.report import print_report, print_where_to_look
from api.demo.results import build_results, write_results
from api.server import ServerThread, open_exchange
from api.settings import Settings
from api.terminal.refusal import Refusal
from api.terminal.whole_file import check_writable
from market.domain.clock import next_local_midnight, rfc3339

SLACK_SECONDS = 600.0
"""A server needs longer than its solver: it builds, judges and stores as well."""


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """What to demonstrate. `port` None: the usual one, or any free one where that is taken."""

    once: bool = False
    json_file: Path | None = None
    policy: str = "balanced"
    orders: int = 2000
    seed: int = 2025
    seconds: float = 120.0
    port: int | None = None
    database: str | None = None


def run_demo(request: DemoRequest) -> Json:
    """From nothing to figures: the same seed gives the same, times and ids excepted."""
    say = Console(width=None if Console().is_terminal else 110, highlight=False)
    # 1. Refuse early what cannot work.
    check_port(request.port)
    if request.json_file is not None:
        check_writable(request.json_file)
    with choose_database(request.database, once=request.once) as url, _ending_on_terminate():
        # 2. A fresh exchange with the east-west fixtures, served on this machine.
        settings = Settings(database_url=url, demo_sessions=True)
        key = prepare_exchange(settings)
        with open_exchange(settings) as opened, serve(opened.app, request.port) as server:
            opened.desk.rounds.warm()  # while the day is submitted
            say.print(f"[bold]Suanli Exchange 算力交易所[/bold] on {server.url}")
            with Exchange(server.url, key) as exchange:
                # 3. Submit the day through the HTTP API. 4. Clear it. 5. Ask why.
                results = _clear_a_day(exchange, request, say)
                # 6. Show and store what happened.
                print_report(say, results, Sides(exchange))
                if request.json_file is not None:
                    write_results(exchange, results, request.json_file)
                    say.print(f"Figures written to {request.json_file}; check them: ", end="")
                    say.print(
                        f"suanli verify {results['problem_file']} {results['clearing_file']}", soft_wrap=True
                    )
            # 7. Keep serving.
            if not request.once:
                print_where_to_look(say, server.url, key, results)
                _serve_until_interrupted(server, say)
    return results


def _clear_a_day(exchange: Exchange, request: DemoRequest, say: Console) -> Json:
    midnight = next_local_midnight(datetime.now(UTC))
    bodies = day_of_orders(request.orders, request.seed, midnight)
    started = time.monotonic()
    ids = submit_day(exchange, bodies)
    accepted = sum(id_ is not None for id_ in ids)
    say.print(f"{accepted:,} orders submitted through the HTTP API in {time.monotonic() - started:.1f} s")
    asked: ClearingRequest = {
        "policy": request.policy,
        "starts_at": rfc3339(midnight),
        "seconds_limit": request.seconds,
        "seed": request.seed,
    }
    with _spinner(f"clearing {accepted:,} orders, policy {request.policy} …"):
        cleared = exchange.rounds.clear(asked, timeout_seconds=request.seconds + SLACK_SECONDS)
        explained = explain_three(exchange, bodies, ids, cleared.id, Sides(exchange))
    return build_results(cleared, explained, request.seed)


@contextmanager
def _spinner(words: str) -> Iterator[None]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(words):
        yield


@contextmanager
def _ending_on_terminate() -> Iterator[None]:
    """A polite kill ends the demonstration as Ctrl-C does: server and solver process stop with it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _serve_until_interrupted(server: ServerThread, say: Console) -> None:
    try:
        server.wait()
    except KeyboardInterrupt:
        say.print("stopped")
        return
    raise Refusal("server_ended", f"the server at {server.url} ended of itself; its log says why")
