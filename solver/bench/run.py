"""Runs contestants on one problem, each in a process of its own under the same limit, and has the judge check them."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from solver.bench.processes import Ended, Watched, own_load
from solver.bench.results import (
    Entry,
    Market,
    Run,
    describe_machine,
    describe_versions,
    memory_of_machine_mb,
    thinned,
)
from solver.bench.rivals import OURS
from solver.bench.rivals.answer import claimed_clearing, load_arrays
from solver.outcome import relative_gap
from solver.problem import ClearingProblem
from solver.verify import verify

Tell = Callable[[str, str], None]
"""Called with a contestant's name and what it is doing."""


@dataclass(frozen=True)
class Settings:
    """What every contestant gets."""

    seconds: float = 20.0
    workers: int = 2
    seed: int = 0
    gap: float = 0.0
    """Our solver may stop at this certified gap; 0: it uses its time like everybody."""
    memory_limit_mb: float = 0.0
    """Above it a contestant is ended; 0: two thirds of the machine."""
    grace_seconds: float = 15.0
    """How far over the limit a contestant may be before it is ended; answers over the limit do not count anyway."""

    @property
    def late_seconds(self) -> float:
        """After this an answer is late: a tenth and a second over the limit, since some look at the clock rarely."""
        return self.seconds * 1.1 + 1.0


def run_market(
    name: str,
    problem: ClearingProblem,
    names: Sequence[str],
    settings: Settings,
    tell: Tell = lambda _name, _what: None,
    facts: dict[str, int | float | str] | None = None,
) -> Market:
    """Our solver and `names`, one after the other."""
    with tempfile.TemporaryDirectory(prefix="suanli-bench-") as directory:
        problem_file = Path(directory) / "problem.npz"
        problem.save(problem_file)
        entries = [_run(each, problem, problem_file, settings, tell) for each in (OURS, *names)]
    return Market(name, describe(problem) | (facts or {}), entries)


FROM_EARLIER = f"{OURS} from earlier"


def run_changed(
    name: str,
    before: ClearingProblem,
    after: ClearingProblem,
    settings: Settings,
    tell: Tell = lambda _name, _what: None,
    facts: dict[str, int | float | str] | None = None,
) -> Market:
    """Our solver on the market after a change: from nothing, and from its clearing of the market before."""
    with tempfile.TemporaryDirectory(prefix="suanli-bench-") as directory:
        files = [Path(directory) / part / "problem.npz" for part in ("before", "after")]
        for file, problem in zip(files, (before, after), strict=True):
            file.parent.mkdir()
            problem.save(file)
        first = _run(OURS, before, files[0], settings, tell)
        entries = [_run(OURS, after, files[1], settings, tell)]
        if first.ranked:
            earlier = files[0].with_name(f"{OURS}.npz")
            entries.append(_run(FROM_EARLIER, after, files[1], settings, tell, earlier))
    compared = compare(*entries) if len(entries) > 1 else {}
    before_facts = {"seconds of the clearing before": first.seconds or 0.0}
    return Market(name, describe(after) | (facts or {}) | before_facts | compared, entries)


def compare(cold: Entry, warm: Entry) -> dict[str, int | float | str]:
    """What starting from an earlier clearing cost in value and saved in time."""
    if not (cold.value_micros and warm.value_micros and cold.seconds and warm.seconds is not None):
        return {}
    return {
        "value from earlier over value from nothing": f"{warm.value_micros / cold.value_micros - 1:+.4%}",
        "seconds from earlier over seconds from nothing": round(warm.seconds / cold.seconds, 4),
    }


def new_run(kind: str, command: str, settings: Settings, seed: int) -> Run:
    """An empty result with date, machine and versions."""
    machine = describe_machine() | {"load_before": own_load()}
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Run(
        kind, command, date, seed, settings.seconds, settings.workers, [], machine, describe_versions()
    )


def finish_run(run: Run) -> Run:
    """Note the load after everything."""
    run.machine["load_after"] = own_load()
    return run


def describe(problem: ClearingProblem) -> dict[str, int | float | str]:
    """Its sizes."""
    return {
        "jobs": problem.jobs,
        "offerings": problem.offerings,
        "nodes": problem.nodes,
        "slots": problem.slots,
        "profiles": problem.profiles,
        "candidates": problem.candidates,
    }


