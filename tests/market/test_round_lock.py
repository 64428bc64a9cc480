"""Two exchanges on one database: a round that clears is left alone, one that died with its exchange is not."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from promises_kept import broken_promises
from sqlalchemy import text
from toy_market import FREE, SCENARIO, terms

from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, InvalidInput
from market.domain.parties import Actor, Role
from market.domain.states import RoundState
from market.enquiries.desk import Enquiries
from market.exchange import AnsweredBefore, Exchange, Once, RoundRequest, Submission
from market.persistence.database import Database

ROUND = RoundRequest(policy=FREE)


@pytest.fixture
def other(exchange: Exchange, clock: VirtualClock) -> Iterator[Exchange]:
    """A second exchange on the same database; closing its database is what the end of its process does."""
    database = Database(exchange.database.url)
    yield Exchange(database, clock)
    database.close()


def refused_as_in_progress(exchange: Exchange, operator: Actor) -> bool:
    with pytest.raises(Conflict) as refusal:
        exchange.open_round(operator, ROUND)
    return refusal.value.code == "round_in_progress"


def test_a_round_that_clears_elsewhere_is_left_alone(
    exchange: Exchange, other: Exchange, operator: Actor, buyer: Actor
) -> None:
    exchange.submit_orders(buyer, [Submission("buy_toy", terms())])
    opened = exchange.open_round(operator, ROUND)
    assert other.abandon_interrupted_round() is None  # as a second `suanli serve` does when it starts
    assert refused_as_in_progress(other, operator)
    assert refused_as_in_progress(exchange, operator)
    landed = exchange.finish_round(opened)
    assert (landed.state, landed.placed) == (RoundState.LANDED, 1)
    assert other.clear_round(operator, ROUND).state is RoundState.LANDED
    assert exchange.clear_round(operator, ROUND).state is RoundState.LANDED


def test_a_round_whose_exchange_is_gone_is_abandoned_at_the_next_start(
    exchange: Exchange, other: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    exchange.submit_orders(buyer, [Submission("buy_toy", terms())])
    cut_off = other.open_round(operator, ROUND).round
    other.database.close()
    abandoned = exchange.abandon_interrupted_round()
    assert abandoned is not None
    assert enquiries.round(cut_off.id) == abandoned
    assert (abandoned.state, abandoned.failure) == (RoundState.FAILED, "exchange_stopped")
    assert exchange.abandon_interrupted_round() is None
    assert exchange.clear_round(operator, ROUND).placed == 1


def test_a_round_whose_exchange_is_gone_does_not_block_the_next_one(
    exchange: Exchange, other: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    exchange.submit_orders(buyer, [Submission("buy_toy", terms())])
    cut_off = other.open_round(operator, ROUND).round
    other.database.close()
    assert exchange.clear_round(operator, ROUND).placed == 1
    assert enquiries.round(cut_off.id).state is RoundState.FAILED


def test_a_round_that_is_refused_or_asked_for_again_keeps_no_place(
    exchange: Exchange, other: Exchange, operator: Actor
) -> None:
    with pytest.raises(InvalidInput):
        exchange.open_round(operator, RoundRequest(slots=0))
    once = Once(operator.key_id, "k", "hash")
    opened = other.open_round(operator, ROUND, once)
    with pytest.raises(AnsweredBefore):  # and not `round_in_progress`: it is this very round
        exchange.open_round(operator, ROUND, once)
    assert other.finish_round(opened).state is RoundState.LANDED
    assert exchange.clear_round(operator, ROUND).state is RoundState.LANDED


def test_a_round_whose_lock_was_lost_lands_not_once_another_has_taken_over(
    postgres_database: Database, clock: VirtualClock
) -> None:
    """PostgreSQL is restarted, or cuts the connection, while a round solves: there is nobody to tell it at once."""
    here = Exchange(postgres_database, clock)
    here.load_scenario(SCENARIO)
    operator = here.authenticate(here.create_operator_key())
    buyer = here.authenticate(here.issue_key(operator, Role.BUYER, "buy_toy"))
    here.submit_orders(buyer, [Submission("buy_toy", terms())])
    stale = here.open_round(operator, ROUND)
    with closing(Database(postgres_database.url)) as database:
        elsewhere = Exchange(database, clock)
        assert refused_as_in_progress(elsewhere, operator)
        cut_off_holders(database)
        assert elsewhere.clear_round(operator, ROUND).placed == 1
        with pytest.raises(Conflict) as refused:
            here.finish_round(stale)
        assert refused.value.code == "round_over"
        enquiries = Enquiries(database, clock)
        ended = enquiries.round(stale.round.id)
        assert (ended.state, ended.failure) == (RoundState.FAILED, "exchange_stopped")
        assert broken_promises(database) == []
        assert here.clear_round(operator, ROUND).state is RoundState.LANDED


def test_a_round_whose_lock_was_lost_lands_where_nobody_took_over(
    postgres_database: Database, clock: VirtualClock
) -> None:
    here = Exchange(postgres_database, clock)
    here.load_scenario(SCENARIO)
    operator = here.authenticate(here.create_operator_key())
    opened = here.open_round(operator, ROUND)
    cut_off_holders(postgres_database)
    assert here.finish_round(opened).state is RoundState.LANDED
    assert here.clear_round(operator, ROUND).state is RoundState.LANDED


def cut_off_holders(database: Database) -> None:
    """End every session that keeps a lock on a round."""
    ended = text("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'")
    with database.engine.connect() as connection:
        assert connection.execute(ended).scalars().all() == [True]


@pytest.mark.slow
def test_a_killed_exchange_leaves_no_lock(exchange: Exchange, enquiries: Enquiries, operator: Actor) -> None:
    program = (
        "import sys, time\n"
        "from market.domain.clock import VirtualClock\n"
        "from market.domain.parties import Actor, Role\n"
        "from market.exchange import Exchange, RoundRequest\n"
        "from market.persistence.database import Database\n"
        "from toy_market import START\n"
        "exchange = Exchange(Database(sys.argv[1]), VirtualClock(START))\n"
        "print(exchange.open_round(Actor('test', Role.OPERATOR, None), RoundRequest()).round.id, flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{program}"]
    with subprocess.Popen([*command, exchange.database.url], stdout=subprocess.PIPE, text=True) as clearing:
        assert clearing.stdout is not None
        round_id = clearing.stdout.readline().strip()
        try:
            assert exchange.abandon_interrupted_round() is None
            assert refused_as_in_progress(exchange, operator)
            assert enquiries.round(round_id).state is RoundState.CLEARING
        finally:
            clearing.send_signal(signal.SIGKILL)
        clearing.wait(60)
    for _ in range(100):  # PostgreSQL notices the end of a session, not of a process
        try:
            assert exchange.clear_round(operator, ROUND).state is RoundState.LANDED
            break
        except Conflict:
            time.sleep(0.1)
    assert enquiries.round(round_id).failure == "exchange_stopped"
