"""On PostgreSQL, where several write at a time: whoever goes by what is not there yet waits for who writes it."""

from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest
from sqlalchemy import text
from test_repeating import meanwhile, wait_for_a_waiter
from toy_market import START, TOLD

from market.desks.desk import Desk
from market.desks.webhooks import MOST_WEBHOOKS, NewWebhook
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, MarketError
from market.domain.parties import Actor, Buyer, Provider, Role
from market.exchange import Exchange
from market.idempotency import AnsweredBefore, Once
from market.persistence.database import Database
from market.persistence.event_log import EVENTS_LOCK
from market.webhooks.addresses import AddressGuard

pytestmark = pytest.mark.postgres
ONCE = Once("key_1", "mine", "hash")
OPERATOR = Actor("key_operator", Role.OPERATOR, None)


@pytest.fixture
def exchange(postgres_database: Database) -> Exchange:
    return Exchange(postgres_database, VirtualClock(START))


def codes_of(exchange: Exchange, *works: Callable[[], object]) -> list[str]:
    """With which codes some of them were refused, that all came as far as they could before any of them was stored."""
    with ExitStack() as working, exchange.database.engine.begin() as before_all:
        before_all.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": EVENTS_LOCK})
        raised = [working.enter_context(meanwhile(work)) for work in works]
        wait_for_a_waiter(exchange.database, len(works))
    return [error.code for errors in raised for error in errors if isinstance(error, MarketError)]


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


def test_the_last_webhook_there_may_be_is_made_once(exchange: Exchange) -> None:
    def create() -> object:
        return exchange.create_webhook(OPERATOR, NewWebhook("https://receiver.example/"), AddressGuard())

    for _ in range(MOST_WEBHOOKS - 1):
        create()
    assert codes_of(exchange, create, create) == ["too_many_webhooks"]


def test_the_first_operator_key_is_made_once(exchange: Exchange) -> None:
    assert codes_of(exchange, *[exchange.create_operator_key] * 2) == ["already_initialised"]


def test_an_id_becomes_a_buyers_or_a_providers(exchange: Exchange) -> None:
    """Their accounts would be one."""
    buyer = Buyer("org_x", "新", "New", "lab", None, TOLD)
    provider = Provider("org_x", "新", "New", "cloud", None, TOLD)
    codes = codes_of(
        exchange, lambda: exchange.register(OPERATOR, buyer), lambda: exchange.register(OPERATOR, provider)
    )
    assert codes == ["duplicate_id"]
