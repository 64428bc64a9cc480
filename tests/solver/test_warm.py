"""Starting from an earlier clearing: never wrong, and as good as what it started from allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import best_value
from random_markets import contested_market, market

from solver import Clearing, ClearingError, ClearingProblem, Limits, Status, clear, verify

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("brief_search")]

QUICK = Limits(gap=0.02)


@pytest.fixture(scope="module")
def yesterday(brief_search: None) -> tuple[ClearingProblem, Clearing]:
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


@pytest.mark.parametrize("seed", range(8))
def test_an_earlier_clearing_that_lies_does_no_harm(seed: int) -> None:
    """Any numbers of the right shape, prices below zero and half a placement more among them."""
    problem, rng = contested_market(seed), np.random.default_rng(seed)
    if seed % 2:  # with room to spare, a bound from prices below zero would be below the value
        problem = replace(problem, capacity_units=problem.capacity_units + 100)
    lowest, highest = [(-1, 0), (-1000, 1000), (-(2**62), 2**62)][seed % 3]
    nonsense = Clearing(
        status=Status.OPTIMAL,
        value_micros=10**12,
        bound_micros=-1,
        gap=0.0,
        chosen=rng.integers(-3, 30, 9),
        start_slot=rng.integers(-3, 9, 5),
        price_micros=rng.integers(lowest, highest, problem.capacity_units.shape),
        power_price_micros=rng.integers(lowest, highest, problem.node_power_watts.shape),
    )
    clearing = clear(problem, Limits(gap=0.0), earlier=nonsense)
    assert verify(problem, clearing).violations == []
    assert clearing.value_micros == best_value(problem)