def _run(
    name: str,
    problem: ClearingProblem,
    problem_file: Path,
    settings: Settings,
    tell: Tell,
    earlier: Path | None = None,
) -> Entry:
    """One contestant, from start to verdict; with `earlier`, an answer file, it is our solver that starts from there."""
    tell(name, "starting")
    answer_file = problem_file.with_name(f"{name}.npz")
    given = {
        "name": OURS if earlier else name, "earlier": str(earlier or ""), "seconds": settings.seconds,
        "workers": settings.workers, "seed": settings.seed, "gap": settings.gap,
    }  # fmt: skip
    command = [sys.executable, "-m", "solver.bench.contestant", str(problem_file), str(answer_file)]
    limit_mb = settings.memory_limit_mb or memory_of_machine_mb() * 2 / 3 or float("inf")
    watched = Watched([*command, json.dumps(given)], limit_mb)
    done: dict[str, Any] | None = None
    entry = Entry(name, "FAILED")
    try:
        for line in watched.lines():
            event = _event(line)
            if event.get("event") == "ready":
                watched.deadline = time.monotonic() + settings.late_seconds + settings.grace_seconds
                tell(name, "running")
            elif event.get("event") == "step":
                _note_step(entry, event)
                tell(name, f"{event['step']} {event['seconds']:.1f} s")
            elif event.get("event") == "done":
                done = event
    finally:
        ended = watched.end()
    entry.peak_mb, entry.history = round(ended.peak_mb, 1), thinned(entry.history)
    if done is None:
        return _without_answer(entry, ended)
    tell(name, "verifying")
    return _judged(entry, done, problem, answer_file, settings)


def _event(line: str) -> dict[str, Any]:
    """A line of ours; libraries may print what they like in between."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return event if isinstance(event, dict) else {}


def _note_step(entry: Entry, event: dict[str, Any]) -> None:
    before = entry.history[-1][0] if entry.history else 0.0
    seconds = float(event["seconds"])
    entry.steps.append((str(event["step"]), round(seconds - before, 4)))
    entry.history.append((round(seconds, 4), int(event["value_micros"]), int(event["bound_micros"])))


def _without_answer(entry: Entry, ended: Ended) -> Entry:
    if ended.killed:
        entry.status, entry.note = "NO_SOLUTION", ended.killed
        return entry
    last = ended.complaint.splitlines()[-1:] or ["no message"]
    entry.note = f"exit status {ended.returncode}: {last[0][:200]}"
    return entry


def _judged(
    entry: Entry, done: dict[str, Any], problem: ClearingProblem, answer_file: Path, settings: Settings
) -> Entry:
    """Believe nothing: value and bound come from `verify`, and a late answer does not count."""
    entry.status, entry.seconds, entry.note = (
        str(done["status"]),
        round(done["seconds"], 3),
        str(done["note"]),
    )
    entry.cpu_seconds = round(done["cpu_seconds"], 2)
    own = done["own_bound_micros"]
    entry.own_bound_micros = None if own is None else int(own)
    arrays = load_arrays(answer_file)
    if "chosen" not in arrays:
        return entry
    violations, value, bound, placed = judge(problem, arrays)
    entry.value_micros, entry.placed = value, placed
    entry.bound_micros = bound if "price_micros" in arrays else None
    if violations:
        entry.status, entry.note = "WRONG", "; ".join(violations[:3])
    elif entry.seconds > settings.late_seconds:
        entry.status = "TIMED_OUT"
        entry.note = f"{entry.note}; {entry.seconds:.0f} s of {settings.seconds:g}".lstrip("; ")
    elif value is not None and entry.own_bound_micros is not None and value > entry.own_bound_micros:
        entry.note = f"{entry.note}; its bound is below its value, by rounding".lstrip("; ")
        entry.own_bound_micros = value
    return entry


def judge(problem: ClearingProblem, arrays: dict[str, Any]) -> tuple[list[str], int | None, int | None, int]:
    """Violations, value, what the prices prove, and how many jobs run, from placements and prices alone.

    First the judge says what it recomputes; then a clearing that claims exactly that must hold.
    """
    claimed = claimed_clearing(arrays, problem)
    found = verify(problem, claimed)
    claims = {"WRONG_VALUE", "WRONG_BOUND", "WRONG_GAP", "VALUE_ABOVE_BOUND", "FALSE_STATUS"}
    violations = [each.message for each in found.violations if each.code not in claims]
    value, bound = found.value_micros, found.bound_micros
    if not violations and value is not None and bound is not None and relative_gap(value, bound) < 0:
        violations = [f"value {value} above the bound {bound}"]
    return violations, value, bound, int(claimed.placed.sum())
