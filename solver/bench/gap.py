"""Public generalized assignment instances: solve a directory of them, and say how far from the best known.

A directory holds `best_known.csv` (columns `Path` and `Best known solution value`; `Best known bound` is used where
present) and the instances it names, in the text format of `solver.assignment.problem`. A file's first letter is its
type: A to E, from easy to hard (Chu and Beasley 1997; Yagiura, Ibaraki and Glover 2004).
"""

from __future__ import annotations

import csv
import datetime as dt
import fnmatch
import os
import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from solver.assignment import (
    AssignmentOutcome,
    AssignmentProblem,
    read_assignment,
    solve_assignment,
    verify_assignment,
)
from solver.errors import SolverError

BEST_KNOWN = "best_known.csv"
PACKAGES = ("suanli-exchange", "numpy", "scipy", "numba")
WARM_UP_SECONDS = 10.0
SCHEMA = "suanli-bench-gap/1"

Results = dict[str, Any]
Row = dict[str, Any]


class GapBenchError(SolverError):
    """The benchmark cannot be run. Codes: NO_DIRECTORY, NO_BEST_KNOWN, BAD_BEST_KNOWN, NO_INSTANCES, WRONG."""


class Instance(NamedTuple):
    """One line of the list of best known values."""

    name: str
    path: Path
    best_known: int
    best_bound: int | None

    @property
    def kind(self) -> str:
        """A to E, the first letter of the file's name."""
        return self.path.name[0].upper()


def list_instances(directory: Path, only: str = "*") -> list[Instance]:
    """The instances that the directory's list names and `only` (a shell pattern on the name) matches."""
    if not directory.is_dir():
        raise GapBenchError("NO_DIRECTORY", f"{directory} is no directory")
    listed = directory / BEST_KNOWN
    if not listed.is_file():
        raise GapBenchError("NO_BEST_KNOWN", f"{directory} holds no {BEST_KNOWN}")
    chosen = [instance for instance in _listed(listed) if _matches(instance, only)]
    if not chosen:
        raise GapBenchError("NO_INSTANCES", f"{listed} names no instance that matches {only!r}")
    missing = [instance.name for instance in chosen if not instance.path.is_file()]
    if missing:
        raise GapBenchError(
            "NO_INSTANCES", f"{directory} lacks {len(missing)} of {len(chosen)}: {', '.join(missing[:5])}"
        )
    return chosen


def _listed(path: Path) -> list[Instance]:
    instances = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                bound = row.get("Best known bound")
                known = int(row["Best known solution value"])
                where = path.parent / row["Path"]
                instances.append(Instance(row["Path"], where, known, int(bound) if bound else None))
            except (KeyError, ValueError, TypeError) as error:
                message = f"{path}, line {reader.line_num}: {type(error).__name__}: {error}"
                raise GapBenchError("BAD_BEST_KNOWN", message) from error
    return instances


def _matches(instance: Instance, only: str) -> bool:
    return fnmatch.fnmatchcase(instance.name, only) or fnmatch.fnmatchcase(instance.path.name, only)


def run_gap(
    instances: list[Instance],
    *,
    seconds: float = 60.0,
    workers: int = 2,
    seed: int = 0,
    warm_up: bool = True,
    report: Callable[[str], None] = lambda _: None,
) -> Results:
    """Solve each instance within `seconds`, check the answer independently, compare with the best known.

    With `warm_up` a small instance made up on the spot is solved first, so that no measurement holds the compiling
    of kernels.
    """
    problems = [read_assignment(instance.path) for instance in instances]
    if warm_up:
        solve_assignment(_easy(), seconds=min(WARM_UP_SECONDS, seconds), workers=workers)
    rows = []
    for at, (instance, problem) in enumerate(zip(instances, problems, strict=True), start=1):
        load = _load()
        outcome = solve_assignment(problem, seconds=seconds, workers=workers, seed=seed)
        rows.append(_row(instance, problem, outcome) | {"load_before": load, "load_after": _load()})
        report(f"[{at}/{len(instances)}] {instance.name}: {_brief(rows[-1])}")
    return {
        "schema": SCHEMA,
        "kind": "gap",
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "seconds_limit": seconds,
        "workers": workers,
        "seed": seed,
        "machine": {"cores": os.cpu_count(), "cpu": _cpu(), "system": platform.system(), "load": _load()},
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
        "instances": rows,
        "types": _means(rows),
    }


