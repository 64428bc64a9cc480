"""What must not change, or not in that direction: the order of jobs, and more to run them on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_markets import contested_market, market
from thoroughness import often

from solver import Clearing, ClearingProblem, Limits, Status, baselines, clear, verify

JOB_ARRAYS = ("job_profile", "job_scale", "value_micros", "first_slot", "end_slot")
EXACT = Limits(gap=0.0)
SEEDS = st.integers(0, 2**31)
MANY = settings(
    max_examples=often(80, 150), deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def reordered(problem: ClearingProblem, order: npt.NDArray[np.int64]) -> ClearingProblem:
    """The same market, its jobs by another index."""
    return replace(problem, **{name: getattr(problem, name)[order] for name in JOB_ARRAYS})


def priced(problem: ClearingProblem, seed: int, size: int = 1000) -> Clearing:
    """Jobs placed in a random order, at random prices, some of them zero; its claims are the judge's."""
    rng = np.random.default_rng(seed)
    blank = replace(
        baselines.random_order(problem, seed),
        price_micros=rng.integers(-size // 2, size, problem.capacity_units.shape).clip(0),
        power_price_micros=rng.integers(-size // 2, size, problem.node_power_watts.shape).clip(0),
    )
    found = verify(problem, blank)
    assert found.value_micros is not None
    assert found.bound_micros is not None
    assert found.gap is not None
    return replace(blank, bound_micros=found.bound_micros, gap=found.gap, status=Status.FEASIBLE)


@MANY
@given(seed=SEEDS, other=SEEDS)
def test_a_clearing_holds_in_any_order_of_the_jobs(seed: int, other: int) -> None:
    """Value and D are sums over jobs: the same clearing, renamed, is worth and proves exactly the same."""
    problem = contested_market(seed, jobs=8)
    clearing, order = priced(problem, other), np.random.default_rng(other).permutation(8)
    renamed = replace(clearing, chosen=clearing.chosen[order], start_slot=clearing.start_slot[order])
    assert verify(problem, clearing).violations == []
    assert verify(reordered(problem, order), renamed).violations == []


@pytest.mark.slow
@settings(MANY, max_examples=often(20, 50))
@given(seed=SEEDS, other=SEEDS)
def test_the_optimum_does_not_depend_on_the_order_of_the_jobs(seed: int, other: int) -> None:
    """Ties go to the earlier job, so another order may place other jobs; what they are worth together is the same.

    That is promised of optima only: short of one, searches that look at jobs in order may end elsewhere.
    """
    problem = contested_market(seed, jobs=8)
    one, two = (
        clear(market, EXACT)
        for market in (problem, reordered(problem, np.random.default_rng(other).permutation(8)))
    )
    assert one.status is two.status is Status.OPTIMAL
    assert one.value_micros == two.value_micros


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_what_is_proved_hardly_depends_on_the_order_of_the_jobs(seed: int) -> None:
    """The prices come from sums over classes, which another order only rounds differently; each bounds the other.

    Values may differ, by as much as the gap says at most.
    """
    problem = market(seed, 120, 12, 16, 6)
    order = np.random.default_rng(seed).permutation(problem.jobs)
    one, two = (clear(market, Limits(gap=0.1)) for market in (problem, reordered(problem, order)))
    assert abs(one.bound_micros - two.bound_micros) <= 1e-6 * one.bound_micros
    assert max(one.value_micros, two.value_micros) <= min(one.bound_micros, two.bound_micros)


def with_more(problem: ClearingProblem, seed: int) -> ClearingProblem:
    """More units in some slots, more power in others, less of nothing."""
    rng = np.random.default_rng(seed)
    units = rng.integers(-4, 5, problem.capacity_units.shape).clip(0)
    watts = rng.integers(-2000, 2000, problem.node_power_watts.shape).clip(0)
    return replace(
        problem,
        capacity_units=problem.capacity_units + units,
        node_power_watts=problem.node_power_watts + watts,
    )


@MANY
@given(seed=SEEDS, other=SEEDS)
def test_more_capacity_raises_the_bound_by_its_price_at_least(seed: int, other: int) -> None:
    """At the same prices: what is added costs its price, and no job has fewer places than before.

    Between two clears the bound may well fall, since each has prices of its own; only at equal prices, and for the
    optimum, is it promised.
    """
    problem = contested_market(seed)
    larger, clearing = with_more(problem, other), priced(problem, other)
    units = larger.capacity_units - problem.capacity_units
    watts = larger.node_power_watts - problem.node_power_watts
    worth = (
        int((units * clearing.price_micros).sum()) + int((watts * clearing.power_price_micros).sum()) // 1000
    )
    before, after = verify(problem, clearing).bound_micros, verify(larger, clearing).bound_micros
    assert before is not None
    assert after is not None
    assert after >= before + worth


@pytest.mark.slow
@settings(MANY, max_examples=often(20, 50))
@given(seed=SEEDS, other=SEEDS)
def test_more_capacity_never_lowers_the_optimum(seed: int, other: int) -> None:
    problem = contested_market(seed)
    one, more = clear(problem, EXACT), clear(with_more(problem, other), EXACT)
    assert one.status is more.status is Status.OPTIMAL
    assert one.value_micros <= more.value_micros
    assert one.value_micros <= more.bound_micros
