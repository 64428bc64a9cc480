"""Whoever watches the exchange is told what happened; the solver process ends when it is told to."""

import logging
from contextlib import closing
from dataclasses import replace
from multiprocessing import Pipe

import pytest
from random_markets import market
from toy_market import FREE, HOUR, SCENARIO, START, terms

from market.clearing.reporting import tell_through
from market.clearing.solver_process import SolverProcess
from market.clearing.solving import solve_here
from market.domain.clock import VirtualClock
from market.domain.errors import Unavailable
from market.domain.parties import Actor, Role
from market.domain.states import RoundState
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.rounds.steps import EXCHANGE_STOPPED, as_stored
from market.watching import OrdersAnswered, RoundEnded, Searching, Seen, StepDone
from solver import Clearing, ClearingProblem, Limits, Progress

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
REQUEST = RoundRequest(FREE, limits=Limits(seconds=5, workers=1))


@pytest.fixture
def exchange(sqlite_database: Database) -> Exchange:
    opened = Exchange(sqlite_database, VirtualClock(START))
    opened.load_scenario(SCENARIO)
    return opened


@pytest.fixture
def seen(exchange: Exchange) -> list[Seen]:
    told: list[Seen] = []
    exchange.watch.tell_to(told.append)
    return told


def test_orders_and_every_step_of_a_round_are_told(exchange: Exchange, seen: list[Seen]) -> None:
    good = Submission("buy_toy", terms(100))
    nobody = Submission("buy_nobody", terms(100))
    exchange.submit_orders(OPERATOR, [good, nobody, nobody])
    assert seen == [OrdersAnswered(1, {"unknown_buyer": 2})]
    seen.clear()
    landed = exchange.clear_round(OPERATOR, REQUEST)
    *steps, end = seen
    assert [step.step for step in steps if isinstance(step, StepDone)] == [
        *("freeze", "build", "solve", "verify", "read", "land")
    ]
    assert {
        (step.round_id, step.failed, step.seconds >= 0) for step in steps if isinstance(step, StepDone)
    } == {(landed.id, False, True)}
    assert end == RoundEnded(landed)


def test_a_round_that_fails_is_told_after_it_is_stored(sqlite_database: Database) -> None:
    def broken(_problem: ClearingProblem, _limits: Limits) -> Clearing:
        raise RuntimeError("no")

    exchange, told = Exchange(sqlite_database, VirtualClock(START), broken), []
    exchange.load_scenario(SCENARIO)
    exchange.watch.tell_to(told.append)
    with pytest.raises(RuntimeError):
        exchange.clear_round(OPERATOR, REQUEST)
    *_, solve, end = told
    assert (solve.step, solve.failed) == ("solve", True)
    assert end.round.state is RoundState.FAILED


def test_a_round_that_breaks_off_after_its_commit_is_told_once_as_it_landed(
    exchange: Exchange, seen: list[Seen]
) -> None:
    opened = exchange.open_round(OPERATOR, REQUEST)
    id_ = opened.round.id

    def break_off() -> None:
        if as_stored(exchange.database, id_).state is RoundState.LANDED:
            raise KeyboardInterrupt

    exchange.bell.hear(break_off)
    with pytest.raises(KeyboardInterrupt) as broke_off:
        exchange.finish_round(opened)
    assert broke_off.value.__notes__ == [f"round {id_} is not clearing any more"]
    assert [one for one in seen if isinstance(one, RoundEnded)] == [
        RoundEnded(as_stored(exchange.database, id_))
    ]
    assert exchange.database.round_lock.take(), "the place for rounds is free"


