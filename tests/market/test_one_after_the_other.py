"""On PostgreSQL, where several write at a time: whoever goes by what is not there yet waits for who writes it."""

from contextlib import ExitStack, suppress

import pytest
from test_repeating import meanwhile, wait_for_a_waiter
from toy_market import START

from market.desks.desk import Desk
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict
from market.idempotency import AnsweredBefore, Once
from market.persistence.database import Database

pytestmark = pytest.mark.postgres
ONCE = Once("key_1", "mine", "hash")


def test_a_repetition_waits_for_the_first_and_is_answered_like_it(postgres_database: Database) -> None:
    """It is refused by nobody: who is told to try again may do so under another key, and it is done twice."""
    desk = Desk(postgres_database, VirtualClock(START))
    done: list[str] = []

    def repeat() -> None:
        with desk._unit_of_work(once=ONCE):
            done.append("again")

    with ExitStack() as first:
        work = first.enter_context(desk._unit_of_work(once=ONCE))
        work.answer = {"made": "first"}
        with meanwhile(repeat) as raised:
            wait_for_a_waiter(postgres_database)
            first.close()
    assert done == []
    assert isinstance(raised[0], AnsweredBefore)
    assert raised[0].answer == {"made": "first"}


def test_a_repetition_is_carried_out_where_the_first_was_not(postgres_database: Database) -> None:
    desk = Desk(postgres_database, VirtualClock(START))
    done: list[str] = []

    def repeat() -> None:
        with desk._unit_of_work(once=ONCE):
            done.append("again")

    with ExitStack() as waiting, suppress(Conflict), desk._unit_of_work(once=ONCE):
        raised = waiting.enter_context(meanwhile(repeat))
        wait_for_a_waiter(postgres_database)
        raise Conflict("refused", "the first is refused")
    assert (raised, done) == ([], ["again"])
