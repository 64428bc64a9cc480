"""One large round on a database, from orders as they come in to what is granted: where its time goes."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from api.bench.run import now
from api.demo.order_bodies import order_body
from api.intake.submitting import submission_of
from api.operations.interpreter import settle_interpreter
from api.schemas.orders import OrderRequest
from api.terminal.refusal import Refusal
from market.clearing.solving import solve_here
from market.domain.clock import SystemClock, next_local_midnight
from market.domain.orders import Order
from market.domain.parties import Actor
from market.domain.rounds import Round
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.scenarios.demand import GeneratedOrder, generate_orders, read_demand_tables
from market.scenarios.growth import grown_to
from market.scenarios.scenario import original_of, read_scenario, scenario_directory
from market.watching import Seen, StepDone
from solver import Limits
from solver.bench.processes import own_load
from solver.bench.results import describe_machine, describe_versions

SCHEMA = "suanli-round-bench/1"
SCENARIO = "east_west"
BATCH = 10_000
STEPS = {
    "read": ("freeze",),
    "build": ("build",),
    "solve": ("solve",),
    "verify": ("verify",),
    "explain": ("read",),
    "write": ("land",),
}
"""What a round's steps are to whoever asks where the time goes.

`explain`: what was solved in the market's words, with prices, reasons and figures beside the baselines.
"""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A database that is empty, and what is done with it."""

    database_url: str
    orders: int
    seconds_limit: float
    gap: float
    demand_over_supply: float
    seed: int


@dataclass(frozen=True, slots=True)
class WholeRound:
    """What it came to. `seconds` by step as `STEPS` has them; of a round that landed."""

    asked: Asked
    engine: str
    accepted: int
    submit_seconds: float
    seconds: Mapping[str, float]
    round_seconds: float
    placed: int
    gap: float | None
    load_before: tuple[float, ...]
    date: str

    @property
    def solves_longest(self) -> bool:
        """Whether nothing takes longer than solving."""
        return max(self.seconds, key=lambda step: self.seconds[step]) == "solve"

    def to_json(self) -> dict[str, Any]:
        """As the file has it; the database's URL may hold a password and stays out."""
        asked = {name: value for name, value in asdict(self.asked).items() if name != "database_url"}
        return {
            "schema": SCHEMA,
            "date": self.date,
            "asked": asked,
            "database": self.engine,
            "machine": describe_machine() | {"load_before": self.load_before, "load_after": own_load()},
            "versions": describe_versions(),
            "accepted": self.accepted,
            "submit_seconds": self.submit_seconds,
            "submitted_per_second": self.accepted / self.submit_seconds,
            "round_seconds": self.round_seconds,
            "seconds_by_step": dict(self.seconds),
            "placed": self.placed,
            "gap": self.gap,
        }


def measure(asked: Asked, tell: Tell) -> WholeRound:
    """Fill the database's book and clear it, all in this process; `tell` says what is going on."""
    load_before, date = own_load(), now()
    tell("drawing orders")
    orders = generate_orders(
        read_demand_tables(original_of(scenario_directory(SCENARIO))), asked.orders, asked.seed
    )
    with closing(Database(asked.database_url)) as database:
        exchange, operator = _opened(database, orders, asked)
        submit_seconds, accepted = _submitted(exchange, operator, orders, tell)
        tell("clearing")
        settle_interpreter()  # as the process is that clears rounds for a server
        seconds, landed, round_seconds = _cleared(exchange, operator, asked)
        engine = database.engine.dialect.name
    return WholeRound(
        asked, engine, accepted, submit_seconds, seconds, round_seconds, landed.placed or 0, landed.gap,
        load_before, date,
    )  # fmt: skip


def _opened(database: Database, orders: list[GeneratedOrder], asked: Asked) -> tuple[Exchange, Actor]:
    database.upgrade()
    exchange = Exchange(database, SystemClock(), solve_here)
    scenario = grown_to(read_scenario(scenario_directory(SCENARIO)), orders, asked.demand_over_supply)
    if not exchange.load_scenario(scenario):
        raise Refusal("database_in_use", "an exchange is kept there already: name an empty database")
    return exchange, exchange.authenticate(exchange.create_operator_key())


def _submitted(
    exchange: Exchange, operator: Actor, orders: list[GeneratedOrder], tell: Tell
) -> tuple[float, int]:
    """Seconds in the exchange alone, and how many orders it took: what HTTP adds, `suanli bench api` measures."""
    midnight = next_local_midnight(datetime.now(UTC))
    seconds, accepted = 0.0, 0
    for at in range(0, len(orders), BATCH):
        tell(f"submitting orders: {at:,} of {len(orders):,}")
        bodies = [OrderRequest.model_validate(order_body(one, midnight)) for one in orders[at : at + BATCH]]
        submissions: list[Submission] = [submission_of(operator, body) for body in bodies]
        began = perf_counter()
        answers = exchange.submit_orders(operator, submissions)
        seconds += perf_counter() - began
        accepted += sum(isinstance(answer, Order) for answer in answers)
    return seconds, accepted


def _cleared(exchange: Exchange, operator: Actor, asked: Asked) -> tuple[Mapping[str, float], Round, float]:
    took: defaultdict[str, float] = defaultdict(float)

    def see(seen: Seen) -> None:
        if isinstance(seen, StepDone):
            took[seen.step] += seen.seconds

    exchange.watch.tell_to(see)
    limits = Limits(seconds=asked.seconds_limit, gap=asked.gap, seed=asked.seed)
    began = perf_counter()
    midnight = next_local_midnight(datetime.now(UTC))
    landed = exchange.clear_round(operator, RoundRequest(starts_at=midnight, limits=limits))
    seconds = perf_counter() - began
    return {name: sum(took[step] for step in steps) for name, steps in STEPS.items()}, landed, seconds
