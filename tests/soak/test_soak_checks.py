"""A checker that cannot fail is a defect: faults are planted one by one, and each is found under its name."""

from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from databases import Databases
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool
from toy_market import FREE, HOUR, SCENARIO, START, terms

from api.bench.soak.books import KnownOrder
from api.bench.soak.checks.every import check_all
from api.bench.soak.checks.look import looking
from api.bench.soak.checks.room import peaks
from market.archive.tables import all_tables
from market.domain.clock import VirtualClock
from market.domain.money import format_cny
from market.domain.orders import Order
from market.domain.parties import Actor, Role
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from solver import Limits

pytestmark = pytest.mark.slow
OPERATOR = Actor("key_operator", Role.OPERATOR, None)
Known = dict[str, KnownOrder]


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """A market in which orders are open, allocated and active, and money has moved."""
    original, _ = databases.prepared(prepare_market)
    with databases.copied(original) as url, closing(Database(url)) as database:
        yield database


@pytest.fixture
def known(databases: Databases) -> Known:
    """What its clients know."""
    return deepcopy(databases.prepared(prepare_market)[1])


def prepare_market(url: str) -> Known:
    """All of it happens once, and is then copied."""
    clock = VirtualClock(START)
    with closing(Database(url)) as database:
        database.upgrade()
        exchange = Exchange(database, clock)
        exchange.load_scenario(SCENARIO)
        found = _submit(exchange, 8)
        exchange.clear_round(OPERATOR, RoundRequest(FREE, limits=Limits(seconds=5, workers=1)))
        clock.advance(2.4 * HOUR)
        exchange.keep_time()
        return found | _submit(exchange, 4)


def _submit(exchange: Exchange, count: int) -> Known:
    now = exchange.clock.now()
    asked = [terms(60 + 11 * n, 20, now, units=1 + n % 4, hours=1 + n % 5) for n in range(count)]
    answers = exchange.submit_orders(OPERATOR, [Submission("buy_toy", one) for one in asked])
    orders = [answer for answer in answers if isinstance(answer, Order)]
    return {
        order.id: KnownOrder(order.id, order.buyer_id, "k", {format_cny(order.terms.limit_price_micros)})
        for order in orders
    }


