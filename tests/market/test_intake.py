"""A single order that waits for a round: stored in one way to the database and back, refused like any other."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from toy_market import SCENARIO, START, terms

from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, MarketError
from market.domain.ledger import Account, AccountKind
from market.domain.orders import Order
from market.domain.parties import Actor
from market.exchange import AnsweredBefore, Exchange, Once, Submission
from market.persistence.database import Database
from market.persistence.event_log import EventLog
from market.persistence.ledger_store import LedgerStore
from market.persistence.opened import opened_of
from market.persistence.server_terms import ServerTerms
from market.persistence.store import Store
from market.persistence.together import committed_together

CNY = 10**6
ACCOUNT = "acc_buy_toy"
ROW = "INSERT INTO accounts (id, kind, owner_id, debits_micros, credits_micros) VALUES ('acc_{}', 'buyer', 'x', 0, 0)"


def send(exchange: Exchange, actor: Actor, limit_cny: int, once: Once | None = None) -> Order | MarketError:
    (answer,) = exchange.submit_orders(actor, [Submission("buy_toy", terms(limit_cny=limit_cny))], once)
    return answer


def count(database: Database, table: str) -> int:
    with database.reading() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 - ours


def test_what_its_credit_does_not_cover_is_refused_with_what_is_left(
    exchange: Exchange, operator: Actor, buyer: Actor
) -> None:
    exchange.set_credit_limit(operator, ACCOUNT, 100 * CNY)
    assert isinstance(send(exchange, buyer, 70), Order)
    for _ in range(2):  # the second time somebody looks first
        refused = send(exchange, buyer, 31)
        assert isinstance(refused, Conflict)
        assert (refused.code, refused.facts["available"]) == ("insufficient_funds", "30.00")
    assert count(exchange.database, "orders") == 1
    assert isinstance(send(exchange, buyer, 30), Order)


def test_a_refusal_for_credit_is_answered_alike_under_its_key(
    exchange: Exchange, operator: Actor, buyer: Actor
) -> None:
    exchange.set_credit_limit(operator, ACCOUNT, 0)
    once = Once(buyer.key_id, "mine", "hash")
    refused = send(exchange, buyer, 1, once)
    assert isinstance(refused, Conflict)
    exchange.set_credit_limit(operator, ACCOUNT, None)
    with pytest.raises(AnsweredBefore) as before:
        send(exchange, buyer, 1, once)
    (remembered,) = before.value.answer["orders"]
    assert (remembered["code"], remembered["facts"]) == (refused.code, refused.facts)


def test_the_last_of_a_credit_is_given_once(exchange: Exchange, operator: Actor, buyer: Actor) -> None:
    exchange.set_credit_limit(operator, ACCOUNT, 100 * CNY)
    answers: list[Order | MarketError] = []
    barrier = Barrier(6)

    def ask() -> None:
        barrier.wait()
        answers.append(send(exchange, buyer, 40))

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [answer for answer in answers if isinstance(answer, MarketError)]
    assert (len(answers), len(refused), count(exchange.database, "orders")) == (6, 4, 2)
    assert all("available" in refusal.facts for refusal in refused)


def test_an_account_is_known_to_be_open_once_that_is_committed(exchange: Exchange, buyer: Actor) -> None:
    account = Account("acc_new", AccountKind.BUYER, "new", None)
    with exchange.database.writing() as session:
        LedgerStore(session).open_accounts([account])  # and nothing is committed
    with exchange.database.writing() as session:
        ledger = LedgerStore(session)
        ledger.open_accounts([account])
        session.commit()
        ledger.keep_opened()
    statements: list[object] = []
    with exchange.database.writing() as session:
        LedgerStore(session).open_accounts([account])
        statements += [] if session.in_transaction() else ["none"]
    assert statements == ["none"]
    assert count(exchange.database, "accounts") == 1


def test_whoever_connects_anew_knows_no_account_to_be_open(exchange: Exchange) -> None:
    """It may be another copy of the database that answers now."""
    with exchange.database.writing() as session:
        opened_of(session).keep([ACCOUNT])
    exchange.database.engine.dispose()
    with exchange.database.writing() as session:
        assert ACCOUNT in opened_of(session)
        session.connection()
        assert ACCOUNT not in opened_of(session)


@pytest.mark.postgres
def test_whoever_holds_accounts_or_orders_does_not_wait_for_who_only_names_them(
    postgres_database: Database,
) -> None:
    """Else an endless stream of orders would keep a buyer's batch, or a new limit, waiting for as long."""
    exchange = Exchange(postgres_database, VirtualClock(START))
    operator = exchange.authenticate(exchange.create_operator_key())
    exchange.load_scenario(SCENARIO)
    order = send(exchange, operator, 10)
    assert isinstance(order, Order)
    with postgres_database.writing() as naming, postgres_database.writing() as holding:
        for table in ("accounts", "orders"):  # as each foreign key does
            naming.execute(text(f"SELECT id FROM {table} FOR KEY SHARE"))  # noqa: S608 - ours
        holding.execute(text("SET LOCAL lock_timeout = '5s'"))
        work = Store(holding, EventLog(holding, START))
        assert work.ledger.held_account(ACCOUNT) is not None
        work.ledger.limit(ACCOUNT, -100 * CNY)
        assert ACCOUNT in work.ledger.held_limited_accounts([ACCOUNT])
        assert work.orders.held([order.id])
        work.orders.hold_book()


