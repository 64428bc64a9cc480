"""Whatever the shape and the size: a clearing that holds, the best there is where that can be known, or a refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import best_value
from by_definition import bound_of, value_of
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from odd_markets import odd_markets
from random_markets import contested_market
from thoroughness import often

from solver import ClearingProblem, Limits, ProblemError, Status, clear, verify

EXACT = Limits(gap=0.0)
MANY = settings(
    max_examples=often(150, 400),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.slow
@MANY
@given(problem=odd_markets())
def test_odd_markets_are_cleared_to_the_optimum(problem: ClearingProblem) -> None:
    clearing = clear(problem, EXACT)
    event(f"value {'above' if clearing.value_micros else 'is'} 0")
    assert verify(problem, clearing).violations == []
    assert clearing.value_micros == value_of(problem, clearing) == best_value(problem)
    assert clearing.bound_micros == bound_of(problem, clearing)
    assert clearing.status is Status.OPTIMAL


@pytest.mark.slow
@settings(MANY, max_examples=often(30, 60))
@given(problem=odd_markets(most_jobs=40))
def test_odd_markets_with_more_jobs_are_cleared_rightly(problem: ClearingProblem) -> None:
    clearing = clear(problem, Limits(seconds=5, gap=0.02))
    event(f"value {'above' if clearing.value_micros else 'is'} 0")
    assert verify(problem, clearing).violations == []
    assert clearing.value_micros == value_of(problem, clearing)
    assert clearing.bound_micros == bound_of(problem, clearing)


SIGNED = ("value_micros", "unit_cost_micros", "candidate_fixed_micros")
UNSIGNED = ("job_scale", "candidate_units", "facility_watts_per_unit", "capacity_units", "node_power_watts")


@settings(MANY, max_examples=often(100, 200))
@given(
    seed=st.integers(0, 2**32 - 1),
    name=st.sampled_from(SIGNED + UNSIGNED),
    power=st.integers(20, 63),
    sign=st.sampled_from([1, -1]),
)
def test_what_64_bits_cannot_hold_is_refused_and_what_is_taken_does_not_wrap(
    seed: int, name: str, power: int, sign: int
) -> None:
    """One array grows up to the ends of int64: either OVERFLOW, or the figures are those of Python's integers."""
    problem, rng = contested_market(seed), np.random.default_rng(seed)
    array = getattr(problem, name).astype(object) * 2**power * (sign if name in SIGNED else 1)
    array = np.clip(array, -(2**63), 2**63 - 1).astype(np.int64)
    try:
        grown = replace(problem, **{name: array})
    except ProblemError as refusal:
        event("refused")
        assume(refusal.code != "OVERFLOW")
        raise
    event("taken")
    clearing = clear(grown, EXACT, cancelled=lambda: bool(rng.random() < 0.5))
    found = verify(grown, clearing)
    assert found.violations == []
    assert found.value_micros == value_of(grown, clearing) <= best_value(grown)
    assert found.bound_micros == bound_of(grown, clearing) >= best_value(grown)
