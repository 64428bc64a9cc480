"""A unit of work that clashed with another one is done again; and explicit locks keep money right without SERIALIZABLE."""

import ast
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
from promises_kept import broken_promises
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from test_backup import POLICY, open_exchange, submit, trade
from toy_market import START, terms

from market.desks import repeating
from market.desks.desk import Desk
from market.desks.repeating import MOST_TRIES, repeatable
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, MarketError, Unavailable
from market.domain.parties import Actor, Role
from market.domain.states import OrderState
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from solver import Limits

MARKET = Path(repeating.__file__).parents[1]
OPERATOR = Actor("key_operator", Role.OPERATOR, None)
ACCOUNT = "SELECT id FROM accounts WHERE kind = 'buyer' ORDER BY id LIMIT 1"
NOT_REPEATED = {
    "_unit_of_work": "it is what is repeated",
    "_report": "the methods that report with it are repeated",
}


@contextmanager
def exchange_with(database: Database, **server: str) -> Iterator[Exchange]:
    """Another exchange on a database, whose sessions have other settings of the server."""
    url = make_url(database.url)
    options = " ".join(f"-c {name}={value}" for name, value in server.items())
    given = url.update_query_dict({"options": options}).render_as_string(hide_password=False)
    with closing(Database(given)) as other:
        yield open_exchange(other)[0]


def wait_for_a_waiter(database: Database, count: int = 1) -> None:
    """Until so many wait for locks."""
    asked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    over_at = time.monotonic() + 60
    while time.monotonic() < over_at:
        with database.reading() as session:
            if (session.scalar(asked) or 0) >= count:
                return
        time.sleep(0.005)
    pytest.fail("too few wait")


@contextmanager
def meanwhile(do: Callable[[], object]) -> Iterator[list[BaseException]]:
    """In another thread; what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            do()
        except BaseException as error:  # noqa: BLE001 - told to the test
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield raised
    thread.join(60)
    assert not thread.is_alive()


def clashes(caplog: pytest.LogCaptureFixture) -> int:
    return sum("clashed with another" in record.message for record in caplog.records)


@pytest.mark.slow
@pytest.mark.postgres
def test_whoever_is_ended_in_a_deadlock_does_it_again(
    postgres_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    trade(postgres_database)
    with exchange_with(postgres_database, deadlock_timeout="2s") as exchange:
        (order_id,) = _open_order(postgres_database)
        with (
            meanwhile(lambda: exchange.cancel_order(OPERATOR, order_id)) as raised,
            postgres_database.engine.begin() as connection,
        ):
            _be_patient(connection)
            connection.execute(text("SELECT id FROM accounts ORDER BY id FOR UPDATE")).all()
            wait_for_a_waiter(postgres_database)  # it holds its order, and waits for an account
            connection.execute(
                text("SELECT id FROM orders WHERE id = :id FOR UPDATE"), {"id": order_id}
            ).all()
            connection.rollback()
        assert raised == []
    assert clashes(caplog) == 1
    with postgres_database.reading() as session:
        state = session.scalar(text("SELECT state FROM orders WHERE id = :id"), {"id": order_id})
    assert state == OrderState.CANCELLED
    assert broken_promises(postgres_database) == []


def _open_order(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(text("SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 1")))


def _be_patient(connection: Connection) -> None:
    """It is the other one that finds the deadlock."""
    connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))


@pytest.mark.postgres
def test_what_cannot_be_as_if_alone_is_done_again(
    postgres_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    trade(postgres_database)
    with exchange_with(postgres_database, default_transaction_isolation="serializable") as exchange:
        with postgres_database.reading() as session:
            account_id = str(session.scalar(text(ACCOUNT)))
        connection = postgres_database.engine.connect()
        connection.execute(
            text("UPDATE accounts SET least_micros = least_micros WHERE id = :id"), {"id": account_id}
        )
        with meanwhile(lambda: exchange.deposit(OPERATOR, account_id, 7)) as raised:
            wait_for_a_waiter(postgres_database)
            connection.commit()
            connection.close()
        assert raised == []
    assert clashes(caplog) == 1
    assert broken_promises(postgres_database) == []


class Clashing(Desk):
    """Whatever it does, the database ends it for another's sake."""

    tries = 0

    @repeatable
    def change(self, code: str) -> None:
        self.tries += 1
        with self._unit_of_work() as work:
            work.session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$"))


