"""The next market: the same supply, and some of the jobs replaced by others of their kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from solver.problem import ClearingProblem, Int32Array, Int64Array

Column = TypeVar("Column", Int32Array, Int64Array)

VALUE_SPREAD = 0.1
"""Values of replaced jobs are those of the jobs they are copied from, times lognormal(0, this)."""


def change_jobs(problem: ClearingProblem, share: float, seed: int) -> ClearingProblem:
    """This share of the jobs (one at least), drawn by the seed, takes over profile, scale, window and, spread, value
    of other jobs; ValueError where the share is not above 0 and at most 1."""
    if not 0 < share <= 1:
        raise ValueError(f"the share of changed jobs must be above 0 and at most 1, not {share}")
    random = np.random.default_rng(np.random.PCG64(seed))
    count = min(problem.jobs, max(1, round(share * problem.jobs)))
    where = random.choice(problem.jobs, count, replace=False)
    source = random.choice(problem.jobs, count, replace=False)

    def with_copies(column: Column) -> Column:
        copy = column.copy()
        copy[where] = column[source]
        return copy

    value = problem.value_micros.copy()
    value[where] = np.rint(value[source] * random.lognormal(0.0, VALUE_SPREAD, count)).astype(np.int64)
    return replace(
        problem,
        job_profile=with_copies(problem.job_profile),
        job_scale=with_copies(problem.job_scale),
        first_slot=with_copies(problem.first_slot),
        end_slot=with_copies(problem.end_slot),
        value_micros=value,
    )
