"""Notices between the exchanges on one PostgreSQL database: whoever commits news NOTIFYs, whoever LISTENs rings its bell.

A notice says only that there is something new in the log; what it is, the log says. Nobody relies on one: the log is looked
at now and then as well, so a lost connection costs a moment and no event. (LISTEN needs a session of its own: it does not
work through a pooler that shares sessions between transactions.) A remark is what a notice has no log for: words for whoever
listens just then, kept nowhere.
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

from market.persistence.database import Database

CHANNEL = "suanli_events"
REMARKS = "suanli_remarks"
MOST_BYTES = 7_999
"""Of one remark, with who makes it: PostgreSQL takes no longer payload."""
_NOTIFY = text("SELECT pg_notify(:channel, :teller)")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds between looks whether the connection is still there, and between tries to have a new one."""

    look_seconds: float = 30.0
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 30.0


def carries_remarks(database: Database) -> bool:
    """Whether other exchanges on it can be told anything that is stored nowhere."""
    return bool(database.engine.dialect.name == "postgresql")


def remark(database: Database, words: str) -> None:
    """Say something to every other exchange, at once, in a transaction of its own (on PostgreSQL).

    `words` and the teller's name together are `MOST_BYTES` at most.
    """
    with database.engine.begin() as connection:
        connection.execute(_NOTIFY, {"channel": REMARKS, "teller": f"{database.teller} {words}"})


def room_for_words(database: Database) -> int:
    """Bytes of a remark that this exchange may make."""
    return MOST_BYTES - len(f"{database.teller} ")


def _deaf(_words: str) -> None:
    """Remarks are nothing to most."""


@contextmanager
def hearing(
    database: Database,
    ring: Callable[[], None],
    patience: Patience | None = None,
    *,
    heed: Callable[[str], None] = _deaf,
) -> Iterator[None]:
    """As long as this is open, `ring` is called when another exchange has committed news; on SQLite never.

    `heed` is told what another one remarks. Both are called from a thread of their own, and must neither wait nor raise.
    `ring` is called as well when a connection is there again, for nobody knows what was missed.
    """
    if database.engine.dialect.name != "postgresql":
        yield
        return
    ears = _Ears(database, ring, heed, patience or Patience())
    ears.start()
    try:
        yield
    finally:
        ears.stop()


class _Ears:
    """One thread on one connection, which sleeps until something is to be heard or it is told to end."""

    def __init__(
        self, database: Database, ring: Callable[[], None], heed: Callable[[str], None], patience: Patience
    ) -> None:
        self._engine: Engine = database.engine
        self._own = database.teller
        self._ring, self._heed = ring, heed
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
        connection.execute(f"LISTEN {REMARKS}")
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def _listen(self, connection: Any) -> None:
        with selectors.DefaultSelector() as both:  # unlike `select`, of however many files a server has open
            both.register(connection, selectors.EVENT_READ)
            both.register(self._woken, selectors.EVENT_READ)
            while not self._ending.is_set():
                if not both.select(self._patience.look_seconds):
                    connection.execute("SELECT 1")  # raises where the other end is gone without a word
                self._hear(list(connection.notifies(timeout=0)))

    def _hear(self, notices: list[Any]) -> None:
        """One ring for all that is news; every remark."""
        rung = False
        for notice in notices:
            teller, _, words = notice.payload.partition(" ")
            if teller == self._own:
                continue
            if notice.channel == REMARKS:
                self._heed(words)
            elif not rung:
                rung = True
                self._ring()
