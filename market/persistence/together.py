"""Statements sent together: to PostgreSQL each one is a way there and back, and whoever waits for each waits as often.

What is only written, and nobody looks at the answer, need not be waited for one by one (the protocol's pipeline mode).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from market.persistence.bulk import FEWEST_TO_COPY


@contextmanager
def sent_together(session: Session, most_rows: int) -> Iterator[None]:
    """What is written within is stored at its end, or raises at its end at the latest; on SQLite it is as without.

    `most_rows` is how many go into one table: what is copied (`bulk`) goes one by one. Nothing can be read within.
    """
    connection = session.connection()
    if not _can_send(connection, most_rows) or _is_sending(connection):
        yield
        return
    with _as_sqlalchemy_says_it(connection), _driver(connection).pipeline():
        yield


@contextmanager
def committed_together(session: Session, most_rows: int) -> Iterator[None]:
    """The same for the last that a unit of work writes: its COMMIT goes along, and its BEGIN where this is all of it.

    So what it locks is let go of by the server alone, however long this process takes to hear of it. PostgreSQL carries a
    COMMIT out only where everything before it was; what raises here was not stored, unless the connection is lost.
    """
    connection = session.connection()
    if not _can_send(connection, most_rows):
        yield
        session.commit()
        return
    driver = _driver(connection)
    with _as_sqlalchemy_says_it(connection), _begin_goes_along(connection) as begin, driver.pipeline():
        if begin:
            driver.execute("BEGIN")
        yield
        driver.execute("COMMIT")
    session.commit()  # the driver knows that nothing is left to be done


@contextmanager
def _begin_goes_along(connection: Connection) -> Iterator[bool]:
    """Whether a BEGIN is missing. The driver would wait for its own one, so within it is told to send none."""
    driver = _driver(connection)
    status = driver.info.transaction_status
    if status != status.IDLE:
        yield False
        return
    driver.autocommit = True
    try:
        yield True
    finally:
        try:
            with suppress(connection.dialect.loaded_dbapi.Error):
                driver.rollback()  # nothing, unless something has failed
                driver.autocommit = False
        finally:
            if driver.autocommit:
                connection.invalidate()  # nobody else is given it


def _can_send(connection: Connection, most_rows: int) -> bool:
    return connection.dialect.name == "postgresql" and most_rows < FEWEST_TO_COPY


def _is_sending(connection: Connection) -> bool:
    return bool(_driver(connection).pgconn.pipeline_status)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


@contextmanager
def _as_sqlalchemy_says_it(connection: Connection) -> Iterator[None]:
    """The driver's failure of a statement that was on its way becomes SQLAlchemy's, as that of any other."""
    dialect = connection.dialect
    base = dialect.loaded_dbapi.Error
    try:
        yield
    except base as error:
        raise DBAPIError.instance(None, None, error, base, hide_parameters=True, dialect=dialect) from error