def plant(database: Database, *statements: str) -> None:
    """Write past everything that keeps the market whole."""
    engine = create_engine(database.url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in (*_unguarded(connection), *statements):
            connection.execute(text(statement))


def _unguarded(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "postgresql":
        yield "SET session_replication_role = replica"
    else:
        triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        yield from [f"DROP TRIGGER {name}" for (name,) in triggers]


def found(database: Database, known: Known) -> set[str]:
    with looking(database.url) as look:
        return {one.code for one in check_all(look, known)}


PLANTED = {
    "an order deleted": ("DELETE FROM orders WHERE id = {waiting}", "order_lost"),
    "an order nobody sent": (
        "INSERT INTO orders (id, {rest}) SELECT 'ord_x', {rest} FROM orders WHERE id = {waiting}",
        "order_nobody_sent",
    ),
    "an order of another buyer": (
        "UPDATE orders SET buyer_id = 'buy_other' WHERE id = {waiting}",
        "order_of_another",
    ),
    "terms of before": (
        "UPDATE orders SET limit_price_micros = limit_price_micros + 1 WHERE id = {waiting}",
        "terms_lost",
    ),
    "a transfer doubled": ("{copy} WHERE kind = 'capture' LIMIT 1", "hour_paid_twice"),
    "a transfer lost": ("DELETE FROM transfers WHERE id = {capture}", "account_is_not_its_transfers"),
    "a hold lost with its transfer": (
        "DELETE FROM transfers WHERE kind = 'hold' AND order_id = {waiting}",
        "order_is_not_its_transfers",
    ),
    "money from nowhere": (
        "UPDATE accounts SET credits_micros = credits_micros + 1 WHERE id = 'acc_buy_toy'",
        "ledger_unbalanced",
    ),
    "escrow that no order holds": (
        "UPDATE orders SET held_micros = held_micros - 1 WHERE id = {waiting}",
        "escrow_is_not_what_is_held",
    ),
    "an ended order that holds": (
        "UPDATE orders SET state = 'expired' WHERE id = {waiting}",
        "held_for_nothing",
    ),
    "above its limit": (
        "UPDATE orders SET held_micros = limit_price_micros + 1 WHERE id = {waiting}",
        "above_limit",
    ),
    "an allocation above capacity": (
        "UPDATE allocations SET units = 100000 WHERE id = {granted}",
        "above_capacity",
    ),
    "an allocation above power": ("UPDATE nodes SET power_cap_kw = 1", "above_power"),
    "a second place": (
        "INSERT INTO allocations (id, {names_granted}) SELECT 'all_x', {rest_granted} FROM allocations WHERE id = {granted}",
        "two_places_at_a_time",
    ),
    "a place without its order": (
        "UPDATE orders SET state = 'open' WHERE id = {placed}",
        "place_without_an_order",
    ),
    "an order without its place": ("DELETE FROM allocations WHERE id = {granted}", "placed_without_a_place"),
    "a grant untold": ("DELETE FROM events WHERE kind = 'order.placed_in_round'", "grants_untold"),
    "a step left out": ("DELETE FROM events WHERE kind = 'order.placed_in_round'", "step_that_cannot_be"),
    "the last step left out": (
        "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events WHERE kind = 'order.started')",
        "history_ends_elsewhere",
    ),
    "a round that never landed": (
        "UPDATE rounds SET state = 'failed', failure = 'x'",
        "granted_by_no_round",
    ),
    "a round that says more than it did": ("UPDATE rounds SET placed = placed + 1", "round_miscounted"),
    "a round without end": ("UPDATE rounds SET closed_at = NULL", "round_without_end"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(database: Database, known: Known, name: str) -> None:
    assert found(database, known) == set()
    statement, code = PLANTED[name]
    plant(database, statement.format(**_words()))
    assert code in found(database, known)


def test_an_acknowledged_end_that_was_taken_back_is_found(database: Database, known: Known) -> None:
    first = next(iter(known))
    known[first].state = "cancelled"
    assert found(database, known) == {"state_taken_back"}


def test_an_order_that_the_exchange_invents_for_an_unanswered_key_is_nobodys_fault(
    database: Database, known: Known
) -> None:
    forgotten = known.pop(next(iter(known)))
    assert found(database, known) == {"order_nobody_sent"}
    answer = f'{{"orders": ["{forgotten.id}"]}}'
    columns = "client, key, request_hash, answer, answered_at"
    plant(
        database,
        f"INSERT INTO answers ({columns}) VALUES ('c', 'k1', 'h', '{answer}', '2026-01-01 00:00:00')",  # noqa: S608
    )
    with looking(database.url) as look:
        assert check_all(look, known, {"k1"}) == []


def test_a_peak_is_the_most_at_any_instant_of_an_hour() -> None:
    noon = datetime(2025, 7, 16, 12, tzinfo=UTC)
    half = HOUR / 2
    spans = [(noon, noon + 2 * HOUR, 3), (noon + half, noon + HOUR, 4), (noon + HOUR, noon + 3 * HOUR, 5)]
    assert peaks(spans) == {noon: 7, noon + HOUR: 8, noon + 2 * HOUR: 5}
    assert peaks([(noon, noon + half, 2), (noon + half, noon + HOUR, 2)]) == {noon: 2}


def _words() -> dict[str, str]:
    """Names of rows and of columns for the statements above."""

    def columns(table: str, changed: dict[str, str] | None = None) -> str:
        (found,) = (one for one in all_tables() if one.name == table)
        names = [column.name for column in found.columns if column.name != "id"]
        return ", ".join((changed or {}).get(name, name) for name in names)

    copied = columns("transfers")
    return {
        "waiting": "(SELECT max(id) FROM (SELECT id FROM orders WHERE state = 'open') waiting)",
        "placed": "(SELECT max(order_id) FROM (SELECT order_id FROM allocations WHERE live = 1) placed)",
        "granted": "(SELECT max(id) FROM (SELECT id FROM allocations WHERE live = 1) granted)",
        "capture": "(SELECT max(id) FROM (SELECT id FROM transfers WHERE kind = 'capture') captured)",
        "rest": columns("orders"),
        "names_granted": columns("allocations"),
        "rest_granted": columns("allocations", {"live": "NULL"}),
        "copy": f"INSERT INTO transfers (id, {copied}) SELECT 'tra_x', {copied} FROM transfers",  # noqa: S608
    }
