"""What is measured, of the exchange and of the yardstick in turn: A B A B …, so that a noisy machine is noisy for both."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from api.bench.load import Ask, Plan, Seen
from api.bench.servers import HOST, Target, module_command
from api.terminal.refusal import Refusal

Body = dict[str, Any]
GRACE_SECONDS = 60.0
LISTED, BATCH = 50, 10_000


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that clients do; `orders` is how many orders each request carries, where that is what counts."""

    name: str
    clients: int
    target_ratio: float | None
    asks: Callable[[Sequence[Body], Sequence[str]], list[Ask]]
    most: int | None = None
    orders: int = 1
    target_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Both servers, what is sent to them, and the ids of orders that each of them has."""

    exchange: Target
    yardstick: Target
    bodies: Sequence[Body]
    ids: tuple[Sequence[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one of the two came to, over all its turns; `per_second` of each turn."""

    per_second: tuple[float, ...]
    p50_ms: float
    p99_ms: float
    requests: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A measure of both. `ratio` is the median of the turns' ratios, exchange over yardstick."""

    measure: Measure
    exchange: Figures
    yardstick: Figures
    ratio: float

    @property
    def met(self) -> bool | None:
        """Whether the target was met, where there is one."""
        wanted = self.measure.target_per_second
        if wanted is not None:
            return median(self.exchange.per_second) >= wanted
        return None if self.measure.target_ratio is None else self.ratio >= self.measure.target_ratio


def _read_one(_bodies: Sequence[Body], ids: Sequence[str]) -> list[Ask]:
    return [Ask("GET", f"/v1/orders/{id_}") for id_ in ids]


def _list_some(_bodies: Sequence[Body], _ids: Sequence[str]) -> list[Ask]:
    return [Ask("GET", f"/v1/orders?limit={LISTED}")]


def _submit(bodies: Sequence[Body], _ids: Sequence[str]) -> list[Ask]:
    return [Ask("POST", "/v1/orders", json.dumps(body)) for body in bodies[:1000]]


def _submit_batch(bodies: Sequence[Body], _ids: Sequence[str]) -> list[Ask]:
    return [Ask("POST", "/v1/orders/batch", json.dumps({"orders": list(bodies[:BATCH])}))]


MEASURES = (
    Measure("read one order, 1 client", 1, 0.8, _read_one),
    Measure("read one order, 8 clients", 8, 0.8, _read_one),
    Measure(f"list {LISTED} orders, 1 client", 1, 0.8, _list_some),
    Measure("submit an order, 1 client", 1, 0.7, _submit),
    Measure("submit an order, 8 clients", 8, 0.7, _submit),
    Measure(
        f"a batch of {BATCH:,}, orders",
        1,
        None,
        _submit_batch,
        most=1,
        orders=BATCH,
        target_per_second=10_000,
    ),
)


def compare(
    measure: Measure, pair: Pair, turns: int, seconds: float, tell: Callable[[str], None]
) -> Compared:
    """A measure of both, turn by turn."""
    seen: tuple[list[Seen], list[Seen]] = ([], [])
    for _ in range(turns):
        for which, target in enumerate((pair.exchange, pair.yardstick)):
            asks = measure.asks(pair.bodies, pair.ids[which])
            most_seconds = seconds if measure.most is None else GRACE_SECONDS
            plan = Plan(HOST, target.port, target.key, asks, most_seconds, measure.clients, measure.most)
            seen[which].append(carry_out(plan))
            tell(measure.name)
    ours, theirs = (_figures(measure, turns_seen) for turns_seen in seen)
    ratio = median(a / b for a, b in zip(ours.per_second, theirs.per_second, strict=True))
    return Compared(measure, ours, theirs, ratio)


def carry_out(plan: Plan) -> Seen:
    """Let a process of its own carry a plan out; `Refusal` where something was not answered with success."""
    done = subprocess.run(  # noqa: S603 - our own program
        module_command("load"),
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        timeout=plan.seconds + GRACE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise Refusal("load_failed", done.stderr.strip()[-2000:] or f"the load ended with {done.returncode}")
    told = json.loads(done.stdout)
    told["statuses"] = {int(status): count for status, count in told["statuses"].items()}
    seen = Seen(**told)
    failed = {status: count for status, count in seen.statuses.items() if status >= 400}
    if failed or not seen.waits_ms:
        raise Refusal("not_answered", f"of {len(seen.waits_ms)} requests these failed, by status: {failed}")
    return seen


def quantile(waits_ms: Sequence[float], share: float) -> float:
    """The smallest wait that is not exceeded by so large a share of them."""
    ordered = sorted(waits_ms)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _figures(measure: Measure, seen: Sequence[Seen]) -> Figures:
    waits = [wait for one in seen for wait in one.waits_ms]
    per_second = tuple(len(one.waits_ms) * measure.orders / one.seconds for one in seen)
    return Figures(per_second, quantile(waits, 0.5), quantile(waits, 0.99), len(waits))
