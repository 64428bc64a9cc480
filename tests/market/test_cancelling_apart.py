"""A clearing in the solver's process that nobody wants any more ends early, and the process goes on with the next."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from random_markets import market

from market.clearing.solver_process import ClearingCancelled, SolverProcess
from solver import Limits, Progress, verify

pytestmark = pytest.mark.slow

PROBLEM = market(seed=3, jobs=400)
ENDLESS = Limits(seconds=10**6, gap=0.0, workers=1)
"""No test would live to see its end."""


@pytest.fixture(scope="module")
def solver() -> Iterator[SolverProcess]:
    with closing(SolverProcess()) as process:
        yield process


def test_one_that_is_cancelled_while_it_is_solved_ends_and_is_right(solver: SolverProcess) -> None:
    told: list[Progress] = []
    clearing = solver(PROBLEM, ENDLESS, report=told.append, cancelled=lambda: bool(told))
    assert verify(PROBLEM, clearing).ok
    assert told


def test_the_next_one_is_not_cancelled_with_it(solver: SolverProcess) -> None:
    solver(PROBLEM, ENDLESS, cancelled=lambda: True)
    told: list[Progress] = []
    small = market(2, 60, 8, 8, 3)
    clearing = solver(small, Limits(seconds=5), report=told.append, cancelled=lambda: False)
    assert clearing.value_micros > 0
    assert {row.step for row in told} > {"prices"}


def test_one_that_waits_its_turn_and_is_cancelled_never_begins(solver: SolverProcess) -> None:
    told, given_up = threading.Event(), threading.Event()
    first = threading.Thread(
        target=lambda: solver(PROBLEM, ENDLESS, report=lambda _: told.set(), cancelled=given_up.is_set)
    )
    first.start()
    assert told.wait(120)
    with pytest.raises(ClearingCancelled):
        solver(PROBLEM, ENDLESS, cancelled=lambda: True)
    given_up.set()
    first.join()
