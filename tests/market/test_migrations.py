"""Migrations: up, down, and never adrift from the models."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from market.domain.errors import Unavailable
from market.persistence.database import Database
from market.persistence.models import Base

KEPT_BY_THE_DATABASE = {"ledger_tally"}
"""Of triggers alone: no program reads or writes it."""


def test_up_and_down_leave_nothing(database: Database) -> None:
    assert set(inspect(database.engine).get_table_names()) > {"orders", "rounds", "allocations"}
    database.downgrade("base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    database.upgrade()
    database.require_current()


def test_models_and_migrations_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        opts = {"compare_type": True, "include_name": lambda name, *_: name not in KEPT_BY_THE_DATABASE}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def test_upgrade_twice_is_harmless(database: Database) -> None:
    database.upgrade()
    database.require_current()


def test_a_newer_database_is_refused(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for ask in (database.upgrade, database.require_current):
        with pytest.raises(Unavailable) as refusal:
            ask()
        assert refusal.value.code == "database_newer"


def test_an_empty_database_says_what_to_do(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(Unavailable, match="suanli init") as refusal:
        database.require_current()
    database.close()
    assert refusal.value.code == "database_empty"


def test_sqlite_runs_in_wal_mode_with_foreign_keys(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()
