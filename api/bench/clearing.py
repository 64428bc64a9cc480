"""Submits while a round clears, beside submits while nothing does: on a schedule, so that every wait counts in full."""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.request import urlopen

from api.bench.load import Ask, Plan, Seen
from api.bench.measures import Body, carry_out, quantile
from api.bench.servers import HOST, Target
from api.client import Exchange
from api.client.answers import RoundAnswer

EVERY_SECONDS, CLIENTS = 0.05, 8
TARGET = 2.0
TIMES_LONGER = 6
"""Than the solver may take: so long orders go on coming in, for what comes before and after it."""
STEPS = ("freeze", "build", "solve", "verify", "read", "land")
_STEP = re.compile(r'suanli_round_step_seconds_sum\{step="(\w+)"\} (\S+)')


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits of the submits that were due in a stretch of time."""

    requests: int
    p50_ms: float
    p99_ms: float
    longest_ms: float


@dataclass(frozen=True, slots=True)
class WhileClearing:
    """Submits at a steady rate while nothing happens (`idle`) and during a round, as a whole and step by step."""

    orders: int
    placed: int
    round_seconds: float
    step_seconds: Mapping[str, float]
    idle: Waits
    clearing: Waits
    steps: Mapping[str, Waits] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """p99 while a round clears over p99 while nothing happens."""
        return self.clearing.p99_ms / self.idle.p99_ms

    @property
    def met(self) -> bool:
        """Whether submits go on as they should."""
        return self.ratio < TARGET


def submit_while_clearing(
    exchange: Target, operator_key: str, bodies: Sequence[Body], solver_seconds: float
) -> WhileClearing:
    """Submit at a steady rate, then again while a round of everything in the book clears."""
    asks = [Ask("POST", "/v1/orders", json.dumps(body)) for body in bodies[:1000]]
    idle = carry_out(_plan(exchange, asks, solver_seconds))
    with Exchange(f"http://{HOST}:{exchange.port}", operator_key, seconds=600.0) as client:
        rounds: list[RoundAnswer] = []

        def clear() -> None:
            rounds.append(client.rounds.clear({"seconds_limit": solver_seconds, "gap": 0.0}))

        clearing = threading.Timer(1.0, clear)
        clearing.start()
        busy = carry_out(_plan(exchange, asks, solver_seconds * TIMES_LONGER))
        clearing.join()
    (round_,) = rounds
    seconds = _steps_of(exchange)
    starts = round_.opened_at.timestamp() - busy.began_epoch
    edges = [starts]
    for step in STEPS:
        edges.append(edges[-1] + seconds.get(step, 0.0))
    between = zip(STEPS, edges, edges[1:], strict=False)
    return WhileClearing(
        orders=round_.orders,
        placed=round_.placed,
        round_seconds=edges[-1] - starts,
        step_seconds=seconds,
        idle=_waits(idle, 0.0, idle.seconds),
        clearing=_waits(busy, starts, edges[-1]),
        steps={step: _waits(busy, since, until) for step, since, until in between},
    )


def _plan(target: Target, asks: Sequence[Ask], seconds: float) -> Plan:
    return Plan(HOST, target.port, target.key, asks, seconds, CLIENTS, every_seconds=EVERY_SECONDS)


def _steps_of(target: Target) -> dict[str, float]:
    """Seconds of each step of the one round that was cleared, as the exchange counts them."""
    with urlopen(f"http://{HOST}:{target.port}/metrics") as answer:
        return {step: float(seconds) for step, seconds in _STEP.findall(answer.read().decode())}


def _waits(seen: Seen, since: float, until: float) -> Waits:
    waits = [w for w, began in zip(seen.waits_ms, seen.began_at, strict=True) if since <= began <= until]
    if not waits:
        return Waits(0, 0.0, 0.0, 0.0)
    return Waits(len(waits), quantile(waits, 0.5), quantile(waits, 0.99), max(waits))
