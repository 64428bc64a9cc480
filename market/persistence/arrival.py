"""A PostgreSQL that is about to be there: one that starts, recovers, or is restarted is waited for, within bounds."""

import logging
import time

from sqlalchemy.exc import OperationalError

from market.persistence.database import Database

LOOK_SECONDS = 0.5
"""Between two tries to connect."""
PING_SECONDS = 2
"""For a server to say whether it takes connections: it has just refused one, so it answers at once or is gone."""
_logger = logging.getLogger(__name__)


def await_server(database: Database, seconds: float) -> None:
    """Return once the server takes connections, but after so many seconds at most, and at once where waiting helps nothing.

    What is wrong then, whoever connects next is told. SQLite is a file, and there or not.
    """
    if database.engine.dialect.name != "postgresql":
        return
    why = _why_not_yet(database)
    if why is None or not seconds:
        return
    _logger.warning("%s is not there yet, waiting up to %g s: %s", database.shown, seconds, why)
    until = time.monotonic() + seconds
    while why is not None and time.monotonic() < until:
        time.sleep(min(LOOK_SECONDS, seconds))
        why = _why_not_yet(database)


def _why_not_yet(database: Database) -> str | None:
    """Why no connection can be made that may be made a moment later; None where one can, or where it never will."""
    try:
        with database.engine.connect():
            return None
    except OperationalError as error:
        return str(error.orig).strip() if _may_pass(database, error) else None


def _may_pass(database: Database, error: OperationalError) -> bool:
    """libpq knows a server that starts or recovers by its SQLSTATE, which no error of a connection tells.

    A server that takes connections and still refuses this one (a password, a name) will refuse the next one too.
    """
    driver = database.engine.dialect.loaded_dbapi
    if isinstance(error.orig, driver.errors.ConnectionTimeout):
        return True
    _, named = database.engine.dialect.create_connect_args(database.engine.url)
    named.pop("context", None)  # SQLAlchemy's, and none of libpq's
    told = driver.conninfo.make_conninfo(**{**named, "connect_timeout": PING_SECONDS})
    return driver.pq.PGconn.ping(told.encode()) in {driver.pq.Ping.REJECT, driver.pq.Ping.NO_RESPONSE}
