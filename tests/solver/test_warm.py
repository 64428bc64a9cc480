"""Starting from an earlier clearing: never wrong, and as good as what it started from allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_markets import market

from solver import Clearing, ClearingError, ClearingProblem, Limits, clear, verify

pytestmark = pytest.mark.slow

QUICK = Limits(seconds=10, gap=0.02)


@pytest.fixture(scope="module")
def yesterday() -> tuple[ClearingProblem, Clearing]:
    problem = market(7, 200, 16, 16, 6)
    return problem, clear(problem, QUICK)


def changed(problem: ClearingProblem, jobs: int) -> ClearingProblem:
    """The problem with other jobs in some places."""
    rng = np.random.default_rng(3)
    where, source = (rng.choice(problem.jobs, jobs, replace=False) for _ in range(2))

    def moved(column: np.ndarray) -> np.ndarray:
        copy = column.copy()
        copy[where] = column[source]
        return copy

    names = ("job_profile", "job_scale", "value_micros", "first_slot", "end_slot")
    return replace(problem, **{name: moved(getattr(problem, name)) for name in names})


def test_an_unchanged_market_needs_no_second_clearing(yesterday: tuple[ClearingProblem, Clearing]) -> None:
    problem, earlier = yesterday
    again = clear(problem, Limits(gap=earlier.gap), earlier=earlier)
    assert again.value_micros >= earlier.value_micros
    assert again.bound_micros <= earlier.bound_micros
    assert verify(problem, again).ok


@pytest.mark.parametrize("jobs", [1, 20, 200])
def test_a_changed_market_is_cleared_rightly(yesterday: tuple[ClearingProblem, Clearing], jobs: int) -> None:
    problem = changed(yesterday[0], jobs)
    clearing = clear(problem, QUICK, earlier=yesterday[1])
    assert verify(problem, clearing).violations == []
    assert clearing.gap <= max(QUICK.gap, 1.1 * clear(problem, QUICK).gap)


def test_fewer_offerings_than_before_are_refused(yesterday: tuple[ClearingProblem, Clearing]) -> None:
    other = market(7, 200, 12, 16, 6)
    with pytest.raises(ClearingError) as refusal:
        clear(other, QUICK, earlier=yesterday[1])
    assert refusal.value.code == "WRONG_SHAPE"


def test_capacity_that_is_gone_takes_its_placements_along(
    yesterday: tuple[ClearingProblem, Clearing],
) -> None:
    problem, earlier = yesterday
    halved = replace(problem, capacity_units=problem.capacity_units // 2)
    assert verify(halved, clear(halved, QUICK, earlier=earlier)).ok
