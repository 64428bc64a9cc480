"""Whether anybody else has a database open: it is not moved away under an exchange that serves it."""

import sqlite3
import time
from contextlib import closing

from sqlalchemy import text

from market.domain.errors import Conflict
from market.persistence.database import Database

PATIENCE_SECONDS = 2.0
"""For whoever is just about to close it: a server learns of that a moment later."""
LOOKS = 20
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend' AND pid <> pg_backend_pid()"
)
"""Of other users' sessions an ordinary user learns no more than that they are there."""


def require_sole_use(database: Database) -> None:
    """`Conflict` `database_in_use` while another program has a connection to it. Lets go of this program's own first."""
    database.engine.dispose()
    if database.engine.dialect.name == "postgresql":
        others = _is_connected_elsewhere(database)
    else:
        others = _is_open_elsewhere(str(database.engine.url.database))
    if others:
        raise Conflict(
            "database_in_use",
            f"{database.shown} is open in another program: stop the exchange that serves it (and whatever else reads "
            "it), then try again",
        )


def _is_connected_elsewhere(database: Database) -> bool:
    for _ in range(LOOKS):
        with database.reading() as session:
            if not session.scalar(_OTHERS):
                return False
        time.sleep(PATIENCE_SECONDS / LOOKS)
    return True


def _is_open_elsewhere(path: str) -> bool:
    """In WAL mode every open connection keeps a lock on the file, idle as it may be."""
    with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)) as alone:
        alone.execute("PRAGMA locking_mode=EXCLUSIVE")
        try:
            alone.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise
            return True
        alone.execute("ROLLBACK")
        return False
