"""Connections that lay idle are asked whether they are still there before somebody works with them.

SQLAlchemy would ask each one each time, a way to PostgreSQL and back before every transaction. One that was of use a moment
ago is not asked: who breaks off connections (a server that restarts, a firewall, a pooler) takes longer, or breaks off what
is under way as well.
"""

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

IDLE_SECONDS = 1.0
_IDLE_SINCE = "idle_since"


def ping_the_idle(engine: Engine, idle_seconds: float = IDLE_SECONDS) -> None:
    """As the pool's own `pre_ping`, for connections given back a while ago: where one is gone, all are made anew."""
    dialect = engine.dialect

    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_IDLE_SINCE] = time.monotonic()

    def ask(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        since = record.info.get(_IDLE_SINCE)
        if since is None or time.monotonic() - since < idle_seconds:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            if not dialect.is_disconnect(error, connection, None):
                raise
            raise InvalidatePoolError from error

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", ask)
