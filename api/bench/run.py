"""One measurement from start to end: both servers on fresh databases, seeded alike, measured in turn."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from api.bench.clearing import WhileClearing, submit_while_clearing
from api.bench.load import Ask, Plan
from api.bench.measures import BATCH, MEASURES, Body, Compared, Pair, carry_out, compare
from api.bench.servers import (
    HOST,
    NO_LIMITS,
    Target,
    exchange_command,
    free_port,
    module_command,
    serving,
    working_directory,
)
from api.bench.yardstick import prepare
from api.client import Exchange
from api.demo.order_bodies import local_midnight, order_body
from api.demo.place import SCENARIO, prepare_exchange
from api.settings import Settings
from market.domain.clock import MARKET_ZONE
from market.persistence.database import Database
from market.scenarios.demand import generate_orders, read_demand_tables
from market.scenarios.scenario import original_of, scenario_directory

SEEDED = 2000
IN_THE_BOOK = 5000
"""Orders that are cleared while more come in: enough for a solver to think about for as long as it may."""
TURNS = 3
BUYER = "buy_bench"


@dataclass(frozen=True, slots=True)
class Asked:
    """How to measure. `database_url` is an empty database; None: a new SQLite file for each of the two."""

    seconds: float
    clearing_seconds: float
    seed: int
    database_url: str | None = None
    only: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it."""

    compared: Sequence[Compared]
    clearing: WhileClearing | None
    ceiling_per_second: float
    """Requests a second that the load itself can make, of a server that does nothing."""


@dataclass(frozen=True, slots=True)
class Running:
    """An exchange that is served, its keys, and a buyer."""

    target: Target
    operator_key: str
    log: Path


def day_of_bodies(count: int, seed: int) -> list[Body]:
    """Orders for tomorrow, whose buyer is whoever sends them."""
    tables = read_demand_tables(original_of(scenario_directory(SCENARIO)))
    midnight = local_midnight((datetime.now(MARKET_ZONE) + timedelta(days=1)).date())
    bodies = [order_body(order, midnight) for order in generate_orders(tables, count, seed)]
    return [{name: value for name, value in body.items() if name != "buyer_id"} for body in bodies]


@contextmanager
def served_exchange(directory: Path, database_url: str | None) -> Iterator[Running]:
    """The exchange, as `suanli serve` starts it, on the east-west market, with a buyer of its own."""
    url = database_url or f"sqlite:///{directory / 'exchange.db'}"
    operator_key = prepare_exchange(Settings(database_url=url))
    port, log = free_port(), directory / "exchange.log"
    with serving(exchange_command(url, port), NO_LIMITS, log, port):
        with Exchange(f"http://{HOST}:{port}", operator_key) as client:
            buyer = client.buyers.register({"id": BUYER, "name": "Bench", "kind": "lab"})
        yield Running(Target("exchange", port, str(buyer.api_key)), operator_key, log)


@contextmanager
def served_yardstick(directory: Path, database_url: str | None) -> Iterator[Target]:
    """The yardstick, in the same kind of database."""
    url = database_url or f"sqlite:///{directory / 'yardstick.db'}"
    with closing(Database(url)) as database:
        key = prepare(database, BUYER)
    port = free_port()
    with serving(module_command("yardstick", url, str(port)), {}, directory / "yardstick.log", port):
        yield Target("yardstick", port, key)


def measure(asked: Asked, tell: Callable[[str], None]) -> Measured:
    """Everything, in turn; `tell` hears each step. The round comes first: it clears a day, and not what the load left."""
    chosen, clearing = [one for one in MEASURES if asked.only in one.name], None
    bodies = day_of_bodies(max(BATCH, IN_THE_BOOK), asked.seed)
    with working_directory() as directory, served_exchange(directory, asked.database_url) as running:
        ids = _seed(running.target, bodies[:SEEDED])
        if asked.clearing_seconds:
            tell("submits while a round clears")
            _seed(running.target, bodies[SEEDED:IN_THE_BOOK])
            clearing = submit_while_clearing(
                running.target, running.operator_key, bodies, asked.clearing_seconds
            )
        with served_yardstick(directory, asked.database_url) as yardstick:
            pair = Pair(running.target, yardstick, bodies, (ids, _seed(yardstick, bodies[:SEEDED])))
            tell("the load's own ceiling")
            ceiling = _ceiling(directory, asked.seconds)
            compared = [compare(one, pair, TURNS, asked.seconds, tell) for one in chosen]
    return Measured(compared, clearing, ceiling)


def steps_of(asked: Asked) -> int:
    """How often `measure` tells."""
    chosen = [one for one in MEASURES if asked.only in one.name]
    return 1 + 2 * TURNS * len(chosen) + bool(asked.clearing_seconds)


def command_of(asked: Asked) -> str:
    """The command as a person would repeat it; where the database was is left to them."""
    given = [
        f"--seconds {asked.seconds:g}",
        f"--clearing-seconds {asked.clearing_seconds:g}",
        f"--seed {asked.seed}",
    ]
    if asked.database_url is not None:
        given.append("--database URL")
    if asked.only:
        given.append(f"--only {shlex.quote(asked.only)}")
    return " ".join(["suanli bench api", *given])


def now() -> str:
    """The date of a result."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _seed(target: Target, bodies: Sequence[Body]) -> list[str]:
    """Ids of orders that are in the book now."""
    headers = {"Authorization": f"Bearer {target.key}"}
    with httpx2.Client(
        base_url=f"http://{HOST}:{target.port}", headers=headers, timeout=60, trust_env=False
    ) as http:
        answer = http.post("/v1/orders/batch", json={"orders": list(bodies)}).raise_for_status()
    shown = [item.get("order", item) for item in answer.json()["items"]]
    return [order["id"] for order in shown if "id" in order]


def _ceiling(directory: Path, seconds: float) -> float:
    """Requests a second of the load where nothing else is measured."""
    port = free_port()
    with serving(module_command("canned", str(port)), {}, directory / "canned.log", port):
        seen = carry_out(Plan(HOST, port, "none", [Ask("GET", "/")], seconds, clients=8))
    return len(seen.waits_ms) / seen.seconds