def test_a_round_that_another_exchange_took_over_is_told_once_by_whoever_cleared_it(
    sqlite_database: Database,
) -> None:
    def takes_over(_problem: ClearingProblem, _limits: Limits) -> Clearing:
        exchange.database.round_lock.release()  # as a connection that is lost does
        other.abandon_interrupted_round()
        raise RuntimeError("no")

    exchange, other = (Exchange(sqlite_database, VirtualClock(START), takes_over) for _ in range(2))
    told: list[Seen] = []
    exchange.load_scenario(SCENARIO)
    for one in (exchange, other):
        one.watch.tell_to(told.append)
    with pytest.raises(RuntimeError):
        exchange.clear_round(OPERATOR, REQUEST)
    (ended,) = [one.round for one in told if isinstance(one, RoundEnded)]
    assert (ended.state, ended.failure) == (RoundState.FAILED, EXCHANGE_STOPPED)


def test_a_watcher_that_fails_does_no_harm(exchange: Exchange, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_seen: Seen) -> None:
        raise RuntimeError("no")

    exchange.watch.tell_to(broken)
    with caplog.at_level(logging.CRITICAL, "market.watching"):
        assert exchange.clear_round(OPERATOR, REQUEST).state is RoundState.LANDED


def test_an_exchange_that_stops_takes_no_more_rounds(exchange: Exchange) -> None:
    opened = exchange.open_round(OPERATOR, REQUEST)
    exchange.take_no_more_rounds()
    with pytest.raises(Unavailable) as refused:
        exchange.open_round(OPERATOR, REQUEST)
    assert refused.value.code == "exchange_stopping"
    assert exchange.finish_round(opened).state is RoundState.LANDED


def test_the_search_is_told_as_it_goes_on(exchange: Exchange, seen: list[Seen]) -> None:
    exchange.submit_orders(OPERATOR, [Submission("buy_toy", terms(100))])
    landed = exchange.clear_round(OPERATOR, REQUEST)
    rows = [one for one in seen if isinstance(one, Searching)]
    assert [(row.value_micros, row.bound_micros) for row in rows] == [
        (value, bound) for _, value, bound in landed.figures["history"]
    ]
    assert {row.round_id for row in rows} == {landed.id}
    assert (rows[-1].value_micros, rows[-1].bound_micros) == (landed.value_micros, landed.bound_micros)
    solved = next(n for n, one in enumerate(seen) if isinstance(one, StepDone) and one.step == "solve")
    assert all(seen.index(row) < solved for row in rows)


def test_what_is_told_leaves_out_the_bonus_of_what_may_be_moved(exchange: Exchange, seen: list[Seen]) -> None:
    moving = replace(FREE, may_move=True)
    late = replace(terms(100), interruptible=True, earliest_start=START + 2 * HOUR)
    exchange.submit_orders(OPERATOR, [Submission("buy_toy", late)])
    exchange.clear_round(OPERATOR, replace(REQUEST, policy=moving))
    seen.clear()
    landed = exchange.clear_round(OPERATOR, replace(REQUEST, policy=moving))
    assert landed.figures["movable"] == 1
    last = [one for one in seen if isinstance(one, Searching)][-1]
    assert last.value_micros <= last.bound_micros == landed.bound_micros


@pytest.mark.slow
def test_another_process_tells_the_same() -> None:
    problem, limits = market(3, 60, 8, 8, 3), Limits(seconds=120, gap=0.05)
    here: list[Progress] = []
    alone = solve_here(problem, limits, report=here.append)
    with closing(SolverProcess()) as solver:
        told: list[Progress] = []
        for _ in range(2):  # the second one hears nothing of the first
            told.clear()
            clearing = solver(problem, limits, report=told.append)
            assert clearing.value_micros == alone.value_micros
            assert [row._replace(seconds=0) for row in told] == [row._replace(seconds=0) for row in here]
        assert solver(problem, limits).value_micros == alone.value_micros


def test_a_pipe_that_nobody_reads_makes_nobody_wait() -> None:
    reader, writer = Pipe(duplex=False)
    tell, rows = tell_through(writer), 5000
    for number in range(rows):
        tell(Progress("improve", float(number), number, number))
    kept = 0
    while reader.poll():
        assert reader.recv().value_micros == kept
        kept += 1
    assert 100 < kept < rows
