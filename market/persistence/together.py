"""Statements sent together: to PostgreSQL each one is a way there and back, and whoever waits for each waits as often.

What is only written, and nobody looks at the answer, need not be waited for one by one (the protocol's pipeline mode).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from market.persistence.bulk import FEWEST_TO_COPY


@contextmanager
def sent_together(session: Session, most_rows: int) -> Iterator[None]:
    """What is written within is stored at its end, or raises at its end at the latest; on SQLite it is as without.

    `most_rows` is how many go into one table: what is copied (`bulk`) goes one by one. Nothing can be read within.
    """
    connection = session.connection()
    dialect = connection.dialect
    if dialect.name != "postgresql" or most_rows >= FEWEST_TO_COPY:
        yield
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except dialect.loaded_dbapi.Error as error:  # of a statement that was on its way: as SQLAlchemy's
        base = dialect.loaded_dbapi.Error
        raise DBAPIError.instance(None, None, error, base, hide_parameters=True, dialect=dialect) from error
