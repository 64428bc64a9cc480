"""One contestant in a process of its own: `python -m solver.bench.contestant PROBLEM.npz ANSWER.npz '{"name": …}'`.

Lines of JSON on stdout: `ready` when the clock starts, `step` as the search goes on, `done` with the figures. The
problem is read, libraries are imported and kernels compiled before the clock starts.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from solver.bench.changes import change_jobs
from solver.bench.columns import TooManyColumns
from solver.bench.markets import generate_market
from solver.bench.rivals import CONTESTANTS, OURS, RULES
from solver.bench.rivals.answer import Answer, Task, arrays_of, claimed_clearing, load_arrays, nothing
from solver.problem import ClearingProblem

WARMING_JOBS, WARMING_SECONDS = 30, 4.0
TOO_LARGE = "TOO_LARGE"
PR_SET_PDEATHSIG = 1
"""prctl(2)."""


def say(**event: Any) -> None:
    """One line for whoever started this process."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main(problem_file: str, answer_file: str, settings: str) -> None:
    """Run one contestant; leave its placements in the answer file."""
    given = json.loads(settings)
    problem = ClearingProblem.load(problem_file)
    solve = CONTESTANTS[given["name"]].load()
    earlier = claimed_clearing(load_arrays(given["earlier"]), problem) if given["earlier"] else None
    if given["name"] in (OURS, *RULES):
        _warm(solve)
    say(event="ready")
    task = Task(problem, given["seconds"], given["workers"], given["seed"], given["gap"], _report, earlier)
    status, cpu_before = "", _cpu_seconds()
    try:
        answer = solve(task)
    except TooManyColumns as error:
        answer, status = nothing(str(error)), TOO_LARGE
    seconds, cpu_seconds = task.seconds_so_far(), _cpu_seconds() - cpu_before
    _save(answer, answer_file)
    say(
        event="done",
        status=status or answer.status.value,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        own_bound_micros=answer.own_bound_micros,
        note=answer.note,
    )


def _cpu_seconds() -> float:
    """Processor time of all threads so far, and of children that have ended."""
    return sum(os.times()[:4])


def _end_with_parent() -> None:
    """Where the system can (Linux), be killed when whoever started this process dies without a word."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _warm(solve: Callable[[Task], Answer]) -> None:
    """Load compiled kernels, those of starting from an earlier clearing too: compiled once per machine, not per market."""
    market = generate_market(WARMING_JOBS, 4, 0)
    answer = solve(Task(market, WARMING_SECONDS, 1, 0, 0.0, lambda *_: None))
    earlier = claimed_clearing(arrays_of(answer), market)
    solve(Task(change_jobs(market, 0.5, 0), WARMING_SECONDS, 1, 0, 0.05, lambda *_: None, earlier))


def _report(step: str, seconds: float, value_micros: int, bound_micros: int) -> None:
    say(event="step", step=step, seconds=seconds, value_micros=value_micros, bound_micros=bound_micros)


def _save(answer: Answer, path: str) -> None:
    with open(path, "wb") as stream:  # noqa: PTH123 - numpy would add a suffix to a name
        np.savez(stream, **arrays_of(answer))


if __name__ == "__main__":
    _end_with_parent()
    main(*sys.argv[1:4])
