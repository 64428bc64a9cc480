"""Statements that are sent together: stored as one by one, refused as one by one."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from market.desks.repeating import is_clash
from market.domain.errors import Conflict
from market.domain.ledger import Account, AccountKind
from market.persistence.database import Database
from market.persistence.ledger_store import LedgerStore, enough_funds
from market.persistence.together import sent_together

POOR = Account("acc_poor", AccountKind.BUYER, "poor", 0)
TAKE = "UPDATE accounts SET debits_micros = debits_micros + 1"
GIVE = "UPDATE accounts SET credits_micros = credits_micros + 1"
OF_NO_KIND = "UPDATE accounts SET kind = 'nobody'"


def send(database: Database, *statements: str) -> None:
    """Open an account that may not fall below zero, and do the rest."""
    with database.writing() as session:
        with enough_funds(), sent_together(session, most_rows=1):
            LedgerStore(session).open_accounts([POOR])
            for statement in statements:
                session.execute(text(statement))
        session.commit()


def stored(database: Database) -> int:
    with database.reading() as session:
        return int(session.scalar(text("SELECT count(*) FROM accounts")) or 0)


def test_all_of_it_is_stored(database: Database) -> None:
    send(database, "UPDATE accounts SET least_micros = -1")
    assert stored(database) == 1


def test_what_is_refused_takes_all_of_it_along(database: Database) -> None:
    with pytest.raises(IntegrityError):
        send(database, OF_NO_KIND, GIVE)
    assert stored(database) == 0


def test_an_account_that_would_fall_too_low_is_told_as_ever(database: Database) -> None:
    with pytest.raises(Conflict) as refused:
        send(database, TAKE, GIVE)
    assert refused.value.code == "insufficient_funds"
    assert stored(database) == 0


@pytest.mark.postgres
def test_what_the_server_ends_is_known_by_its_state(postgres_database: Database) -> None:
    """As a clash that is tried again is, whichever statement was on its way."""
    with pytest.raises(DBAPIError) as error:
        send(postgres_database, "DO $$ BEGIN RAISE EXCEPTION 'clash' USING ERRCODE = '40P01'; END $$")
    assert is_clash(error.value)
