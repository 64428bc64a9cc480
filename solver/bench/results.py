"""Result files: what was run, on which machine, by which command, and what came out; JSON, one file a run."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

SCHEMA = "suanli-bench/1"
MOST_POINTS = 300
"""Of a history kept in a file."""
_PACKAGES = ("suanli-exchange", "numpy", "scipy", "numba", "ortools", "highspy")


class ResultsError(ValueError):
    """A file is no result file of ours."""


@dataclass
class Entry:
    """What one contestant made of one market. Money in micro-yuan."""

    name: str
    status: str
    """OPTIMAL, FEASIBLE, NO_SOLUTION; TOO_LARGE where it was not run; TIMED_OUT where the answer came too late;
    WRONG where the judge found a violation; FAILED where it ended without a word."""
    seconds: float | None = None
    cpu_seconds: float | None = None
    """Of all its threads and children: beside `seconds` it tells how much of the machine others had."""
    peak_mb: float | None = None
    value_micros: int | None = None
    """Recomputed by `verify`."""
    bound_micros: int | None = None
    """What its prices prove, recomputed by `verify`."""
    own_bound_micros: int | None = None
    """What it claims itself; believed by nobody."""
    placed: int | None = None
    note: str = ""
    steps: list[tuple[str, float]] = field(default_factory=list)
    """Steps of our solver and the seconds each took."""
    history: list[tuple[float, int, int]] = field(default_factory=list)
    """Seconds, value, bound."""

    @property
    def ranked(self) -> bool:
        """Whether its value counts: in time and feasible."""
        return self.status in {"OPTIMAL", "FEASIBLE"} and self.value_micros is not None


@dataclass
class Market:
    """One problem and what everybody made of it."""

    name: str
    facts: dict[str, int | float | str]
    entries: list[Entry]

    def proven_bound_micros(self) -> int | None:
        """The least bound that prices prove, whoever's."""
        return min((e.bound_micros for e in self.entries if e.bound_micros is not None), default=None)

    def best_bound_micros(self) -> int | None:
        """The least bound of all, those included that searches claim and nobody recomputed."""
        claimed = [e.own_bound_micros for e in self.entries if e.own_bound_micros is not None]
        proven = self.proven_bound_micros()
        return min([*claimed, *([] if proven is None else [proven])], default=None)

    def best_value_micros(self) -> int | None:
        """The largest value in time."""
        return max((e.value_micros for e in self.entries if e.ranked and e.value_micros), default=None)


@dataclass
class Run:
    """One command's results."""

    kind: str
    """market or trace."""
    command: str
    date: str
    """UTC, RFC 3339."""
    seed: int
    seconds_limit: float
    workers: int
    markets: list[Market]
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    schema: str = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """As JSON carries it."""
        return asdict(self)

    def save(self, path: Path) -> None:
        """Write the file."""
        path.write_text(json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Run:
        """Read the file; ResultsError where it is none."""
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (json.JSONDecodeError, UnicodeDecodeError, TypeError, KeyError, AttributeError) as error:
            raise ResultsError(f"{path} is no result file ({type(error).__name__}: {error})") from error

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Run:
        """From what `to_json` gave."""
        if given["schema"] != SCHEMA:
            raise KeyError(f"schema {given['schema']!r}, not {SCHEMA!r}")
        markets = [
            Market(market["name"], market["facts"], [_entry(entry) for entry in market["entries"]])
            for market in given["markets"]
        ]
        return cls(**(given | {"markets": markets}))


def _entry(given: dict[str, Any]) -> Entry:
    steps = [(str(step), float(seconds)) for step, seconds in given["steps"]]
    history = [(float(at), int(value), int(bound)) for at, value, bound in given["history"]]
    return Entry(**(given | {"steps": steps, "history": history}))


def thinned(history: list[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """At most MOST_POINTS of it, the last one always."""
    if len(history) <= MOST_POINTS:
        return history
    stride = -(-len(history) // MOST_POINTS)
    kept = history[::stride]
    return kept if kept[-1] == history[-1] else [*kept, history[-1]]


def describe_machine() -> dict[str, Any]:
    """Processor, cores this process may use, memory, system."""
    model = platform.processor() or platform.machine()
    for line in _lines(Path("/proc/cpuinfo")):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": model, "cores": cores, "memory_mb": memory_of_machine_mb(), "system": platform.system()}


def memory_of_machine_mb() -> int:
    """Physical memory, 0 where it cannot be told."""
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return 0


def describe_versions() -> dict[str, str]:
    """Python and the packages whose speed is measured, where installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
