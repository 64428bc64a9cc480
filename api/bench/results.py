"""Results: a file for whoever comes later, a table for whoever waits now."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from statistics import median
from typing import Any

from api.bench.clearing import TARGET, Waits, WhileClearing
from api.bench.measures import Compared
from api.bench.run import Asked, Measured, command_of, now
from solver.bench.processes import own_load
from solver.bench.results import describe_machine, describe_versions

SCHEMA = "suanli-api-bench/1"
PACKAGES = ("fastapi", "starlette", "uvicorn", "h11", "pydantic", "pydantic-core", "sqlalchemy", "psycopg")
HEADER = ("", "exchange/s", "yardstick/s", "ratio", "target", "met", "p50 ms", "p99 ms", "p50 ms", "p99 ms")


@dataclass(frozen=True, slots=True)
class Results:
    """One run of `suanli bench api`."""

    asked: Asked
    measured: Measured
    load_before: tuple[float, ...]
    date: str = field(default_factory=now)

    @property
    def met(self) -> bool:
        """Whether every target was."""
        verdicts = [one.met for one in self.measured.compared]
        if self.measured.clearing is not None:
            verdicts.append(self.measured.clearing.met)
        return False not in verdicts

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        clearing = self.measured.clearing
        machine = describe_machine() | {"load_before": self.load_before, "load_after": own_load()}
        return {
            "schema": SCHEMA,
            "command": command_of(self.asked),
            "date": self.date,
            "seed": self.asked.seed,
            "database": "postgresql"
            if (self.asked.database_url or "").startswith("postgresql")
            else "sqlite",
            "machine": machine,
            "versions": describe_versions() | {package: version(package) for package in PACKAGES},
            "load_ceiling_per_second": round(self.measured.ceiling_per_second),
            "measures": [_compared(one) for one in self.measured.compared],
            "while_clearing": None if clearing is None else _clearing(clearing),
        }


def table_of(compared: Iterable[Compared]) -> list[list[str]]:
    """A line for each measure: ours, the yardstick's, and how they compare."""
    lines = []
    for one in compared:
        ours, theirs = one.exchange, one.yardstick
        wanted = one.measure.target_per_second
        ratio = one.measure.target_ratio
        target = f"{wanted:,.0f}/s" if wanted is not None else f"{ratio:g}" if ratio is not None else ""
        met = {True: "yes", False: "NO", None: ""}[one.met]
        each = [f"{ms:,.2f}" for ms in (ours.p50_ms, ours.p99_ms, theirs.p50_ms, theirs.p99_ms)]
        rates = [f"{median(both.per_second):,.0f}" for both in (ours, theirs)]
        lines.append([one.measure.name, *rates, f"{one.ratio:.2f}", target, met, *each])
    return lines


def lines_of(clearing: WhileClearing) -> list[list[str]]:
    """Waits while nothing happens, during a round, and in each of its steps."""

    def line(name: str, seconds: float | None, waits: Waits) -> list[str]:
        took = "" if seconds is None else f"{seconds:.2f}"
        figures = [
            f"{ms:,.1f}" if waits.requests else "" for ms in (waits.p50_ms, waits.p99_ms, waits.longest_ms)
        ]
        return [name, took, str(waits.requests), *figures]

    steps = [line(f"  {step}", clearing.step_seconds.get(step), one) for step, one in clearing.steps.items()]
    return [
        line("idle", None, clearing.idle),
        line(f"a round of {clearing.orders:,} orders", clearing.round_seconds, clearing.clearing),
        *steps,
    ]


def _compared(one: Compared) -> dict[str, Any]:
    return {
        "name": one.measure.name,
        "clients": one.measure.clients,
        "exchange": asdict(one.exchange),
        "yardstick": asdict(one.yardstick),
        "ratio": round(one.ratio, 3),
        "target_ratio": one.measure.target_ratio,
        "target_per_second": one.measure.target_per_second,
        "met": one.met,
    }


def _clearing(clearing: WhileClearing) -> dict[str, Any]:
    figures = {"ratio": round(clearing.ratio, 3), "target_ratio": TARGET, "met": clearing.met}
    return asdict(clearing) | figures


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as plain text: names to the left, figures to the right."""
    lines = [header, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    text = ""
    for name, *figures in lines:
        cells = [one.rjust(width) for one, width in zip(figures, widths[1:], strict=True)]
        text += "  ".join([name.ljust(widths[0]), *cells]).rstrip() + "\n"
    return text
