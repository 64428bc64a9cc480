"""Clearing in parts: as right as clearing at once, never worse than certified, and the same at whatever pace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from brute_force import best_value
from by_definition import bound_of, is_feasible, value_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_markets import contested_market, market, tiny_market
from thoroughness import often

from solver import Clearing, ClearingError, ClearingProblem, Limits, Progress, Status, clear, parts, verify
from solver.bench.apart import shuffled_together
from solver.layout import Layout
from solver.shards import LocalShards, ShardPool
from solver.side_by_side import TimeShares, side_by_side
from solver.stopwatch import Stopwatch

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("brief_search")]
QUIET = settings(
    max_examples=often(25, 250),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def smallest_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every market is cleared apart, however small."""
    monkeypatch.setattr(parts, "FEWEST_JOBS", 1)


@pytest.fixture(scope="module")
def three() -> ClearingProblem:
    """Three markets of some dozen jobs."""
    return shuffled_together([market(seed, 40 + 10 * seed, 8, 8, 3) for seed in range(3)], 1)[0]


def at_once(problem: ClearingProblem, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> Clearing:
    """The same clearing without telling parts apart."""
    with monkeypatch.context() as patch:
        patch.setattr(parts, "MOST_PARTS", 1)
        assert len(parts.find_parts(problem)) == 1
        return clear(problem, limits)


def is_same(one: Clearing, other: Clearing) -> bool:
    names = ("chosen", "start_slot", "price_micros", "power_price_micros")
    return (one.status, one.value_micros, one.bound_micros) == (
        other.status, other.value_micros, other.bound_micros,
    ) and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)  # fmt: skip


@QUIET
@given(seed=st.integers(0, 2**31), markets=st.integers(2, 3), contested=st.booleans())
def test_tiny_parts_equal_brute_force(smallest_parts: None, seed: int, markets: int, contested: bool) -> None:
    """Each part is searched to its end, so the whole is optimal, although it has too many jobs for that itself."""
    make = contested_market if contested else tiny_market
    problem, _ = shuffled_together([make(seed + number, 4) for number in range(markets)], seed)
    clearing = clear(problem, Limits(gap=0.0))
    best = best_value(problem)
    assert clearing.value_micros == best == value_of(problem, clearing)
    assert clearing.bound_micros == bound_of(problem, clearing) >= best
    assert is_feasible(problem, clearing)
    assert clearing.status is Status.OPTIMAL
    assert verify(problem, clearing).violations == []


