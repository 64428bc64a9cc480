"""Rounds that are cleared in a process of their own: the same as cleared here, told here, closed here when it dies."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from databases import Databases
from toy_market import FREE, SCENARIO, START, terms

from market.clearing.solve_on import SolveOn
from market.domain.clock import VirtualClock
from market.domain.errors import InvalidInput, MarketError, NotPermitted, Unavailable
from market.domain.parties import Actor, Role
from market.domain.rounds import Round
from market.domain.states import OrderState, RoundState
from market.exchange import AnsweredBefore, Exchange, Once, OpenedRound, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.persistence.store import Store
from market.round_desks.apart import OpenedApart, RoundsApart
from market.round_desks.child import ChildTerms
from market.round_desks.desk import RoundDesk, RoundsHere
from market.round_desks.line import Line, LineDead
from market.round_desks.wire import sendable
from market.watching import RoundEnded, Searching, Seen, StepDone, Watch
from solver import Engine, Limits

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
LIMITS = Limits(seconds=300, workers=1)
REQUEST = RoundRequest(replace(FREE, name="free"), limits=LIMITS)
Desks = tuple[Exchange, RoundsApart]


def toy_exchange(database: Database) -> Exchange:
    exchange = Exchange(database, VirtualClock(START))
    exchange.load_scenario(SCENARIO)
    return exchange


def desk_of(exchange: Exchange) -> RoundsApart:
    """Its process shares the clock, which stands still."""
    return RoundsApart(exchange, ChildTerms(exchange.database.url, exchange.clock))


@pytest.fixture
def apart(sqlite_database: Database) -> Iterator[Desks]:
    exchange = toy_exchange(sqlite_database)
    with closing(desk_of(exchange)) as rounds:
        yield exchange, rounds


def what_landed(exchange: Exchange, rounds: RoundDesk) -> Any:
    """Figures, grants and reasons of a round of the toy market, without ids."""
    asked = [terms(40 + 9 * n, 20, START, units=1 + n % 4, hours=1 + n % 5) for n in range(30)]
    orders = exchange.submit_orders(OPERATOR, [Submission("buy_toy", one) for one in asked])
    round_ = rounds.open(OPERATOR, REQUEST).finish()
    names = {order.id: number for number, order in enumerate(orders)}  # type: ignore[union-attr]
    with exchange.database.reading() as session:
        work = Store(session)
        granted = work.rounds.page_allocations(PageRequest(limit=1000), {}).items
        unplaced = [work.orders.explanation(id_) for id_ in names]
    return (
        (round_.state, round_.value_micros, round_.bound_micros, round_.placed),
        sorted((names[a.order_id], a.offering_id, a.starts_at, a.price_micros) for a in granted),
        [None if one is None else (one.code, one.reasons, one.smallest_change) for one in unplaced],
    )


@pytest.mark.slow
def test_it_is_the_same_and_told_the_same_as_cleared_here(
    sqlite_databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    outcomes, stories = [], []
    for make in (desk_of, RoundsHere):
        with sqlite_databases.migrated() as url, closing(Database(url)) as database:
            exchange = toy_exchange(database)
            told: list[tuple[Seen, threading.Thread]] = []
            rings: list[None] = []
            exchange.watch.tell_to(lambda seen, told=told: told.append((seen, threading.current_thread())))  # type: ignore[misc]
            exchange.bell.hear(lambda rings=rings: rings.append(None))  # type: ignore[misc]
            with closing(make(exchange)) as rounds:  # type: ignore[operator]
                before = len(rings)
                outcomes.append(what_landed(exchange, rounds))
                assert len(rings) > before + 1, "what is committed there is heard here"
            assert {thread for _, thread in told} == {threading.current_thread()}, "whose request it is"
            stories.append([seen for seen, _ in told])
    assert outcomes[0] == outcomes[1]
    assert any(reasons is not None for reasons in outcomes[0][2])
    there, here = ([_without_times(seen) for seen in story] for story in stories)
    assert there == here
    assert [seen for seen in there if isinstance(seen, str)][:2] == ["freeze", "build"]


def _without_times(seen: Seen) -> object:
    match seen:
        case StepDone(step=step, failed=False):
            return step
        case Searching(step=step, value_micros=value, bound_micros=bound):
            return step, value, bound
        case RoundEnded(round=ended):
            return ended.state, ended.placed
        case other:
            return other


@pytest.mark.slow
def test_what_is_refused_there_is_refused_here(apart: Desks) -> None:
    exchange, rounds = apart
    once = Once("key_operator", "round-1", "hash")
    with pytest.raises(NotPermitted):
        rounds.open(Actor("key_buyer", Role.BUYER, "buy_toy"), REQUEST)
    assert process_of(rounds) is None, "nobody else has a process started"
    with pytest.raises(InvalidInput) as refused:
        rounds.open(OPERATOR, replace(REQUEST, slots=0))
    assert refused.value.code == "invalid_slots"
    assert "in horizon" in str(refused.value.__cause__), "the log tells where"
    opened = rounds.open(OPERATOR, REQUEST, once)
    assert refused_code(lambda: rounds.open(OPERATOR, REQUEST)) == "round_in_progress"
    with pytest.raises(AnsweredBefore) as before:
        rounds.open(OPERATOR, REQUEST, once)
    assert before.value.answer == {"round_id": opened.round.id}
    rounds.take_no_more()
    assert refused_code(lambda: rounds.open(OPERATOR, REQUEST)) == "exchange_stopping"
    assert opened.finish().state is RoundState.LANDED
    rounds.close()
    assert refused_code(rounds.require_usable) == "exchange_stopped"
    assert exchange.database.round_lock.take()


@pytest.mark.slow
def test_a_process_that_dies_takes_its_round_with_it_and_is_replaced(apart: Desks) -> None:
    exchange, rounds = apart
    told: list[Seen] = []
    exchange.watch.tell_to(told.append)
    exchange.submit_orders(OPERATOR, [Submission("buy_toy", terms(100))])
    opened = stopped_round(rounds)
    assert opened.line.process_id is not None
    killing = threading.Timer(0.2, os.kill, (opened.line.process_id, signal.SIGKILL))
    killing.start()
    assert refused_code(opened.finish) == "solver_died"
    killing.join()
    assert_failed(exchange, opened, "solver_died: Unavailable")
    ended = told[-1]
    assert isinstance(ended, RoundEnded)
    assert (ended.round.id, ended.round.state) == (opened.round.id, RoundState.FAILED)
    rounds.require_usable()
    assert rounds.open(OPERATOR, REQUEST).finish().placed == 1


@pytest.mark.slow
def test_one_that_is_given_up_fails_and_its_orders_wait(apart: Desks) -> None:
    """The process is stopped in its tracks, so the round cannot end but by being given up."""
    exchange, rounds = apart
    exchange.submit_orders(OPERATOR, [Submission("buy_toy", terms(100))])
    opened = stopped_round(rounds)
    giving_up = threading.Timer(0.2, rounds.give_up)
    giving_up.start()
    assert refused_code(opened.finish) == "exchange_stopped"
    giving_up.join()
    assert_failed(exchange, opened, "exchange_stopped")
    assert refused_code(rounds.require_usable) == "exchange_stopped"


@pytest.mark.slow
def test_one_that_dies_before_it_says_what_it_opened_leaves_the_place_free(apart: Desks) -> None:
    exchange, rounds = apart
    rounds.open(OPERATOR, REQUEST).finish()
    process = process_of(rounds)
    assert process is not None
    os.kill(process, signal.SIGSTOP)
    killing = threading.Timer(0.2, os.kill, (process, signal.SIGKILL))
    killing.start()
    assert refused_code(lambda: rounds.open(OPERATOR, REQUEST)) == "solver_died"
    killing.join()
    assert exchange.database.round_lock.take()


class Dying(Line):
    """Its process is an exchange that clears and tells, and is no more before it answers."""

    def __init__(self, there: Exchange, opened: OpenedRound) -> None:
        self._there, self._opened = there, opened

    def ask(self, _asked: object) -> Round:
        self._there.finish_round(self._opened)
        raise LineDead


def test_an_end_that_was_told_before_the_process_died_is_not_told_again(apart: Desks) -> None:
    exchange, rounds = apart
    told: list[Seen] = []
    exchange.watch.tell_to(told.append)
    there = Exchange(exchange.database, exchange.clock)
    for hears in (True, False):  # the second time it dies before it tells
        opened = there.open_round(OPERATOR, REQUEST)
        if hears:
            there.watch.tell_to(rounds._tell)
        else:
            there.watch = Watch()
        ended = OpenedApart(opened.round, rounds, Dying(there, opened)).finish()
        assert ended.state is RoundState.LANDED
        assert [one.round for one in told if isinstance(one, RoundEnded)] == [ended]
        told.clear()


class Away(SolveOn):
    """On a cluster that is not there."""

    def connect(self) -> None:
        raise Unavailable("cluster_unavailable", "nobody listens")


def test_a_round_that_was_asked_for_before_is_told_where_no_cluster_is_there_for_another(
    sqlite_database: Database,
) -> None:
    once = Once("me", "key", "hash")
    Exchange(sqlite_database, VirtualClock(START)).clear_round(OPERATOR, REQUEST, once)
    with closing(Away(Engine())) as away:
        exchange = Exchange(sqlite_database, VirtualClock(START), away)
        with pytest.raises(AnsweredBefore):
            exchange.clear_round(OPERATOR, REQUEST, once)
        with pytest.raises(Unavailable, match="nobody listens"):
            exchange.clear_round(OPERATOR, REQUEST, Once("me", "another", "hash"))
    assert exchange.database.round_lock.take(), "nothing was opened"


class Unsendable(Exception):
    def __init__(self, _one: int, _other: int) -> None:
        super().__init__("no")


def test_an_error_that_does_not_survive_the_way_is_told_in_words() -> None:
    assert repr(sendable(Unsendable(1, 2))) == "RuntimeError('Unsendable: no')"
    error = Unavailable("solver_died", "gone")
    assert sendable(error) is error


def stopped_round(rounds: RoundsApart) -> OpenedApart:
    """Opened in a process that does nothing any more."""
    opened = rounds.open(OPERATOR, REQUEST)
    assert opened.line.process_id is not None
    os.kill(opened.line.process_id, signal.SIGSTOP)
    return opened


def process_of(rounds: RoundsApart) -> int | None:
    assert rounds._line is not None
    return rounds._line.process_id


def refused_code(ask: Callable[[], object]) -> str:
    with pytest.raises(MarketError) as refused:
        ask()
    return refused.value.code


def assert_failed(exchange: Exchange, opened: OpenedApart, failure: str) -> None:
    """Stored at once, not at the next start; nothing is lost, and the place is free."""
    with exchange.database.reading() as session:
        store = Store(session)
        failed = store.rounds.get(opened.round.id)
        assert failed is not None
        assert (failed.state, failed.failure) == (RoundState.FAILED, failure)
        (order,) = store.orders.page(PageRequest(limit=10)).items
        assert order.state is OrderState.OPEN
    assert exchange.database.round_lock.take(), "the place for rounds is free"
    exchange.database.round_lock.release()
