"""The judge beside MODEL.md read out word by word, and the solver beside trying everything."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brute_force import best_value
from by_definition import bound_of, value_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_markets import odd_markets
from random_markets import contested_market, market
from thoroughness import often

from solver import Clearing, ClearingProblem, Limits, Status, baselines, clear, verify

MANY = settings(
    max_examples=often(100, 200),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
SIZES = [0, 1, 1000, 10**6, 2**40, 2**53, 2**63 - 1]


def priced(problem: ClearingProblem, seed: int, size: int) -> Clearing:
    """Jobs placed in a random order, at random prices up to `size` micros."""
    rng = np.random.default_rng(seed)
    return replace(
        baselines.random_order(problem, seed),
        price_micros=rng.integers(0, size, problem.capacity_units.shape, endpoint=True),
        power_price_micros=rng.integers(0, size, problem.node_power_watts.shape, endpoint=True),
    )


@MANY
@given(problem=odd_markets(most_jobs=12), seed=st.integers(0, 2**31), size=st.sampled_from(SIZES))
def test_the_judge_finds_what_the_definition_says(problem: ClearingProblem, seed: int, size: int) -> None:
    clearing = priced(problem, seed, size)
    found = verify(problem, clearing)
    assert found.value_micros == value_of(problem, clearing)
    assert found.bound_micros == bound_of(problem, clearing)


@pytest.mark.parametrize("size", SIZES)
def test_the_judge_finds_it_piece_by_piece(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many classes in many chunks; prices of every size take every type of number."""
    monkeypatch.setattr(sys.modules["solver.reckon"], "CHUNK_CELLS", 20_000)
    problem = market(8, 600, 24, 20, 6)
    clearing = priced(problem, 8, size)
    found = verify(problem, clearing)
    assert found.value_micros == value_of(problem, clearing)
    assert found.bound_micros == bound_of(problem, clearing)


def test_scales_that_no_key_can_hold_are_told_apart() -> None:
    """Jobs that need no units may have any scale, up to the end of int64."""
    problem = contested_market(3, jobs=6)
    scale = np.array([1, 2**62, 2**63 - 1, 2**62, 1, 2**63 - 2])
    nothing = np.zeros(problem.candidates, dtype=np.int64)
    wide = replace(problem, job_scale=scale, candidate_units=nothing, candidate_fixed_micros=nothing)
    clearing = priced(wide, 1, 1000)
    found = verify(wide, clearing)
    assert found.bound_micros == bound_of(wide, clearing)
    assert found.value_micros == value_of(wide, clearing) == wide.value_micros.sum()


@MANY
@given(seed=st.integers(0, 2**31), size=st.sampled_from(SIZES))
def test_no_prices_prove_less_than_the_optimum(seed: int, size: int) -> None:
    problem = contested_market(seed)
    assert bound_of(problem, priced(problem, seed, size)) >= best_value(problem)


@pytest.mark.slow
@settings(MANY, max_examples=often(100, 300))
@given(
    seed=st.integers(0, 2**31), jobs=st.integers(1, 8), slots=st.integers(1, 6), offerings=st.integers(1, 3)
)
def test_a_contested_market_is_cleared_to_the_optimum(
    seed: int, jobs: int, slots: int, offerings: int
) -> None:
    problem = contested_market(seed, jobs, slots, offerings)
    clearing = clear(problem, Limits(gap=0.0))
    assert verify(problem, clearing).violations == []
    assert clearing.value_micros == best_value(problem) <= clearing.bound_micros
    assert clearing.status is Status.OPTIMAL
    assert clearing.mip_bound_micros in {None, clearing.value_micros}


@pytest.mark.slow
def test_contested_markets_are_contested() -> None:
    """What makes the tests above worth running: rules fail here, and prices alone do not prove the optimum."""
    rules_fail = prices_fail = 0
    for seed in range(40):
        problem: Any = contested_market(seed)
        clearing = clear(problem, Limits(gap=0.0))
        rules_fail += baselines.value_density(problem).value_micros < clearing.value_micros
        prices_fail += clearing.bound_micros > clearing.value_micros
    assert rules_fail >= 15
    assert prices_fail >= 15
