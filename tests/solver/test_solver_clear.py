"""`clear` against the definition: brute force, baselines, odd shapes, limits, repetition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import best_value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_markets import NO_LIMIT_WATTS, market, tiny_market
from thoroughness import often

from solver import Clearing, ClearingProblem, Limits, Progress, Status, baselines, clear, improve, verify
from solver.bench.markets import generate_market
from solver.floor import worth
from solver.layout import build_layout
from solver.prices import no_prices
from solver.stopwatch import Stopwatch

pytestmark = pytest.mark.usefixtures("brief_search")
QUIET = settings(
    max_examples=often(100, 300),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def is_same(one: Clearing, other: Clearing) -> bool:
    names = ("chosen", "start_slot", "price_micros", "power_price_micros")
    return one.value_micros == other.value_micros and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in names
    )


@pytest.mark.slow
@QUIET
@given(
    seed=st.integers(0, 2**31), jobs=st.integers(0, 8), slots=st.integers(1, 4), offerings=st.integers(1, 4)
)
def test_equals_brute_force(seed: int, jobs: int, slots: int, offerings: int) -> None:
    problem = tiny_market(seed, jobs, slots, offerings)
    clearing = clear(problem)
    assert clearing.value_micros == best_value(problem)
    assert clearing.status is Status.OPTIMAL
    assert verify(problem, clearing).violations == []


@pytest.mark.slow
def test_is_never_below_a_rule_that_needs_nothing_else() -> None:
    for seed in range(3):
        problem = market(seed, 60, 12, 10, 4)
        clearing = clear(problem, Limits(gap=0.01))
        assert verify(problem, clearing).ok
        for rule in (baselines.value_density, baselines.first_come_cheapest, baselines.highest_bid):
            simple = rule(problem)
            assert verify(problem, simple).ok
            assert simple.status is Status.FEASIBLE
            assert simple.value_micros <= clearing.value_micros
        for simple in (
            baselines.random_order(problem, 5),
            baselines.local_first(problem, problem.candidate_offering % 7),
        ):
            assert verify(problem, simple).ok
            assert simple.value_micros <= clearing.value_micros


def test_local_first_goes_to_the_nearest_as_early_as_it_can() -> None:
    problem = hand_market(value=[100, 100, 100])
    near_second = baselines.local_first(problem, [9.0, 1.0])
    assert near_second.chosen.tolist() == [1, 1, 0]
    assert near_second.start_slot.tolist() == [0, 1, 0]
    with pytest.raises(ValueError, match="candidate_distance"):
        baselines.local_first(problem, [1.0])


def test_random_order_depends_on_its_seed_alone() -> None:
    problem = market(4, 100, 8, 6, 2)
    assert is_same(baselines.random_order(problem, 1), baselines.random_order(problem, 1))
    assert not is_same(baselines.random_order(problem, 1), baselines.random_order(problem, 2))


@pytest.mark.slow
def test_repeats_itself() -> None:
    problem = market(7, 80, 12, 12, 4)
    limits = Limits(seconds=60, workers=2, seed=3)
    assert is_same(clear(problem, limits), clear(problem, limits))


def test_ties_go_to_the_earlier_job_the_smaller_candidate_the_earlier_start() -> None:
    clearing = clear(hand_market(value=[100, 100, 100, 100, 100]))
    assert clearing.value_micros == 4 * 99
    for rule in (baselines.value_density, baselines.first_come_cheapest, baselines.highest_bid):
        simple = rule(hand_market(value=[100, 100, 100, 100, 100]))
        assert simple.chosen.tolist() == [0, 0, 1, 1, -1]
        assert simple.start_slot.tolist() == [0, 1, 0, 1, -1]


def test_jobs_that_come_after_the_horizon_change_no_price() -> None:
    """They can run nowhere, and must not pass for the jobs of the profile after theirs."""
    problem = generate_market(400, 8, 1)
    alone = replace(problem, first_slot=np.zeros(400, np.int32), end_slot=np.full(400, 8, np.int32))
    late = {
        "job_profile": np.maximum(problem.job_profile - 1, 0),
        "job_scale": np.ones(400, np.int64),
        "value_micros": np.full(400, 10**9),
        "first_slot": np.full(400, 9, np.int32),
        "end_slot": np.full(400, 99, np.int32),
    }
    joined = {name: np.concatenate([getattr(alone, name), array]) for name, array in late.items()}
    bounds = [clear(each, Limits(gap=0.01)).bound_micros for each in (alone, replace(alone, **joined))]
    assert bounds[1] <= bounds[0] * 1.0001


def test_stops_when_the_time_is_up_and_still_answers() -> None:
    problem = market(1, 400, 24, 40, 10)
    clear(tiny_market(0))
    clearing = clear(problem, Limits(seconds=0.05))
    assert clearing.seconds < 5
    assert clearing.value_micros > 0
    assert verify(problem, clearing).ok


@pytest.mark.slow
def test_stops_at_the_gap() -> None:
    problem = market(1, 100, 8, 12, 4)
    assert len(clear(problem, Limits(gap=0.9)).history) < len(
        clear(problem, Limits(gap=0.0, seconds=10)).history
    )


def test_tells_of_its_progress() -> None:
    rows: list[Progress] = []
    clearing = clear(market(1, 60, 8, 8, 3), progress=rows.append)
    assert [row.value_micros for row in rows] == sorted(row.value_micros for row in rows)
    assert [row.bound_micros for row in rows] == sorted((row.bound_micros for row in rows), reverse=True)
    assert clearing.history[:, 1].tolist() == [row.value_micros for row in rows]
    assert (rows[-1].value_micros, rows[-1].bound_micros) == (clearing.value_micros, clearing.bound_micros)


def test_improving_is_told_as_it_goes_on() -> None:
    problem = market(4, 120, 10, 12, 4)
    layout, told = build_layout(problem), list[int]()
    goal = improve.Goal(2**62, 0, Stopwatch(60), told.append)
    first_come = baselines.place_by(problem, layout, np.arange(problem.jobs))
    best = improve.improve(problem, layout, first_come, no_prices(problem), goal)
    assert len(told) > 1
    assert told == sorted(set(told))
    assert told[-1] == worth(problem, layout, best)


def test_who_listens_changes_nothing() -> None:
    """Told of every step or of none: the same answer."""
    problem = market(2, 60, 8, 8, 3)
    alone, told = clear(problem), clear(problem, progress=lambda _row: None)
    assert is_same(alone, told)
    assert alone.bound_micros == told.bound_micros
    assert alone.history[:, 1:].tolist() == told.history[:, 1:].tolist()


def test_prices_are_those_of_scarce_hours() -> None:
    """Bids of 9, 7 and 4 for two units: both are priced between what the loser and the last winner would pay."""
    problem = replace(
        hand_market(value=[9, 7, 4]),
        capacity_units=np.array([[2], [0]]),
        unit_cost_micros=np.zeros((2, 1), dtype=np.int64),
        node_power_watts=np.full((1, 1), NO_LIMIT_WATTS),
        end_slot=np.ones(3, dtype=np.int64),
    )
    clearing = clear(problem)
    assert (clearing.value_micros, clearing.bound_micros, clearing.gap) == (16, 16, 0.0)
    assert 4 <= clearing.price_micros[0, 0] <= 7


def hand_market(value: list[int]) -> ClearingProblem:
    """Two equal offerings of one unit for two slots at cost 1; every job may use either for one slot."""
    jobs = len(value)
    return ClearingProblem(
        capacity_units=np.ones((2, 2), dtype=np.int64),
        unit_cost_micros=np.ones((2, 2), dtype=np.int64),
        offering_node=np.zeros(2, dtype=np.int64),
        facility_watts_per_unit=np.zeros(2, dtype=np.int64),
        node_power_watts=np.zeros((1, 2), dtype=np.int64),
        job_profile=np.zeros(jobs, dtype=np.int64),
        job_scale=np.ones(jobs, dtype=np.int64),
        value_micros=np.array(value, dtype=np.int64),
        first_slot=np.zeros(jobs, dtype=np.int64),
        end_slot=np.full(jobs, 2),
        profile_start=np.array([0, 2]),
        candidate_offering=np.array([0, 1]),
        candidate_slots=np.array([1, 1]),
        candidate_units=np.array([1, 1]),
        candidate_fixed_micros=np.array([0, 0]),
    )


def shapes() -> dict[str, ClearingProblem]:
    base = market(5, 20, 6, 6, 2)
    nobody = np.zeros(0, dtype=np.int64)
    jobless = dict.fromkeys(("job_profile", "job_scale", "value_micros", "first_slot", "end_slot"), nobody)
    bare = dict.fromkeys(
        ("candidate_offering", "candidate_slots", "candidate_units", "candidate_fixed_micros"), np.array([])
    )
    pointer = np.zeros(base.profiles + 1, dtype=np.int64)
    no_floor = np.zeros((0, 6), dtype=np.int64)
    huge_value = 2**53 - np.arange(8, dtype=np.int64)
    return {
        "no jobs": replace(base, **jobless),
        "no candidates": replace(base, profile_start=pointer, **bare),
        "no offerings": replace(
            base, profile_start=pointer, capacity_units=no_floor, unit_cost_micros=no_floor, offering_node=nobody,
            facility_watts_per_unit=nobody, **bare,
        ),
        "no slots": replace(
            base, **dict.fromkeys(("capacity_units", "unit_cost_micros"), np.zeros((6, 0), dtype=np.int64)),
            node_power_watts=np.zeros((2, 0), dtype=np.int64),
        ),
        "zero capacity": replace(base, capacity_units=np.zeros_like(base.capacity_units)),
        "zero power": replace(base, node_power_watts=np.zeros_like(base.node_power_watts)),
        "one slot": market(5, 20, 1, 6, 2),
        "longer than the horizon": replace(base, candidate_slots=np.full(base.candidates, 2**31 - 1)),
        "ends beyond the horizon": replace(base, end_slot=np.full(base.jobs, 2**31 - 1)),
        "starts beyond the horizon": replace(base, first_slot=np.full(base.jobs, 99), end_slot=np.full(base.jobs, 99)),
        "values near 2^53": replace(tiny_market(11, 8), value_micros=huge_value),
        "values near 2^59, huge capacity": replace(
            hand_market([1] * 3), value_micros=np.full(3, 2**59), capacity_units=np.full((2, 2), 2**62)
        ),
        "scale 10^6": replace(base, job_scale=np.full(base.jobs, 10**6), capacity_units=base.capacity_units * 10**6),
        "endless power": replace(base, node_power_watts=np.full_like(base.node_power_watts, 2**63 - 1)),
        "no draw": replace(base, facility_watts_per_unit=np.zeros_like(base.facility_watts_per_unit)),
        "worthless": replace(base, value_micros=np.zeros(base.jobs, dtype=np.int64)),
        "values below zero": replace(base, value_micros=np.full(base.jobs, -5)),
        "free of charge": replace(base, unit_cost_micros=np.zeros_like(base.unit_cost_micros)),
        "no units needed": replace(base, candidate_units=np.zeros_like(base.candidate_units)),
        "identical jobs": hand_market([100] * 30),
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", list(shapes()))
def test_takes_odd_shapes(name: str) -> None:
    problem = shapes()[name]
    clearing = clear(problem, Limits(seconds=20))
    assert verify(problem, clearing).violations == []
    if problem.jobs <= 8:
        assert clearing.value_micros == best_value(problem)
        assert clearing.status is Status.OPTIMAL
    if name in {
        "no jobs",
        "no candidates",
        "no offerings",
        "no slots",
        "zero capacity",
        "longer than the horizon",
    }:
        assert (clearing.value_micros, clearing.bound_micros, clearing.gap) == (0, 0, 0.0)


def test_one_profile_per_job_and_one_slot_is_generalized_assignment() -> None:
    rng = np.random.default_rng(0)
    jobs, agents = 8, 3
    problem = ClearingProblem(
        capacity_units=np.full((agents, 1), 20),
        unit_cost_micros=np.zeros((agents, 1), dtype=np.int64),
        offering_node=np.zeros(agents, dtype=np.int64),
        facility_watts_per_unit=np.zeros(agents, dtype=np.int64),
        node_power_watts=np.full((1, 1), NO_LIMIT_WATTS),
        job_profile=np.arange(jobs),
        job_scale=np.ones(jobs, dtype=np.int64),
        value_micros=np.full(jobs, 100),
        first_slot=np.zeros(jobs, dtype=np.int64),
        end_slot=np.ones(jobs, dtype=np.int64),
        profile_start=np.arange(0, jobs * agents + 1, agents),
        candidate_offering=np.tile(np.arange(agents), jobs),
        candidate_slots=np.ones(jobs * agents, dtype=np.int64),
        candidate_units=rng.integers(5, 12, jobs * agents),
        candidate_fixed_micros=rng.integers(10, 60, jobs * agents),
    )
    assert clear(problem).value_micros == best_value(problem)
