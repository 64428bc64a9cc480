"""Kills a working exchange at seeded points and looks at what is left; run as a program, one line of JSON per kill.

    python tests/kills/victims.py WHAT KILLS SEED [URL OF A POSTGRESQL SERVER]

Each victim is a forked process on its own copy of a prepared market. It is killed with SIGKILL just before a
statement or commit chosen by the seed, so also in the middle of a transaction. Then another process checks every promise
on what is left, opens the exchange as after a restart, goes on to the end of the day and checks again.
"""

import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from databases import Databases, PostgresDatabases, SqliteFiles  # noqa: E402
from promises_kept import broken_promises  # noqa: E402
from sqlalchemy import event, make_url  # noqa: E402
from toy_market import FREE, HOUR, SCENARIO, START, terms  # noqa: E402

from market.domain.clock import VirtualClock  # noqa: E402
from market.domain.errors import MarketError  # noqa: E402
from market.domain.parties import Actor, Role  # noqa: E402
from market.domain.policy import PricingRule  # noqa: E402
from market.exchange import Exchange, RoundRequest, Submission  # noqa: E402
from market.persistence.database import Database  # noqa: E402
from market.persistence.paging import PageRequest  # noqa: E402
from market.persistence.store import Store  # noqa: E402
from solver import Limits  # noqa: E402

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
POLICY = replace(FREE, name="marginal", pricing=PricingRule.MARGINAL, fee_rate=0.1)
LIMITS = Limits(seconds=5, workers=1)
ORDERS = 12


def prepare(url: str) -> None:
    """A market with a book, and half of it placed and running."""
    with closing(Database(url)) as database:
        database.upgrade()
        clock = VirtualClock(START)
        exchange = Exchange(database, clock)
        exchange.load_scenario(SCENARIO)
        _submit(exchange, clock, ORDERS)
        _clear(exchange)
        clock.advance(2 * HOUR + timedelta(minutes=20))
        _submit(exchange, clock, ORDERS)


def clear_a_round(exchange: Exchange, clock: VirtualClock) -> None:
    """Orders come in, and a round decides."""
    _submit(exchange, clock, 3)
    _clear(exchange)


def capture_hours(exchange: Exchange, clock: VirtualClock) -> None:
    """Hours are captured, orders end."""
    for _ in range(4):
        clock.advance(HOUR)
        exchange.keep_time()


def refund_and_cancel(exchange: Exchange, clock: VirtualClock) -> None:
    """A node fails, what ran there is refunded; a buyer cancels what runs elsewhere."""
    clock.advance(HOUR)
    exchange.node_down(OPERATOR, "west_green")
    for order in _orders(exchange):
        if order.state.value in {"allocated", "active", "open"}:
            exchange.cancel_order(OPERATOR, order.id)


WORK: dict[str, Callable[[Exchange, VirtualClock], None]] = {
    "round": clear_a_round,
    "capture": capture_hours,
    "refund": refund_and_cancel,
}


def count_steps(url: str, what: str) -> int:
    """How many statements and commits the work takes when nobody is killed."""
    return _in_a_process(lambda: _live(url, what, None)) or 1


def kill_at(url: str, what: str, step: int) -> dict[str, Any]:
    """One kill, and what is found afterwards."""
    before = _in_a_process(lambda: len(_open_orders(url)))
    killed = _in_a_process(lambda: _live(url, what, step)) is None
    found = _in_a_process(lambda: _restart(url)) or {"broken": ["the restart failed"]}
    return {"what": what, "step": step, "killed": killed, "orders_before": before, **found}


def _live(url: str, what: str, killed_at: int | None) -> int:
    """Do the work; before the step chosen, die."""
    steps = Counter[str]()

    def step(*_: Any) -> None:
        if steps["done"] == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        steps["done"] += 1

    with closing(Database(url)) as database:
        event.listen(database.engine, "before_cursor_execute", step)
        event.listen(database.engine, "commit", step)
        clock = VirtualClock(START + 2 * HOUR + timedelta(minutes=20))
        WORK[what](Exchange(database, clock), clock)
    return steps["done"]


def _restart(url: str) -> dict[str, Any]:
    """Check what is left, go on as after a restart, and check again at the end of the day."""
    with closing(Database(url)) as database:
        broken = broken_promises(database)
        clock = VirtualClock(START + 3 * HOUR + timedelta(minutes=30))
        exchange = Exchange(database, clock)
        exchange.abandon_interrupted_round()
        exchange.keep_time()
        try:
            exchange.node_up(OPERATOR, "west_green")
        except MarketError as refusal:  # it never went down
            if refusal.code != "illegal_transition":
                raise
        _clear(exchange)
        broken += broken_promises(database)
        clock.advance(60 * HOUR)
        exchange.keep_time()
        broken += broken_promises(database)
        orders = _orders(exchange)
        states = Counter(order.state.value for order in orders)
        return {"broken": broken, "orders": len(orders), "states": dict(states)}


def _submit(exchange: Exchange, clock: VirtualClock, count: int) -> None:
    asked = [
        terms(60 + 11 * n, 20, clock.now(), units=1 + n % 4, hours=1 + n % 5, max_rtt_ms=[None, 30.0][n % 2])
        for n in range(count)
    ]
    submissions = [Submission(("buy_toy", "buy_other")[n % 2], one) for n, one in enumerate(asked)]
    exchange.submit_orders(OPERATOR, submissions)


def _clear(exchange: Exchange) -> None:
    round_ = exchange.clear_round(OPERATOR, RoundRequest(POLICY, limits=LIMITS))
    if round_.state.value != "landed":
        raise RuntimeError(f"the round did not land: {round_.failure}")


def _orders(exchange: Exchange) -> Any:
    with exchange.database.reading() as session:
        return Store(session).orders.page(PageRequest(limit=1000)).items


def _open_orders(url: str) -> Any:
    with closing(Database(url)) as database:
        return _orders(Exchange(database, VirtualClock(START)))


def _in_a_process(work: Callable[[], Any]) -> Any:
    """What the work returns in a process of its own; None if that was killed."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(told, json.dumps(work()).encode())
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - told to the parent, which fails
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)  # noqa: T201
            os._exit(1)
    os.close(told)
    with os.fdopen(answer, "rb") as said:
        found = said.read()
    _, status = os.waitpid(child, 0)
    return json.loads(found) if status == 0 else None


def main(databases: Databases, what: str, kills: int, seed: int) -> None:
    """Kill at so many seeded steps, no step twice while there are others."""
    prepared, _ = databases.prepared(
        prepare
    )  # here, so that every process forked from this one has its kernels compiled
    with databases.copied(prepared) as counted:
        steps = count_steps(counted, what)
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    chosen = draw.sample(range(steps), min(kills, steps)) + draw.choices(
        range(steps), k=max(0, kills - steps)
    )
    for step in chosen:
        with databases.copied(prepared) as copy:
            print(json.dumps({"steps": steps} | kill_at(copy, what, step)), flush=True)  # noqa: T201


if __name__ == "__main__":
    what, kills, seed, *server = sys.argv[1:]
    with closing(PostgresDatabases(make_url(server[0])) if server else SqliteFiles()) as databases:
        main(databases, what, int(kills), int(seed))