def _easy() -> AssignmentProblem:
    chance = np.random.default_rng(0)
    weight = chance.integers(5, 26, size=(5, 40))
    cost = chance.integers(10, 51, size=weight.shape)
    return AssignmentProblem(cost, weight, (8 * weight.sum(axis=1)) // 50)


def _row(instance: Instance, problem: AssignmentProblem, outcome: AssignmentOutcome) -> Row:
    verdict = verify_assignment(problem, outcome)
    if not verdict.ok:
        raise GapBenchError("WRONG", f"{instance.name}: {'; '.join(verdict.violations)}")
    cost, bound = outcome.cost, outcome.lower_bound
    return {
        "name": instance.name,
        "type": instance.kind,
        "agents": problem.agents,
        "items": problem.items,
        "status": outcome.status.value,
        "cost": cost,
        "lower_bound": bound,
        "certified_bound": outcome.certified_bound,
        "best_known": instance.best_known,
        "best_known_bound": instance.best_bound,
        "gap_to_best_known": None
        if cost is None
        else _share(cost - instance.best_known, instance.best_known),
        "gap_to_bound": None if cost is None or bound is None else _share(cost - bound, cost),
        "seconds": round(outcome.seconds, 3),
        "history": [[step.seconds, step.step, step.cost, step.lower_bound] for step in outcome.history],
    }


def _share(difference: int, whole: int) -> float:
    return difference / abs(whole) if whole else float(difference != 0)


def _means(rows: list[Row]) -> list[Row]:
    """Per type: how many, how many solved and proved, mean and largest gap, mean time."""
    means = []
    for kind in sorted({row["type"] for row in rows}):
        of_kind = [row for row in rows if row["type"] == kind]
        means.append(
            {
                "type": kind,
                "instances": len(of_kind),
                "solved": sum(row["cost"] is not None for row in of_kind),
                "optimal": sum(row["status"] == "OPTIMAL" for row in of_kind),
                "best_known_reached": sum(
                    row["cost"] is not None and row["cost"] <= row["best_known"] for row in of_kind
                ),
                "mean_gap_to_best_known": _mean(row["gap_to_best_known"] for row in of_kind),
                "mean_gap_to_bound": _mean(row["gap_to_bound"] for row in of_kind),
                "mean_seconds": _mean(row["seconds"] for row in of_kind),
            }
        )
    return means


def _mean(values: Iterable[float | None]) -> float | None:
    """Mean of what is known; None unless all of it is, so that no failure flatters a mean."""
    known = list(values)
    found = [value for value in known if value is not None]
    return sum(found) / len(found) if found and len(found) == len(known) else None


def render(results: Results) -> str:
    """Two markdown tables: means per type, then every instance."""
    means = [
        [
            row["type"],
            row["instances"],
            row["solved"],
            row["optimal"],
            row["best_known_reached"],
            _percent(row["mean_gap_to_best_known"]),
            _percent(row["mean_gap_to_bound"]),
            _number(row["mean_seconds"]),
        ]
        for row in results["types"]
    ]
    heads = ["type", "instances", "solved", "proved optimal", "best known reached", "mean gap to best known"]
    return (
        _markdown([*heads, "mean gap to own bound", "mean seconds"], means)
        + "\n"
        + _markdown(list(COLUMNS), instance_cells(results))
    )


COLUMNS = (
    "instance",
    "agents",
    "items",
    "status",
    "cost",
    "bound",
    "best known",
    "gap",
    "to bound",
    "seconds",
    "load",
)


def instance_cells(results: Results) -> list[list[object]]:
    """The cells of one line per instance, under COLUMNS."""
    return [
        [
            row["name"],
            row["agents"],
            row["items"],
            row["status"],
            _number(row["cost"]),
            _number(row["lower_bound"]),
            row["best_known"],
            _percent(row["gap_to_best_known"]),
            _percent(row["gap_to_bound"]),
            _number(row["seconds"]),
            _number(row["load_after"]),
        ]
        for row in results["instances"]
    ]


def _markdown(heads: list[str], rows: list[list[object]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _brief(row: Row) -> str:
    gap = _percent(row["gap_to_best_known"])
    return f"{row['status']} cost {_number(row['cost'])}, best known {row['best_known']}, gap {gap}, {row['seconds']:.1f} s"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.3%}"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _load() -> float | None:
    """Mean number of running processes over the last minute, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _cpu() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