@pytest.mark.postgres
@pytest.mark.parametrize("code", sorted(repeating.CLASHES))
def test_after_the_last_try_it_is_said_when_to_come_again(postgres_database: Database, code: str) -> None:
    desk = Clashing(postgres_database, VirtualClock(START))
    with pytest.raises(Unavailable) as refused:
        desk.change(code)
    assert (refused.value.code, desk.tries) == ("database_contended", MOST_TRIES)
    assert refused.value.facts["retry_after_seconds"] > 0


@pytest.mark.postgres
def test_anything_else_is_not_tried_again(postgres_database: Database) -> None:
    desk = Clashing(postgres_database, VirtualClock(START))
    with pytest.raises(Exception, match="no"):
        desk.change("57014")
    assert desk.tries == 1


def test_every_unit_of_work_is_repeatable() -> None:
    """Or it is said why not."""
    found = set()
    for path in (*sorted((MARKET / "desks").glob("*.py")), MARKET / "exchange.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and _opens_a_unit(node):
                decorated = any(isinstance(d, ast.Name) and d.id == "repeatable" for d in node.decorator_list)
                assert decorated or node.name in NOT_REPEATED, f"{path.name}: {node.name}"
                found.add(node.name)
    assert len(found) > 40


def _opens_a_unit(function: ast.FunctionDef) -> bool:
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(isinstance(one, ast.Attribute) and one.attr in NOT_REPEATED for one in called)


@pytest.mark.postgres
def test_the_same_money_goes_out_once(postgres_database: Database) -> None:
    """Under READ COMMITTED: whoever looks at a balance holds the account."""
    exchange = trade(postgres_database)
    account_id, balance = _richest_provider(postgres_database)
    gone = []
    barrier = threading.Barrier(4)

    def pay_out() -> None:
        barrier.wait()
        try:
            gone.append(exchange.payout(OPERATOR, account_id, balance))
        except Conflict as refused:
            assert refused.code == "insufficient_funds"  # noqa: PT017 - in a thread

    threads = [threading.Thread(target=pay_out) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(gone) == 1
    assert broken_promises(postgres_database) == []


def _richest_provider(database: Database) -> tuple[str, int]:
    asked = text(
        "SELECT id, credits_micros - debits_micros AS balance FROM accounts WHERE kind = 'provider' ORDER BY 2 DESC"
    )
    with database.reading() as session:
        found = session.execute(asked).first()
    assert found is not None
    assert found.balance > 0
    return found.id, int(found.balance)


@pytest.mark.slow
@pytest.mark.postgres
def test_promises_hold_whatever_four_do_at_once(postgres_database: Database) -> None:
    """Orders come and go, rounds clear, money moves, time passes: all of it at the same time, from two exchanges."""
    first = trade(postgres_database)
    odd: list[BaseException] = []

    def live(exchange: Exchange, seed: int) -> None:
        dice = Random(seed)  # noqa: S311
        try:
            for _ in range(25):
                _do_something(exchange, dice)
        except BaseException as error:  # noqa: BLE001 - told to the test
            odd.append(error)

    with closing(Database(postgres_database.url)) as database:
        second = open_exchange(database)[0]
        second.clock = first.clock
        threads = [threading.Thread(target=live, args=((first, second)[n % 2], n)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
    assert odd == []
    assert broken_promises(postgres_database) == []


def _do_something(exchange: Exchange, dice: Random) -> None:
    with exchange.database.reading() as session:
        orders = list(
            session.scalars(text("SELECT id FROM orders WHERE state IN ('open', 'allocated', 'active')"))
        )
    what = dice.choice(("submit", "submit", "place", "cancel", "amend", "clear", "deposit", "time"))
    now = exchange.clock.now()
    try:
        if what == "submit":
            submit(exchange, 3)
        elif what == "place":
            exchange.submit_orders(OPERATOR, [Submission("buy_toy", terms(500, 20, now, units=1, hours=2))])
        elif what == "cancel" and orders:
            exchange.cancel_order(OPERATOR, dice.choice(orders))
        elif what == "amend" and orders:
            exchange.amend_order(
                OPERATOR, dice.choice(orders), {"limit_price_micros": dice.randrange(60, 400) * 10**6}
            )
        elif what == "clear":
            exchange.clear_round(OPERATOR, RoundRequest(POLICY, limits=Limits(seconds=1, workers=1)))
        elif what == "deposit":
            exchange.deposit(OPERATOR, _an_account(exchange), 1_000_000)
        else:
            exchange.keep_time()
    except MarketError as refused:
        assert not isinstance(refused, Unavailable), refused.code  # noqa: PT017 - refusals of the market are fine


def _an_account(exchange: Exchange) -> str:
    with exchange.database.reading() as session:
        return str(session.scalar(text(ACCOUNT)))
