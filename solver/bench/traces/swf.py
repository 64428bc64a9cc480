"""Logs in Standard Workload Format (Feitelson's Parallel Workloads Archive; 18 fields a job, `;` before comments).

One machine is one offering of its processors. The busiest two weeks become a market of hours, with two more
days to finish; a job may wait for a day. Missing (-1) run times and processors fall back to what was requested.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from solver.bench.traces.market import (
    Jobs,
    Pools,
    TraceError,
    TraceMarket,
    build_problem,
    busiest_start,
    load_of,
    spread,
)

FIELDS = 18
SUBMIT, RUN, USED, ASKED, ASKED_TIME = 1, 3, 4, 7, 8
STRETCH_SECONDS = 14 * 86400
TAIL_SLOTS, PATIENCE_SLOTS = 48, 24
YUAN_PER_CORE_HOUR = 0.08
WORTH_YUAN_PER_CORE_HOUR = 0.14


def read_markets(directory: Path) -> Iterator[TraceMarket]:
    """One market a log."""
    for path in sorted(directory.rglob("*.swf")):
        yield _market(path)


def _market(path: Path) -> TraceMarket:
    size, rows, unusable = _read(path)
    if not rows:
        raise TraceError(path, 0, "holds no job with a run time and processors")
    submitted, seconds, cores = np.array(rows, dtype=np.int64).T
    size = size or int(cores.max())
    begin = busiest_start(submitted, STRETCH_SECONDS)
    mine = (submitted >= begin) & (submitted < begin + STRETCH_SECONDS)
    first = (submitted[mine] - begin) // 3600
    slots = np.maximum(1, -(-seconds[mine] // 3600))
    horizon = int(first.max()) + 1 + TAIL_SLOTS
    end = np.minimum(horizon, first + slots + PATIENCE_SLOTS)
    worth = WORTH_YUAN_PER_CORE_HOUR * 1e6 * cores[mine] * slots * spread(int(mine.sum()))
    jobs = Jobs(np.zeros_like(first), cores[mine], slots, first, end, np.rint(worth).astype(np.int64))
    pools = Pools(np.array([size], dtype=np.int64), np.array([YUAN_PER_CORE_HOUR * 1e6]))
    problem = build_problem(pools, np.ones((1, 1), dtype=bool), jobs, horizon, 1.0)
    facts: dict[str, int | float | str] = {
        "load": load_of(jobs, problem), "jobs in the log": len(rows), "left out: unusable": unusable,
    }  # fmt: skip
    return TraceMarket(f"swf {path.stem}", problem, facts)


def _read(path: Path) -> tuple[int, list[tuple[int, int, int]], int]:
    """Processors of the machine (0 where the header does not tell), jobs, and how many lacked what is needed."""
    size, rows, unusable = 0, [], 0
    try:
        lines = path.read_text(encoding="utf-8", errors="strict").splitlines()
    except UnicodeDecodeError as error:
        raise TraceError(path, 0, f"is no readable text ({error})") from error
    for number, line in enumerate(lines, start=1):
        if line.lstrip().startswith(";"):
            name, _, text = line.lstrip("; \t").partition(":")
            if name.strip() in {"MaxProcs", "MaxNodes"} and text.split()[:1]:
                size = max(size, _number(path, number, text.split()[0], name.strip()))
        elif line.strip():
            fields = line.split()
            if len(fields) != FIELDS:
                raise TraceError(path, number, f"{len(fields)} fields, not {FIELDS}")
            read = {
                at: _number(path, number, fields[at], f"field {at + 1}") for at in (SUBMIT, RUN, USED, ASKED)
            }
            seconds = read[RUN] if read[RUN] > 0 else _number(path, number, fields[ASKED_TIME], "field 9")
            cores = read[USED] if read[USED] > 0 else read[ASKED]
            if seconds <= 0 or cores <= 0 or read[SUBMIT] < 0:
                unusable += 1
                continue
            rows.append((read[SUBMIT], seconds, cores))
    return size, rows, unusable


def _number(path: Path, line: int, text: str, name: str) -> int:
    try:
        number = float(text)
        return int(number)
    except (ValueError, OverflowError) as error:
        raise TraceError(path, line, f"{name} is {text!r}, not a number") from error
