"""What PostgreSQL itself keeps, whoever has the password and writes SQL by hand."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import JSON, Boolean, Connection, Float, Integer, LargeBinary, String, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from test_backup import trade
from toy_market import HOUR

from market.archive.tables import all_tables
from market.domain.errors import Unavailable
from market.persistence import database as databases
from market.persistence.database import Database
from market.persistence.models import UtcDateTime

pytestmark = pytest.mark.postgres
COPIED = "round_id, order_id, buyer_id, offering_id, provider_id, node_id"
REST = (
    "ask_micros_per_unit_hour, price_micros, rtt_ms, facility_kwh, carbon_kg_location, carbon_kg_market, unit_tenths, "
    "charges_micros, earnings_micros, settled_hours, paid_micros, offering_version"
)
MORE_ORDERS = (
    "INSERT INTO orders SELECT (jsonb_populate_record(one, jsonb_build_object('id', one.id || n))).* "
    "FROM generate_series(1, 20) AS n, orders AS one WHERE one.id = (SELECT min(id) FROM orders WHERE state = 'open')"
)
ONE_MORE_TRANSFER = (
    "INSERT INTO transfers (id, kind, debit_account_id, credit_account_id, amount_micros, at) "
    "SELECT 'tra_x', kind, debit_account_id, credit_account_id, 1, at FROM transfers LIMIT 1"
)


@pytest.fixture
def traded(postgres_database: Database) -> Database:
    trade(postgres_database)
    return postgres_database


@pytest.fixture
def roomy(traded: Database) -> Database:
    """With the live allocations of one offering to build on."""
    with traded.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM allocations WHERE live = 1")) > 1
    return traded


def grant(
    connection: Connection, id_: str, units: int, hours: tuple[int, int], order: str | None = None
) -> None:
    """One more allocation like the first, for so many units, from hour to hour after the last one ends."""
    orders = "(SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 1)"
    connection.execute(
        text(
            f"INSERT INTO allocations (id, {COPIED}, {REST}, units, starts_at, ends_at, state, live) "  # noqa: S608
            f"SELECT :id, {COPIED.replace('order_id', f'coalesce(:order, {orders})')}, {REST}, :units, "
            "(SELECT max(ends_at) FROM allocations WHERE id NOT LIKE 'x%') + :first, "
            "(SELECT max(ends_at) FROM allocations WHERE id NOT LIKE 'x%') + :end, 'granted', 1 "
            "FROM allocations ORDER BY id LIMIT 1"
        ),
        {"id": id_, "order": order, "units": units, "first": hours[0] * HOUR, "end": hours[1] * HOUR},
    )


def change(connection: Connection, table: str, id_: str, to: str) -> None:
    connection.execute(text(f"UPDATE {table} SET {to} WHERE id = :id"), {"id": id_})  # noqa: S608


def units_of_first(connection: Connection) -> int:
    query = "SELECT units FROM offerings WHERE id = (SELECT offering_id FROM allocations ORDER BY id LIMIT 1)"
    return int(connection.scalar(text(query)) or 0)


def open_orders(connection: Connection) -> list[str]:
    query = "SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM allocations) ORDER BY id"
    return list(connection.scalars(text(query)))


def refused(database: Database, attempt: Callable[[Connection], object], said: str) -> None:
    """Nothing of it is stored, be it refused at once or at the commit."""
    with pytest.raises(DBAPIError, match=said), database.engine.begin() as connection:
        attempt(connection)


def test_no_hour_of_an_offering_is_sold_twice(roomy: Database) -> None:
    with roomy.engine.begin() as connection:
        most, orders = units_of_first(connection), open_orders(connection)
        grant(connection, "x1", most, (0, 2), orders[0])
        grant(connection, "x2", most, (2, 4), orders[1])  # one ends as the other begins
    refused(roomy, lambda c: grant(c, "x3", 1, (1, 3), orders[2]), "would give")
    refused(roomy, lambda c: grant(c, "x3", 1, (3, 4), orders[2]), "would give")
    refused(roomy, lambda c: grant(c, "x3", most + 1, (9, 10), orders[2]), "would give")
    for to in ("ends_at = ends_at + interval '1 hour'", "units = units + 1", "unit_tenths = unit_tenths + 1"):
        refused(roomy, partial(change, table="allocations", id_="x1", to=to), "would give")
    with roomy.engine.begin() as connection:
        change(connection, "allocations", "x1", "state = 'cancelled', live = NULL, ended_at = starts_at")
        grant(connection, "x3", most, (0, 2), orders[2])
    back = partial(change, table="allocations", id_="x1", to="state = 'granted', live = 1")
    refused(roomy, back, "would give")


def test_an_order_never_runs_twice_at_a_time(roomy: Database) -> None:
    with roomy.engine.begin() as connection:
        order = open_orders(connection)[0]
        grant(connection, "x1", 1, (0, 4), order)
        ended = "state = 'interrupted', live = NULL, ended_at = starts_at + interval '2 hours'"
        change(connection, "allocations", "x1", ended)
    refused(roomy, lambda c: grant(c, "x2", 1, (1, 3), order), "twice at a time")
    with roomy.engine.begin() as connection:
        grant(connection, "x2", 1, (2, 4), order)


def test_two_at_once_do_not_sell_the_same_hour(roomy: Database) -> None:
    """The second waits for the first, and then sees it."""
    ended: list[str] = []

    def second(most: int, order: str) -> None:
        try:
            with roomy.engine.begin() as connection:
                grant(connection, "x2", most, (0, 1), order)
            ended.append("stored")
        except IntegrityError:
            ended.append("refused")

    with roomy.engine.begin() as connection:
        most, orders = units_of_first(connection), open_orders(connection)
        grant(connection, "x1", most, (0, 1), orders[0])
        other = threading.Thread(target=second, args=(most, orders[1]))
        other.start()
        other.join(0.2)
        assert ended == []
    other.join(60)
    assert ended == ["refused"]


def test_whoever_cannot_see_what_others_grant_grants_nothing(roomy: Database) -> None:
    with (
        pytest.raises(DBAPIError, match="READ COMMITTED or SERIALIZABLE"),
        roomy.engine.execution_options(isolation_level="REPEATABLE READ").begin() as connection,
    ):
        grant(connection, "x1", 1, (0, 1))


@contextmanager
def looks_for_room(connection: Connection) -> Iterator[list[str]]:
    """Their plans, as they were carried out on this connection."""
    told: list[str] = []
    looks: list[str] = []
    driver: Any = connection.connection.driver_connection
    driver.add_notice_handler(lambda notice: told.append(notice.message_primary))
    connection.execute(text("LOAD 'auto_explain'"))
    for setting in ("log_min_duration = 0", "log_nested_statements = on", "log_level = notice"):
        connection.execute(text(f"SET LOCAL auto_explain.{setting}"))
    yield looks
    looks += [plan for plan in told if "WITH touched AS" in plan and "WindowAgg" in plan]


def grant_one_after_the_other(connection: Connection, ids: list[str], orders: list[str]) -> None:
    """An hour to each of the orders, in one statement, and given up again."""
    connection.execute(
        text(
            f"INSERT INTO allocations (id, {COPIED}, {REST}, units, starts_at, ends_at, state, live) "  # noqa: S608
            f"SELECT new.id, {COPIED.replace('order_id', 'new.order_id')}, {REST}, 1, "
            "last + n * interval '1 hour', last + (n + 1) * interval '1 hour', 'granted', 1 "
            "FROM unnest(CAST(:ids AS varchar[]), CAST(:orders AS varchar[])) WITH ORDINALITY AS new (id, order_id, n), "
            "(SELECT max(ends_at) AS last FROM allocations), "
            "(SELECT * FROM allocations ORDER BY allocations.id LIMIT 1) AS like_this"
        ),
        {"ids": ids, "orders": orders},
    )
    over = (
        "UPDATE allocations SET state = 'cancelled', live = NULL, ended_at = starts_at WHERE id = ANY (:ids)"
    )
    connection.execute(text(over), {"ids": ids})


def test_a_look_for_room_for_many_is_planned_for_just_them(roomy: Database) -> None:
    """A plan for whatever may come, taken after five looks on one connection, has thousands searched one by one; for one
    it is as good as any, and takes no time to make."""
    counts = [*[1] * 7, 11, 1, 11, 10, 1]
    with roomy.engine.connect() as connection:
        with looks_for_room(connection) as looks:
            connection.execute(text(MORE_ORDERS))
            orders = open_orders(connection)
            for n, count in enumerate(counts):
                grant_one_after_the_other(connection, [f"x{n}_{k}" for k in range(count)], orders[:count])
        connection.rollback()
    planned_for_just_them = [f"{{x{n}_0" in plan for n, plan in enumerate(looks)]
    assert planned_for_just_them == [*[True] * 5, False, False, True, False, True, False, False]


def test_the_look_for_room_is_taken_back_as_it_was(postgres_url: str) -> None:
    def functions() -> set[str]:
        query = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        with database.engine.connect() as connection:
            return set(connection.scalars(text(query)))

    config = Config()
    config.set_main_option("script_location", str(databases.MIGRATIONS))
    with closing(Database(postgres_url)) as database:
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0007")
        before = functions()
        database.upgrade()
        assert functions() != before
        database.downgrade("0007")
        assert functions() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts SET credits_micros = credits_micros + 1 WHERE id = (SELECT min(id) FROM accounts)",
        "UPDATE accounts SET credits_micros = credits_micros + 5, debits_micros = debits_micros + 5",
        "INSERT INTO accounts (id, kind, debits_micros, credits_micros) VALUES ('more', 'outside', 0, 7)",
        ONE_MORE_TRANSFER,
    ],
)
def test_sums_of_accounts_are_those_of_their_transfers(traded: Database, statement: str) -> None:
    refused(traded, lambda c: c.execute(text(statement)), "those of its transfers")


def test_a_transfer_with_its_sums_is_stored_and_leaves_no_tally(traded: Database) -> None:
    with traded.engine.begin() as connection:
        row: Any = connection.execute(
            text(f"{ONE_MORE_TRANSFER} RETURNING debit_account_id, credit_account_id")
        ).one()
        for column, id_ in (("debits", row.debit_account_id), ("credits", row.credit_account_id)):
            change(connection, "accounts", id_, f"{column}_micros = {column}_micros + 1")
    with traded.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM ledger_tally")) == 0


def test_every_column_has_the_type_that_its_values_need(postgres_database: Database) -> None:
    """Moments with their zone, numbers that hold any sum, JSON that comes back letter by letter."""
    wanted = (
        (UtcDateTime, "TIMESTAMP"),
        (JSON, "JSON"),
        (Boolean, "BOOLEAN"),
        (Float, "DOUBLE PRECISION"),
        (Integer, "BIGINT"),
        (LargeBinary, "BYTEA"),
        (String, "VARCHAR"),
    )
    for table in all_tables():
        stored = {
            column["name"]: column["type"]
            for column in inspect(postgres_database.engine).get_columns(table.name)
        }
        for column in table.columns:
            kind = next(name for known, name in wanted if isinstance(column.type, known))
            found: Any = stored[column.name]
            assert str(found) == kind, f"{table.name}.{column.name}"
            assert kind != "TIMESTAMP" or found.timezone, f"{table.name}.{column.name}"


def test_a_change_of_the_schema_does_not_stand_in_line_for_long(
    traded: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "SCHEMA_PATIENCE_MILLISECONDS", 50)
    with traded.engine.begin() as connection, closing(Database(traded.url)) as other:
        connection.execute(text("SELECT count(*) FROM transfers"))
        with pytest.raises(Unavailable) as waited:
            other.downgrade("0005")
    assert waited.value.code == "schema_locked"
    traded.upgrade()
    traded.require_current()


def test_an_index_that_was_cut_off_is_built_anew(traded: Database) -> None:
    traded.downgrade("0006")
    with traded.engine.begin() as connection:
        connection.execute(text("CREATE INDEX ix_allocations_live_ends_at ON allocations (id)"))
    traded.upgrade()
    with traded.engine.connect() as connection:
        query = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_allocations_live_ends_at'"
        assert "(ends_at) WHERE (live = 1)" in str(connection.scalar(text(query)))
