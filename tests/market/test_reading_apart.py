"""What a round comes to is read in the solver's process where there is one, and is the same as read here."""

import os
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from toy_market import FREE, SCENARIO, START, terms

from market.clearing.solving import Solve, SolverProcess, apart, solve_here
from market.domain.clock import VirtualClock
from market.domain.errors import Unavailable
from market.domain.parties import Actor, Role
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.persistence.store import Store
from solver import Limits

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
LIMITS = Limits(seconds=300, workers=1)


def what_landed(database: Database, solve: Solve) -> Any:
    """Figures, grants and reasons of a round of the toy market, without ids."""
    clock = VirtualClock(START)
    exchange = Exchange(database, clock, solve)
    exchange.load_scenario(SCENARIO)
    asked = [terms(40 + 9 * n, 20, START, units=1 + n % 4, hours=1 + n % 5) for n in range(30)]
    orders = exchange.submit_orders(OPERATOR, [Submission("buy_toy", one) for one in asked])
    round_ = exchange.clear_round(OPERATOR, RoundRequest(replace(FREE, name="free"), limits=LIMITS))
    names = {order.id: number for number, order in enumerate(orders)}  # type: ignore[union-attr]
    with database.reading() as session:
        work = Store(session)
        granted = work.rounds.page_allocations(PageRequest(limit=1000), {}).items
        unplaced = [work.orders.explanation(id_) for id_ in names]
    return (
        (round_.state, round_.value_micros, round_.bound_micros, round_.placed),
        sorted((names[a.order_id], a.offering_id, a.starts_at, a.price_micros) for a in granted),
        [None if one is None else (one.code, one.reasons, one.smallest_change) for one in unplaced],
    )


def test_it_is_the_same_as_read_here(
    sqlite_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = f"sqlite:///{tmp_path_factory.mktemp('other') / 'market.db'}"
    with closing(Database(other)) as database, closing(SolverProcess()) as process:
        database.upgrade()
        there = what_landed(database, process)
    here = what_landed(sqlite_database, solve_here)
    assert there == here
    assert any(reasons is not None for reasons in here[2])


def process_id() -> int:
    return os.getpid()


def test_work_is_lent_to_the_process_and_done_here_without_one() -> None:
    with closing(SolverProcess()) as process:
        lent = apart(process, process_id)()
        assert lent == apart(process, process_id)() != process_id()
    assert apart(solve_here, process_id)() == process_id()
    with pytest.raises(Unavailable) as refusal:
        apart(process, process_id)()
    assert refusal.value.code == "exchange_stopped"