def test_parts_and_all_at_once_prove_each_other_right(
    three: ClearingProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(gap=0.0, seconds=10)
    apart, joined = clear(three, limits), at_once(three, limits, monkeypatch)
    for clearing in (apart, joined):
        assert verify(three, clearing).violations == []
    assert apart.value_micros <= min(joined.bound_micros, joined.mip_bound_micros or joined.bound_micros)
    assert joined.value_micros <= min(apart.bound_micros, apart.mip_bound_micros or apart.bound_micros)
    assert apart.value_micros >= joined.value_micros - (joined.bound_micros - joined.value_micros)


def test_the_gap_of_the_whole_is_what_is_asked_for(three: ClearingProblem) -> None:
    clearing = clear(three, Limits(gap=0.05, seconds=100))
    assert clearing.gap <= 0.05
    assert clearing.status is Status.FEASIBLE
    assert len(clearing.history) < len(clear(three, Limits(gap=0.0, seconds=5)).history)


def test_the_answer_does_not_depend_on_how_many_run_at_a_time(three: ClearingProblem) -> None:
    """A pool of somebody else's is used by one part at a time; here with the very shards of the other."""

    def one_by_one(layout: Layout, limits: Limits) -> ShardPool:
        return LocalShards(layout, limits.workers, limits.shards)

    for gap in (0.02, 0.004):
        limits = Limits(gap=gap, seconds=1000, workers=2, seed=5)
        side, again = clear(three, limits), clear(three, limits)
        assert is_same(side, again)
        assert is_same(side, clear(three, limits, open_pool=one_by_one))


def test_progress_is_of_the_whole_and_never_goes_back(three: ClearingProblem) -> None:
    rows: list[Progress] = []
    clearing = clear(three, Limits(gap=0.003, seconds=100), progress=rows.append)
    for column, reverse in (("seconds", False), ("value_micros", False), ("bound_micros", True)):
        told = [getattr(row, column) for row in rows]
        assert told == sorted(told, reverse=reverse)
    assert clearing.history[:, 1].tolist() == [row.value_micros for row in rows]
    assert (rows[-1].value_micros, rows[-1].bound_micros) == (clearing.value_micros, clearing.bound_micros)


@pytest.mark.parametrize("looks", [1, 5, 40, 200, 600])
def test_cancelled_at_any_look_it_is_right(three: ClearingProblem, looks: int) -> None:
    asked = count()
    clearing = clear(three, Limits(seconds=10**6, gap=0.0), cancelled=lambda: next(asked) >= looks)
    assert verify(three, clearing).violations == []
    assert clearing.value_micros > 0


def test_every_part_has_something_when_the_seconds_run_out(three: ClearingProblem) -> None:
    clearing = clear(three, Limits(seconds=0.001, gap=0.0))
    assert verify(three, clearing).ok
    for part in parts.find_parts(three):
        assert clearing.placed[part.jobs].any()


def test_an_earlier_clearing_is_enough_where_nothing_has_changed(three: ClearingProblem) -> None:
    limits = Limits(gap=0.02, seconds=100)
    earlier = clear(three, limits)
    rows: list[Progress] = []
    again = clear(three, replace(limits, gap=earlier.gap), earlier=earlier, progress=rows.append)
    assert verify(three, again).violations == []
    assert again.value_micros >= earlier.value_micros
    assert again.bound_micros <= earlier.bound_micros
    assert {row.step for row in rows} <= {"earlier prices", "earlier placements", "placed again"} | {
        "polished prices", "placed at polished prices",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_an_earlier_clearing_that_lies_does_no_harm(smallest_parts: None, seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem, _ = shuffled_together([contested_market(seed + number, 4) for number in range(2)], seed)
    jobs, far = problem.jobs + seed - 3, 10**9
    nonsense = Clearing(
        status=Status.OPTIMAL,
        value_micros=10**12,
        bound_micros=-1,
        gap=-7.0,
        chosen=rng.choice([-far, -1, 0, 1, 2, problem.candidates - 1, problem.candidates, far], jobs),
        start_slot=rng.choice([-far, -1, 0, 1, 2, far], jobs),
        price_micros=rng.integers(-1000, 1000, problem.capacity_units.shape),
        power_price_micros=rng.integers(-1000, 1000, problem.node_power_watts.shape),
    )
    clearing = clear(problem, Limits(gap=0.0), earlier=nonsense)
    assert verify(problem, clearing).violations == []
    assert clearing.value_micros == best_value(problem)


def test_an_earlier_clearing_of_another_shape_is_refused(three: ClearingProblem) -> None:
    other = market(1, 40, 8, 8, 3)
    with pytest.raises(ClearingError, match="WRONG_SHAPE"):
        clear(three, earlier=clear(other, Limits(gap=0.5)))


class Broken(Exception):
    """Raised on purpose."""


def test_a_part_that_fails_ends_the_others(three: ClearingProblem) -> None:
    """They would go on for days; the error is the one that was raised."""
    told = count()

    def fail(row: Progress) -> None:
        if next(told) == 12:
            raise Broken(row.step)

    with pytest.raises(Broken):
        clear(three, Limits(seconds=10**6, gap=0.0), progress=fail)


def test_who_waits_is_dropped_after_a_failure() -> None:
    called_off, done = threading.Event(), list[int]()

    def work(item: int) -> None:
        if item == 0:
            raise Broken
        assert called_off.wait(60)
        done.append(item)

    with pytest.raises(Broken):
        side_by_side(work, range(50), 2, called_off.set)
    assert len(done) < 49


def shares_of(efforts: list[float], lanes: int) -> Iterator[float]:
    """What one after the other gets of 10^6 seconds, none of which pass."""
    whole = Stopwatch(10**6)
    shares = TimeShares(whole, efforts, lanes)
    for effort in efforts:
        yield shares.begin(effort).seconds_left() / 10**6
        shares.end(effort)


def test_time_is_shared_by_effort_and_what_is_left_goes_on() -> None:
    assert list(shares_of([1.0], 1)) == pytest.approx([1.0], abs=1e-3)
    assert list(shares_of([2.0, 1.0, 1.0], 1)) == pytest.approx([1 / 2, 1 / 2, 1.0], abs=1e-3)
    assert list(shares_of([1.0, 1.0, 1.0, 1.0], 2)) == pytest.approx([1 / 2, 2 / 3, 1.0, 1.0], abs=1e-3)
