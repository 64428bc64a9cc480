"""Claims: one holder among all exchanges on a database, and a lock that was lost is noticed by whoever held it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from toy_market import HOUR, START

from market.domain.clock import VirtualClock
from market.persistence.claims import Claim, ClaimName
from market.persistence.database import Database
from market.running.listened import Listened


@pytest.fixture
def other(database: Database) -> Iterator[Database]:
    with closing(Database(database.url)) as found:
        yield found


def claims(*databases: Database, name: ClaimName = ClaimName.UPKEEP) -> list[Claim]:
    return [Claim(database.engine, name) for database in databases]


def cut_off_holders(database: Database) -> None:
    """End every session that keeps an advisory lock."""
    ended = text("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'")
    with database.engine.connect() as connection:
        assert connection.execute(ended).scalars().all() == [True]


def test_one_holds_it_at_a_time(database: Database, other: Database) -> None:
    one, two = claims(database, other)
    assert not one.is_taken()
    assert one.take()
    assert not one.take(), "it is taken, by ourselves"
    assert not two.take()
    assert two.is_taken()
    assert (one.is_held(), two.is_held()) == (True, False)
    one.release()
    assert not two.is_taken()
    assert two.take()
    assert not one.is_held()
    two.release()


def test_names_do_not_meet(database: Database, other: Database) -> None:
    here = [Claim(database.engine, name) for name in ClaimName]
    there = [Claim(other.engine, name) for name in ClaimName]
    for claim in here:
        assert claim.take()
    held_together = {claim.name for claim in there if claim.take()}
    assert held_together == {ClaimName.LISTENING}
    for claim in here:
        claim.release()
    assert all(claim.take() for claim in there if claim.name not in held_together)
    for claim in there:
        claim.release()


def test_it_takes_no_connection_of_those_who_answer(postgres_database: Database) -> None:
    (claim,) = claims(postgres_database)
    assert claim.take()
    assert postgres_database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    claim.release()


def test_a_session_that_is_cut_off_is_noticed(postgres_database: Database) -> None:
    with closing(Database(postgres_database.url)) as elsewhere:
        one, two = claims(postgres_database, elsewhere)
        assert one.take()
        cut_off_holders(elsewhere)
        assert two.take(), "the lock went with the session"
        assert not one.is_held(), "and is not made anew behind anybody's back"
        assert not one.take()
        two.release()
        assert one.take()
        one.release()


def test_a_lock_file_that_was_removed_locks_nobody_out(sqlite_database: Database) -> None:
    (claim,) = claims(sqlite_database)
    assert claim.take()
    Path(f"{sqlite_database.engine.url.database}-upkeep-lock").unlink()
    assert not claim.is_held()


def test_whoever_serves_nobody_knows_since_when_reports_are_heard(
    database: Database, other: Database
) -> None:
    clock = VirtualClock(START)
    listened = Listened(other, clock)
    listened.look()
    assert listened.since() == START
    clock.advance(HOUR)
    assert listened.since() == START + HOUR, "nobody has listened yet"
    one, two = claims(database, database, name=ClaimName.LISTENING)
    assert one.take()
    listened.look()
    clock.advance(HOUR)
    assert two.take(), "several listen at a time"
    one.release()
    listened.look()
    assert listened.since() == START + HOUR, "somebody has listened all the time"
    two.release()
    listened.look()
    assert listened.since() == clock.now()
