"""Connections to PostgreSQL that were broken off while they lay idle, and questions without a transaction around them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from market.persistence.database import Database
from market.persistence.idle import ping_the_idle

PID = text("SELECT pg_backend_pid()")


@contextmanager
def an_engine(url: str, idle_seconds: float) -> Iterator[Engine]:
    engine = create_engine(url, pool_size=2, max_overflow=0)
    ping_the_idle(engine, idle_seconds)
    try:
        yield engine
    finally:
        engine.dispose()


def lose_the_connection_of(engine: Engine, database: Database) -> int:
    """Use one, give it back, and have the server end it; its number."""
    with engine.connect() as connection:
        pid: int = connection.scalar(PID)
    with database.writing() as session:
        assert session.scalar(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
    return pid


@pytest.mark.postgres
def test_whoever_comes_after_a_pause_notices_nothing(postgres_database: Database) -> None:
    with an_engine(postgres_database.url, idle_seconds=0.0) as engine:
        lost = lose_the_connection_of(engine, postgres_database)
        with engine.connect() as connection:
            assert connection.scalar(PID) != lost


@pytest.mark.postgres
def test_what_was_of_use_a_moment_ago_is_not_asked_and_one_request_pays_for_all(
    postgres_database: Database,
) -> None:
    with an_engine(postgres_database.url, idle_seconds=3600.0) as engine:
        lost = lose_the_connection_of(engine, postgres_database)
        with pytest.raises(OperationalError), engine.connect() as connection:
            connection.scalar(PID)
        with engine.connect() as connection:
            assert connection.scalar(PID) != lost


@pytest.mark.postgres
def test_a_question_of_its_own_is_in_no_transaction(postgres_database: Database) -> None:
    """Each statement sees a moment of its own where no transaction holds them together."""
    moment = text("SELECT transaction_timestamp()")
    with postgres_database.asking() as connection:
        assert connection.scalar(moment) < connection.scalar(moment)
    with postgres_database.reading() as session:
        assert session.scalar(moment) == session.scalar(moment)


def test_a_question_waits_for_no_writer_and_holds_none_up(database: Database) -> None:
    count = text("SELECT count(*) FROM regions")
    with database.asking() as asking, database.writing() as session:
        before = asking.scalar(count)
        session.execute(text("DELETE FROM regions"))
        assert asking.scalar(count) == before
        session.rollback()


@pytest.mark.postgres
def test_what_is_in_use_as_a_database_is_closed_ends_as_it_is_given_back(
    postgres_database: Database,
) -> None:
    database = Database(postgres_database.url)
    session = database.writing()
    driver: Any = session.connection().connection.driver_connection
    database.close()
    assert session.scalar(PID), "whoever is at it finishes"
    assert not driver.closed
    session.close()
    assert driver.closed
