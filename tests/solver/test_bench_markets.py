"""Made-up markets: the same again for the same seed, shaped as promised, at the load asked for."""

from dataclasses import fields

import numpy as np
import pytest

from solver import ClearingProblem
from solver.bench.changes import change_jobs
from solver.bench.markets import LATENCY_MS, REACH, default_offerings, generate_market
from solver.bench.rivals import rules
from solver.bench.rivals.answer import Task
from solver.bench.run import Settings, run_changed
from solver.bench.supply import WIDE_OPEN_WATTS


@pytest.fixture(scope="module")
def problem() -> ClearingProblem:
    return generate_market(5000, 24, 7)


def test_the_same_seed_gives_the_same_arrays(problem: ClearingProblem) -> None:
    again, other = generate_market(5000, 24, 7), generate_market(5000, 24, 8)
    for field in fields(problem):
        assert np.array_equal(getattr(problem, field.name), getattr(again, field.name)), field.name
    assert not np.array_equal(problem.value_micros, other.value_micros)


@pytest.mark.parametrize(
    ("jobs", "slots", "offerings"),
    [(1_000, 24, 70), (10_000, 24, 240), (100_000, 24, 510), (1_000_000, 24, 680), (1_000_000, 1, 640)],
)
def test_sizes_of_the_published_table(jobs: int, slots: int, offerings: int) -> None:
    assert default_offerings(jobs, slots) == offerings


def test_shapes(problem: ClearingProblem) -> None:
    assert (problem.jobs, problem.slots) == (5000, 24)
    assert problem.nodes == round(problem.offerings / 10)
    per_profile = np.diff(problem.profile_start)
    assert per_profile.min() >= 1
    assert per_profile.max() == REACH
    assert problem.profiles < 4000
    capped = (problem.node_power_watts < WIDE_OPEN_WATTS).any(axis=1)
    assert 0 < capped.sum() < problem.nodes


def test_most_gangs_are_single_units_and_all_fit_somewhere(problem: ClearingProblem) -> None:
    assert 0.5 < (problem.job_scale == 1).mean() < 0.8
    assert problem.job_scale.max() > 8
    least = problem.capacity_units.min(axis=1)[problem.candidate_offering] // problem.candidate_units
    largest = np.maximum.reduceat(least, problem.profile_start[:-1])
    assert np.all(problem.job_scale <= np.maximum(1, largest[problem.job_profile]))


def test_every_window_holds_the_shortest_run(problem: ClearingProblem) -> None:
    shortest = np.minimum.reduceat(problem.candidate_slots, problem.profile_start[:-1])
    width = problem.end_slot - problem.first_slot
    assert np.all(width >= shortest[problem.job_profile])
    assert problem.first_slot.min() >= 0
    assert problem.end_slot.max() <= problem.slots
    assert (width == problem.slots).mean() > 0.25
    assert (width < 8).mean() > 0.05


@pytest.mark.parametrize("load", [0.85, 1.0, 1.3])
def test_load_moves_supply_against_demand(load: float) -> None:
    base, loaded = generate_market(20_000, 24, 3), generate_market(20_000, 24, 3, load=load)
    ratio = base.capacity_units.sum() / loaded.capacity_units.sum()
    assert ratio == pytest.approx(load, rel=0.02)


@pytest.mark.parametrize("slots", [1, 2, 24, 168])
def test_a_simple_rule_places_most_but_not_all(slots: int) -> None:
    problem = generate_market(2000, slots, 1)
    answer = rules.value_density(Task(problem, 10.0, 1, 0, 0.0, lambda *_: None))
    assert answer.chosen is not None
    assert 0.6 < (answer.chosen >= 0).mean() < 0.99


def test_tight_latency_reaches_less(problem: ClearingProblem) -> None:
    assert LATENCY_MS[0] == 5.0
    per_profile = np.diff(problem.profile_start)
    assert np.quantile(per_profile, 0.1) < REACH / 2


@pytest.mark.parametrize("jobs", [0, 1, 9])
@pytest.mark.parametrize("slots", [1, 3])
def test_tiny_markets_are_valid(jobs: int, slots: int) -> None:
    assert generate_market(jobs, slots, 1).jobs == jobs


def test_bad_arguments_are_refused() -> None:
    for bad in ({"jobs": -1}, {"jobs": 5, "slots": 0}, {"jobs": 5, "load": 0.0}, {"jobs": 5, "offerings": 0}):
        with pytest.raises(ValueError, match="must be"):
            generate_market(**bad)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_million_jobs_take_seconds() -> None:
    problem = generate_market(1_000_000, 24, 1)
    assert (problem.jobs, problem.offerings) == (1_000_000, 680)


def test_a_change_replaces_so_many_jobs_and_leaves_the_rest(problem: ClearingProblem) -> None:
    changed, again = change_jobs(problem, 0.01, 5), change_jobs(problem, 0.01, 5)
    assert np.array_equal(changed.value_micros, again.value_micros)
    assert (changed.value_micros != problem.value_micros).sum() == 50
    same = changed.value_micros == problem.value_micros
    for name in ("job_profile", "job_scale", "first_slot", "end_slot"):
        assert np.array_equal(getattr(changed, name)[same], getattr(problem, name)[same]), name
    assert np.array_equal(changed.capacity_units, problem.capacity_units)
    for share in (0.0, 1.1):
        with pytest.raises(ValueError, match="must be above 0"):
            change_jobs(problem, share, 5)


@pytest.mark.slow
def test_a_changed_market_is_cleared_from_nothing_and_from_the_clearing_before() -> None:
    before = generate_market(200, 8, 1)
    after = change_jobs(before, 0.05, 1)
    market = run_changed("changed", before, after, Settings(seconds=5.0, workers=1, gap=0.1))
    assert [entry.name for entry in market.entries] == ["suanli", "suanli from earlier"]
    assert all(entry.ranked for entry in market.entries)
    assert "value from earlier over value from nothing" in market.facts