@pytest.fixture
def narrow(postgres_database: Database) -> Iterator[Database]:
    """All of whose work is done on one connection."""
    with closing(Database(postgres_database.url, ServerTerms(pool_size=1))) as database:
        yield database


@contextmanager
def heard_of(database: Database, file: Path) -> Iterator[Callable[[], int]]:
    """How often the server has said that it is ready for more: once for each way there and back."""
    with database.engine.connect() as connection:
        pgconn = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]
    said = os.open(file, os.O_CREAT | os.O_WRONLY)
    pgconn.trace(said)
    try:
        yield lambda: file.read_text().count("ReadyForQuery")
    finally:
        pgconn.untrace()
        os.close(said)


@pytest.mark.postgres
def test_one_order_is_one_way_there_and_back(narrow: Database, tmp_path: Path) -> None:
    exchange = Exchange(narrow, VirtualClock(START))
    operator = exchange.authenticate(exchange.create_operator_key())
    assert exchange.load_scenario(SCENARIO)
    assert isinstance(send(exchange, operator, 10), Order)
    with heard_of(narrow, tmp_path / "heard") as ways:
        assert isinstance(send(exchange, operator, 10), Order)
    assert ways() == 1
    assert count(narrow, "orders") == 2


def store(database: Database, *statements: str, before_its_end: Callable[[], None] | None = None) -> None:
    with database.writing() as session, committed_together(session, most_rows=1):
        for statement in statements:
            session.execute(text(statement))
        if before_its_end is not None:
            before_its_end()


def give_up() -> None:
    raise KeyError


@pytest.mark.postgres
@pytest.mark.parametrize("broken", ["INSERT INTO accounts (id) VALUES ('acc_2')", "SELECT 1 / 0"])
def test_what_is_refused_leaves_nothing_and_a_connection_that_begins(narrow: Database, broken: str) -> None:
    """Were it not told to begin again, what is written next would be stored statement by statement."""
    with pytest.raises(DBAPIError):
        store(narrow, ROW.format(1), broken)
    with narrow.writing() as session:
        session.execute(text(ROW.format(3)))
        session.rollback()
    assert count(narrow, "accounts") == 0


@pytest.mark.postgres
def test_whoever_gives_up_half_way_leaves_nothing(narrow: Database) -> None:
    with pytest.raises(KeyError):
        store(narrow, ROW.format(1), before_its_end=give_up)
    store(narrow, ROW.format(2))
    assert count(narrow, "accounts") == 1


@pytest.mark.postgres
def test_what_began_before_is_committed_with_it(narrow: Database) -> None:
    with narrow.writing() as session:
        session.execute(text(ROW.format(1)))
        with committed_together(session, most_rows=1):
            session.execute(text(ROW.format(2)))
    assert count(narrow, "accounts") == 2


@pytest.mark.postgres
def test_a_connection_that_is_lost_is_told_and_given_to_nobody(
    narrow: Database, postgres_database: Database
) -> None:
    with narrow.writing() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))

    def lose_it() -> None:
        with postgres_database.writing() as other:
            assert other.scalar(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})

    with pytest.raises(OperationalError):
        store(narrow, ROW.format(1), before_its_end=lose_it)
    store(narrow, ROW.format(2))
    assert count(narrow, "accounts") == 1
