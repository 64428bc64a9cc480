"""Notices between the exchanges on one PostgreSQL database: whoever commits news NOTIFYs, whoever LISTENs rings its bell.

A notice says only that there is something new in the log; what it is, the log says. Nobody relies on one: the log is looked
at now and then as well, so a lost connection costs a moment and no event. (LISTEN needs a session of its own: it does not
work through a pooler that shares sessions between transactions.)
"""

import logging
import random
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from market.persistence.database import TELLER, Database

CHANNEL = "suanli_events"
_NOTIFY = text("SELECT pg_notify(:channel, :teller)")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds between looks whether the connection is still there, and between tries to have a new one."""

    look_seconds: float = 30.0
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 30.0


def give_notice(session: Session) -> None:
    """Tell every other exchange, as this transaction commits, that there is something new (on PostgreSQL)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_NOTIFY, {"channel": CHANNEL, "teller": session.info.get(TELLER, "")})


@contextmanager
def hearing(database: Database, ring: Callable[[], None], patience: Patience | None = None) -> Iterator[None]:
    """As long as this is open, `ring` is called when another exchange has committed news; on SQLite never.

    It is called from a thread of its own, and must neither wait nor raise. It is called as well when a connection is there
    again, for nobody knows what was missed.
    """
    if database.engine.dialect.name != "postgresql":
        yield
        return
    ears = _Ears(database, ring, patience or Patience())
    ears.start()
    try:
        yield
    finally:
        ears.stop()


class _Ears:
    """One thread on one connection, which sleeps until something is to be heard or it is told to end."""

    def __init__(self, database: Database, ring: Callable[[], None], patience: Patience) -> None:
        self._engine: Engine = database.engine
        self._own = database.teller
        self._ring = ring
        self._patience = patience
        self._ending = threading.Event()
        self._woken, self._waking = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._lost = (SQLAlchemyError, OSError, self._engine.dialect.loaded_dbapi.Error)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        with suppress(OSError):
            self._waking.send(b"\0")
        self._thread.join()
        self._woken.close()
        self._waking.close()

    def _run(self) -> None:
        pause = self._patience.first_pause_seconds
        while not self._ending.is_set():
            try:
                with closing(self._connect()) as connection:
                    pause = self._patience.first_pause_seconds
                    self._ring()
                    self._listen(connection)
            except self._lost as error:
                _logger.warning("news of other servers is looked for only now and then, until %s", error)
                self._ending.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - not all servers at once
                pause = min(2 * pause, self._patience.longest_pause_seconds)

    def _connect(self) -> Any:
        """The driver's own connection, taken out of the pool for good."""
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        connection.autocommit = True
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def _listen(self, connection: Any) -> None:
        with selectors.DefaultSelector() as both:  # unlike `select`, of however many files a server has open
            both.register(connection, selectors.EVENT_READ)
            both.register(self._woken, selectors.EVENT_READ)
            while not self._ending.is_set():
                if not both.select(self._patience.look_seconds):
                    connection.execute("SELECT 1")  # raises where the other end is gone without a word
                tellers = [notice.payload for notice in connection.notifies(timeout=0)]
                if any(teller != self._own for teller in tellers):
                    self._ring()
