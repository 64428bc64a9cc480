"""Moving an exchange between databases: whole and proven equal, or not at all."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from databases import Databases
from promises_kept import broken_promises
from sqlalchemy import event, text
from test_backup import OPERATOR, holds_nothing, open_exchange, reading, submit, trade

from market.archive import move_exchange
from market.archive.proof import prove
from market.archive.tables import all_tables, read_sequences, set_sequences
from market.desks.webhooks import NewWebhook
from market.domain.errors import Conflict, MarketError, Unavailable
from market.persistence.database import Database
from market.webhooks.addresses import AddressGuard


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def source(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An exchange in which something of everything has happened, then left alone."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    original, _ = databases.prepared(prepare_source)
    with databases.copied(original) as url, closing(Database(url)) as database:
        yield database


def prepare_source(url: str) -> None:
    """All of it happens once, and is then copied."""
    with closing(Database(url)) as database:
        database.upgrade()
        exchange = trade(database)
        exchange.create_webhook(OPERATOR, NewWebhook("https://receiver.example/hook"), AddressGuard())
        submit(exchange, 2)
        exchange.fan_out()
        with database.engine.begin() as connection:
            set_sequences(connection, {"events": 10_000})


@pytest.fixture
def target(source: Database, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database on the other engine."""
    other = "postgres_url" if source.engine.dialect.name == "sqlite" else "sqlite_url"
    with closing(Database(request.getfixturevalue(other))) as database:
        yield database


@pytest.mark.postgres
def test_an_exchange_is_moved_whole_and_goes_on(source: Database, target: Database) -> None:
    told: list[tuple[str, int]] = []
    moved = move_exchange(source, target, lambda table, rows: told.append((table, rows)))
    for database in (source, target):
        with reading(database) as connection:
            assert prove(connection, lambda *_: None) == moved.tables
    filled = {name for name, proof in moved.tables.items() if proof.rows}
    assert filled >= {"orders", "allocations", "transfers", "accounts", "webhooks", "webhook_deliveries"}
    assert moved.tables["transfers"].sums["amount_micros"] > 0
    assert told[0] == ("", 3 * moved.rows)
    assert broken_promises(target) == []
    submit(open_exchange(target)[0], 1)
    with reading(target) as connection:
        assert read_sequences(connection)["events"] > 10_000


@pytest.mark.postgres
@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE orders SET limit_price_micros = limit_price_micros + 1 WHERE id = (SELECT min(id) FROM orders)",
        "UPDATE buyers SET name_en = 'Somebody' WHERE id = 'buy_toy'",
        "DELETE FROM webhook_deliveries",
        "UPDATE webhook_deliveries SET tries = tries + 1",
    ],
)
def test_a_tampered_row_makes_the_proof_fail_and_leaves_the_target_empty(
    source: Database, target: Database, tamper: str
) -> None:
    def tamper_when_moved(table: str, rows: int) -> None:
        """Once the last table is stored, in the transaction that stores it."""
        if begun and table == all_tables()[-1].name:
            begun[-1].exec_driver_sql(tamper)
            begun.clear()

    begun: list[Any] = []
    event.listen(target.engine, "begin", begun.append)
    with pytest.raises(Unavailable) as refused:
        move_exchange(source, target, tamper_when_moved)
    assert refused.value.code == "move_differs"
    assert holds_nothing(target)


@pytest.mark.postgres
def test_a_failure_half_way_leaves_the_target_empty(source: Database, target: Database) -> None:
    def fail(table: str, _rows: int) -> None:
        if table == "transfers":
            raise RuntimeError("the plug")

    with pytest.raises(RuntimeError):
        move_exchange(source, target, fail)
    assert holds_nothing(target)
    move_exchange(source, target)


@pytest.mark.postgres
def test_what_may_not_be_moved_is_refused(source: Database, target: Database) -> None:
    def code() -> str:
        with pytest.raises(MarketError) as refused:
            move_exchange(source, target)
        return refused.value.code

    with closing(Database(source.url)) as served:
        served.require_current()  # as an exchange does when it starts; its pool keeps the connection
        assert code() == "database_in_use"
    assert target.schema_version() is None
    with pytest.raises(Conflict) as refused:
        move_exchange(source, source)
    assert refused.value.code == "same_database"
    target.upgrade()
    submit_something_else(target)
    assert code() == "database_not_empty"
    source.downgrade("0004")
    assert code() == "database_outdated"


def submit_something_else(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO policies (id, set_at, set_by, policy) VALUES ('p', :at, 'me', '{}')"),
            {"at": "2030-01-01 00:00:00+00"},
        )


@pytest.mark.postgres
def test_a_target_at_another_schema_is_refused(source: Database, target: Database) -> None:
    target.upgrade()
    target.downgrade("0004")
    with pytest.raises(Unavailable) as refused:
        move_exchange(source, target)
    assert refused.value.code == "database_outdated"
