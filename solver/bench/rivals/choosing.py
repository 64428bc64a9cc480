"""From a solver's values of columns to placements."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from solver.bench.columns import Columns
from solver.bench.rivals.answer import Answer, Task, nothing
from solver.outcome import Status


def answer_of(
    task: Task,
    columns: Columns,
    values: npt.NDArray[np.float64],
    status: Status,
    own_bound_micros: int | None = None,
    note: str = "",
) -> Answer:
    """The placements whose Boolean is one."""
    taken = np.flatnonzero(values > 0.5)
    chosen, start = np.full((2, task.problem.jobs), -1, dtype=np.int32)
    chosen[columns.job[taken]] = columns.candidate[taken]
    start[columns.job[taken]] = columns.start[taken]
    return Answer(status, chosen, start, own_bound_micros=own_bound_micros, note=note)


def no_time() -> Answer:
    """The limit ran out before the search began."""
    return nothing("the time ran out while the model was built")
