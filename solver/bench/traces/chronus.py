"""Jobs of Chronus (Gao et al., SoCC 2021), drawn from Microsoft's Philly trace: gangs, deadlines, values.

Times are minutes. Strict jobs must be over `expect_time_list` minutes after they came; best-effort jobs by the end.
The first value listed is taken as yuan per card-hour (half of it for best effort). Racks of 64 cards,
so many that demand meets supply; every second rack is dearer by a few percent than the one before.
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
    load_of,
    read_rows,
    spread,
    whole,
)
from solver.outcome import Float64Array

SLOT_MINUTES = 60
RACK_CARDS = 64
YUAN_PER_CARD_HOUR = 3.0
COLUMNS = (
    "job_id",
    "num_gpu",
    "submit_time",
    "duration",
    "expect_time_list",
    "expect_value_list",
    "best_effort",
)


def read_markets(directory: Path) -> Iterator[TraceMarket]:
    """One market a file."""
    for path in sorted(directory.rglob("trace_job_*.csv")):
        yield _market(path)


def _market(path: Path) -> TraceMarket:
    rows, without = [], 0
    for line, row in read_rows(path, COLUMNS):
        gpus = whole(path, line, row, "num_gpu")
        submitted, minutes = whole(path, line, row, "submit_time"), whole(path, line, row, "duration", 1)
        row["expect_time_list"] = row["expect_time_list"].split("-")[0]
        row["expect_value_list"] = row["expect_value_list"].split("-")[0]
        expected = whole(path, line, row, "expect_time_list")
        worth = whole(path, line, row, "expect_value_list")
        best_effort = whole(path, line, row, "best_effort")
        if best_effort not in (0, 1):
            raise TraceError(path, line, f"best_effort is {best_effort}, not 0 or 1")
        if not gpus:
            without += 1
            continue
        rows.append((gpus, submitted, minutes, expected, worth, best_effort))
    if not rows:
        raise TraceError(path, 0, "holds no job that wants a card")
    gpus_, submitted_, minutes_, expected_, worth_, best_ = np.array(rows, dtype=np.int64).T
    first = submitted_ // SLOT_MINUTES
    slots = -(-minutes_ // SLOT_MINUTES)
    horizon = int(first.max()) + int(np.quantile(slots, 0.9)) + 1
    due = np.where(best_ == 1, horizon, -(-(submitted_ + expected_) // SLOT_MINUTES))
    end = np.minimum(horizon, np.maximum(due, first + slots))
    racks = max(
        -(-int((gpus_ * slots).sum()) // horizon // RACK_CARDS), -(-int(gpus_.max()) // RACK_CARDS), 1
    )
    cost: Float64Array = np.asarray(YUAN_PER_CARD_HOUR * 1e6 * (1 + 0.04 * (np.arange(racks) % 4)))
    per_hour = worth_ * 1e6 * np.where(best_ == 1, 0.5, 1.0) * spread(gpus_.size)
    value = np.rint(per_hour * gpus_ * slots * SLOT_MINUTES / 60).astype(np.int64)
    jobs = Jobs(np.zeros_like(gpus_), gpus_, slots, first, end, value)
    pools = Pools(np.full(racks, RACK_CARDS, dtype=np.int64), cost)
    problem = build_problem(pools, np.ones((1, racks), dtype=bool), jobs, horizon, SLOT_MINUTES / 60)
    facts: dict[str, int | float | str] = {"load": load_of(jobs, problem), "left out: no card": without}
    return TraceMarket(f"chronus {path.stem.removeprefix('trace_job_')}", problem, facts)
