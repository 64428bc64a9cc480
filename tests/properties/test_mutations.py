"""A clearing that was tampered with is caught, whatever was altered; a tampered price still bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from brute_force import best_value
from by_definition import bound_of, is_feasible, value_of
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from random_markets import contested_market
from thoroughness import often

from solver import Clearing, ClearingProblem, Limits, clear, verify

pytestmark = pytest.mark.slow

MANY = settings(
    max_examples=often(80, 200), deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
ABOUT_LIMITS = {"CANDIDATE_UNKNOWN", "CANDIDATE_OF_ANOTHER_PROFILE", "HALF_PLACED", "STARTS_TOO_EARLY", "ENDS_TOO_LATE",
                "BEYOND_HORIZON", "OVER_CAPACITY", "OVER_POWER"}  # fmt: skip


def fine_grained(seed: int) -> ClearingProblem:
    """A contested market in which no two placements of a job are worth the same."""
    problem, rng = contested_market(seed, jobs=7, slots=4), np.random.default_rng(seed)
    cost = problem.unit_cost_micros * 10**6 + rng.integers(0, 10**6, problem.unit_cost_micros.shape)
    fixed = problem.candidate_fixed_micros * 10**6 + rng.integers(0, 10**6, problem.candidates)
    value = problem.value_micros * 10**6
    return replace(problem, value_micros=value, unit_cost_micros=cost, candidate_fixed_micros=fixed)


@pytest.mark.parametrize("seed", range(3))
def test_every_altered_placement_is_caught(seed: int) -> None:
    """Whether it breaks a limit or, since no two placements are worth the same, a claim."""
    problem = fine_grained(seed)
    clearing = clear(problem, Limits(gap=0.0))
    assert verify(problem, clearing).violations == []
    assert clearing.placed.any()
    for altered in every_alteration(problem, clearing):
        assert not verify(problem, altered).ok


@pytest.mark.parametrize("seed", range(3))
def test_every_altered_placement_is_caught_by_its_limits_alone(seed: int) -> None:
    """The same with every claim left aside: a limit is said to be broken where one is, and only there."""
    problem, clearing = some_clearing(seed)
    for altered in every_alteration(problem, clearing):
        found = {violation.code for violation in verify(problem, altered).violations}
        assert bool(found & ABOUT_LIMITS) != is_feasible(problem, altered)


@MANY
@given(seed=st.integers(0, 2**31), data=st.data())
def test_whoever_tampers_with_claims_too_still_cannot_break_a_limit(seed: int, data: st.DataObject) -> None:
    """Several placements altered, all claims made to fit: what is left to find is exactly what is not feasible."""
    problem, clearing = some_clearing(seed)
    chosen, starts = clearing.chosen.copy(), clearing.start_slot.copy()
    for job in data.draw(st.lists(st.integers(0, problem.jobs - 1), min_size=1, max_size=4, unique=True)):
        profile, first = int(problem.job_profile[job]), int(problem.first_slot[job])
        low, past = int(problem.profile_start[profile]), int(problem.profile_start[profile + 1])
        likely = st.tuples(st.integers(low, past - 1), st.integers(first - 1, first + 2))
        anything = st.tuples(st.integers(-2, problem.candidates), st.integers(-2, problem.slots))
        chosen[job], starts[job] = data.draw(st.just((-1, -1)) | likely | likely | anything)
    altered = replace(clearing, chosen=chosen, start_slot=starts, mip_bound_micros=None)
    feasible = is_feasible(problem, altered)
    event("feasible" if feasible else "not feasible")
    if feasible:
        value, bound = value_of(problem, altered), bound_of(problem, altered)
        gap = (bound - value) / bound if bound else 0.0
        altered = replace(altered, value_micros=value, bound_micros=bound, gap=gap)
    found = {violation.code for violation in verify(problem, altered).violations}
    assert bool(found & ABOUT_LIMITS) != feasible
    if feasible:
        assert found <= {"FALSE_STATUS"}


@MANY
@given(seed=st.integers(0, 2**31), data=st.data())
def test_one_altered_price_still_bounds_and_no_longer_proves_what_was_claimed(
    seed: int, data: st.DataObject
) -> None:
    """Raised or lowered, even to nothing; below nothing it is refused."""
    problem, clearing = some_clearing(seed)
    name = data.draw(st.sampled_from(["price_micros", "power_price_micros"]))
    prices = getattr(clearing, name).copy()
    row, slot = (data.draw(st.integers(0, size - 1)) for size in prices.shape)
    price = data.draw(st.sampled_from([-1, 0, 1, 10**6, 2**40, 2**63 - 1]) | st.integers(0, 2000))
    prices[row, slot] = price
    altered = replace(clearing, **{name: prices})
    found = verify(problem, altered)
    codes = {violation.code for violation in found.violations}
    if price < 0:
        assert codes == {"NEGATIVE_PRICE"}
        assert found.bound_micros is None
        return
    assert found.bound_micros == bound_of(problem, altered) >= best_value(problem)
    event("another bound" if found.bound_micros != clearing.bound_micros else "the same bound")
    assert ("WRONG_BOUND" in codes) == (found.bound_micros != clearing.bound_micros)
    assert codes <= {"WRONG_BOUND", "WRONG_GAP", "FALSE_STATUS"}


@MANY
@given(seed=st.integers(0, 2**31), name=st.sampled_from(["value_micros", "bound_micros"]),
       change=st.integers(1, 2**40) | st.integers(-(2**40), -1))  # fmt: skip
def test_every_altered_figure_is_caught(seed: int, name: str, change: int) -> None:
    problem, clearing = some_clearing(seed)
    lying = replace(clearing, **{name: getattr(clearing, name) + change})
    assert not verify(problem, lying).ok


def every_alteration(problem: ClearingProblem, clearing: Clearing) -> Iterator[Clearing]:
    """Each job in turn at each other candidate and start there could be, and at some that there cannot."""
    for job in range(problem.jobs):
        for candidate in range(-2, problem.candidates + 2):
            for start in range(-2, problem.slots + 2):
                if (candidate, start) != (clearing.chosen[job], clearing.start_slot[job]):
                    chosen, starts = clearing.chosen.copy(), clearing.start_slot.copy()
                    chosen[job], starts[job] = candidate, start
                    yield replace(clearing, chosen=chosen, start_slot=starts)


def some_clearing(seed: int) -> tuple[ClearingProblem, Clearing]:
    """One of twenty, so that they are cleared once."""
    at = seed % 20
    if at not in CLEARED:
        problem = contested_market(at)
        if at % 2:  # windows that reach beyond the horizon
            problem = replace(problem, end_slot=problem.end_slot + 3)
        CLEARED[at] = (problem, clear(problem, Limits(gap=0.0)))
    return CLEARED[at]


CLEARED: dict[int, tuple[ClearingProblem, Clearing]] = {}
