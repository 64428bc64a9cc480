"""How long the exchange waits for PostgreSQL, and for whoever is in its way."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime

from market.persistence.database import Database
from market.persistence.server_terms import ServerTerms

pytestmark = pytest.mark.postgres


@pytest.fixture
def hasty(postgres_database: Database) -> Iterator[Database]:
    """The same database, on short terms."""
    terms = ServerTerms(
        pool_size=2, statement_seconds=1.5, lock_seconds=0.05, idle_in_transaction_seconds=0.2
    )
    with closing(Database(postgres_database.url, terms)) as database:
        yield database


def test_the_server_is_told(hasty: Database) -> None:
    with hasty.reading() as session:
        told = {name: session.scalar(text(f"SHOW {name}")) for name in ("statement_timeout", "lock_timeout")}
    assert told == {"statement_timeout": "1500ms", "lock_timeout": "50ms"}


def test_without_terms_there_is_no_end(postgres_database: Database) -> None:
    with postgres_database.reading() as session:
        assert session.scalar(text("SHOW statement_timeout")) == "0"


@pytest.mark.parametrize(("silent", "idle", "interval"), [(4, 1, 1), (15, 9, 2), (60, 30, 10)])
def test_a_host_that_is_cut_off_is_not_waited_for_without_end(silent: int, idle: int, interval: int) -> None:
    told = ServerTerms(unreachable_seconds=silent).connect_args()
    assert told["tcp_user_timeout"] == 1000 * silent
    assert (told["keepalives_idle"], told["keepalives_interval"]) == (idle, interval)
    assert idle + interval * told["keepalives_count"] <= silent


def test_a_statement_that_takes_too_long_is_given_up(hasty: Database) -> None:
    with pytest.raises(OperationalError, match="statement timeout"), hasty.reading() as session:
        session.execute(text("SELECT pg_sleep(60)"))


def test_whoever_is_in_the_way_is_not_waited_for_without_end(
    hasty: Database, postgres_database: Database
) -> None:
    with postgres_database.engine.begin() as connection:
        connection.execute(text("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(OperationalError, match="lock timeout"), hasty.reading() as session:
            session.execute(text("SELECT count(*) FROM orders"))


def test_a_transaction_that_idles_is_ended_by_the_server(
    hasty: Database, postgres_database: Database
) -> None:
    with hasty.writing() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        with postgres_database.reading() as looking:
            there = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
            while looking.scalar(there, {"pid": pid}):
                looking.rollback()
        with pytest.raises(DBAPIError, match=r"idle-in-transaction|closed"):
            session.execute(text("SELECT 1"))


def test_there_are_no_more_connections_than_are_set(hasty: Database) -> None:
    hasty.engine.pool._timeout = 0.05  # type: ignore[attr-defined]
    with (
        hasty.engine.connect(),
        hasty.engine.connect(),
        pytest.raises(NoConnectionInTime),
        hasty.engine.connect(),
    ):
        pass
