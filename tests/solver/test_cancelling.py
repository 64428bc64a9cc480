"""A clear that is cancelled ends at the next look at the stopwatch, with the best so far and a proof of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from random_markets import market, tiny_market

from solver import ClearingProblem, Limits, Progress, Status, clear, exact, verify
from solver.floor import empty_floor, worth
from solver.layout import Layout, build_layout, room_of
from solver.prices import no_prices
from solver.stopwatch import Stopwatch

ENDLESS = Limits(seconds=10**6, gap=0.0)


def test_a_stopwatch_is_up_when_it_is_cancelled_and_so_are_its_parts() -> None:
    cancelled = threading.Event()
    whole = Stopwatch(10**6, cancelled.is_set)
    part = whole.part(0.5)
    assert not whole.is_up()
    assert not part.is_up()
    assert 0 < part.seconds_left() < whole.seconds_left()
    assert list(whole.until_up([1, 2])) == [1, 2]
    cancelled.set()
    assert whole.is_up()
    assert part.is_up()
    assert whole.seconds_left() == part.seconds_left() == 0
    assert list(whole.until_up([1, 2])) == [1]


def test_cancelled_from_the_start_it_still_answers() -> None:
    problem = market(1, 60, 8, 8, 3)
    clearing = clear(problem, ENDLESS, cancelled=lambda: True)
    assert verify(problem, clearing).violations == []
    assert clearing.status is Status.FEASIBLE
    assert clearing.value_micros > 0
    assert len(clearing.history) < len(clear(problem, Limits(gap=0.0, seconds=5)).history)


def test_what_is_proved_when_cancelled_is_optimal_all_the_same() -> None:
    problem = replace(tiny_market(2), value_micros=np.zeros(6, dtype=np.int64))
    clearing = clear(
        replace(problem, unit_cost_micros=problem.unit_cost_micros * 0 + 1000), cancelled=lambda: True
    )
    assert (clearing.status, clearing.gap) == (Status.OPTIMAL, 0.0)


@pytest.mark.parametrize("looks", [1, 5, 40, 200, 600])
def test_cancelled_at_any_look_it_is_right(looks: int) -> None:
    """The clear would run for ever; where it asks once more after the answer is yes, the answer stays yes."""
    problem, asked = market(2, 60, 8, 8, 3), count()
    clearing = clear(problem, ENDLESS, cancelled=lambda: next(asked) >= looks)
    assert verify(problem, clearing).violations == []
    assert clearing.value_micros > 0


@pytest.mark.parametrize(
    ("last", "never"),
    [
        ("value_density", "first_come_cheapest"),
        ("prices", "dive by value"),
        ("dive by work", "dive by value"),
    ],
)
def test_no_step_begins_that_needs_not(last: str, never: str) -> None:
    """Cancelled in the middle of one step, the clear leaves the next ones out."""
    rows: list[Progress] = []
    problem = market(3, 80, 8, 8, 3)
    clear(problem, ENDLESS, progress=rows.append, cancelled=lambda: any(row.step == last for row in rows))
    steps = [row.step for row in rows]
    assert last in steps
    assert never not in steps


def test_a_warm_start_obeys_too() -> None:
    problem = market(4, 60, 8, 8, 3)
    earlier = clear(problem, Limits(gap=0.05))
    clearing = clear(problem, ENDLESS, earlier=earlier, cancelled=lambda: True)
    assert verify(problem, clearing).violations == []
    assert clearing.value_micros >= earlier.value_micros
    assert clearing.bound_micros <= earlier.bound_micros


class NothingKnown:
    """An empty floor at zero prices."""

    def __init__(self, problem: ClearingProblem, layout: Layout) -> None:
        self.floor, self.prices = empty_floor(problem), no_prices(problem)
        self.room = room_of(layout, problem.capacity_units, problem.node_power_watts)


@pytest.mark.timeout(120)
def test_a_running_exact_search_is_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the cancel could end this search: it has no other limit, and days of work before it."""
    monkeypatch.setattr(exact, "DETERMINISTIC_SECONDS", 1e9)
    monkeypatch.setattr(exact, "MOST_COLUMNS", 10**9)
    problem = market(5, 120, 12, 10, 4)
    layout, asked = build_layout(problem), count()
    stopwatch = Stopwatch(10**6, lambda: next(asked) >= 10)
    found = exact.finish(problem, layout, NothingKnown(problem, layout), Limits(workers=1), stopwatch)
    assert next(asked) >= 10
    assert found.bound_micros is None or found.bound_micros > worth(problem, layout, found.floor)


def test_an_exact_search_that_had_no_time_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """CP-SAT says 0 where it has no bound: the floor it was given would have passed for optimal."""
    monkeypatch.setattr(exact, "MOST_COLUMNS", 10**9)
    problem = market(5, 120, 12, 10, 4)
    layout, over = build_layout(problem), Stopwatch(10**6, lambda: True)
    found = exact.finish(problem, layout, NothingKnown(problem, layout), Limits(workers=1), over)
    assert found.bound_micros is None


@pytest.mark.parametrize("jobs", [8, 2_000])
def test_an_exact_search_that_would_be_too_large_is_not_written_down(jobs: int) -> None:
    """A job with 500 candidates has 84,000 places in a week: all jobs together, gigabytes."""
    candidates, slots = 500, 168
    problem = ClearingProblem(
        capacity_units=np.ones((candidates, slots), np.int64),
        unit_cost_micros=np.ones((candidates, slots), np.int64),
        offering_node=np.zeros(candidates, np.int32),
        facility_watts_per_unit=np.zeros(candidates, np.int64),
        node_power_watts=np.zeros((1, slots), np.int64),
        job_profile=np.zeros(jobs, np.int32),
        job_scale=np.ones(jobs, np.int64),
        value_micros=np.full(jobs, 1000),
        first_slot=np.zeros(jobs, np.int32),
        end_slot=np.full(jobs, slots, np.int32),
        profile_start=np.array([0, candidates]),
        candidate_offering=np.arange(candidates, dtype=np.int32),
        candidate_slots=np.ones(candidates, np.int32),
        candidate_units=np.ones(candidates, np.int64),
        candidate_fixed_micros=np.zeros(candidates, np.int64),
    )
    layout = build_layout(problem)
    known = NothingKnown(problem, layout)
    columns = exact.columns_worth_a_look(problem, layout, known, 0, most=10_000)
    assert 10_000 < columns.job.size <= 10_000 + candidates * slots
    assert exact.finish(problem, layout, known, Limits(), Stopwatch(10**6)).bound_micros is None
