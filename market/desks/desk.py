"""A desk: the exchange's database, clock and ids, and the only place that commits.

Every public method of a desk is one unit of work: it checks who asks, changes the market in one transaction, and
either all of it is stored or nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from market.desks.bell import Bell
from market.domain.clock import Clock
from market.domain.ids import IdSource
from market.domain.parties import Actor
from market.idempotency import Once, one_answer, refuse_repetition, remember
from market.persistence.database import Database
from market.persistence.event_log import EventLog
from market.persistence.ledger_store import enough_funds
from market.persistence.staging import Stage
from market.persistence.store import Store
from market.persistence.together import committed_together


class UnitOfWork(Store):
    """A store whose changes are committed together, with what is told of them and the answer to remember them by."""

    def __init__(self, session: Session, at: datetime, by: Actor | None = None) -> None:
        events = EventLog(session, at) if by is None else EventLog(session, at, by.key_id, by.request_id)
        super().__init__(session, events)
        self.answer: Mapping[str, Any] = {}
        self._last: Callable[[], None] | None = None

    def write_last(self, write: Callable[[], None]) -> None:
        """Have the last rows of it, at most one in a table, written with the log and the COMMIT, in one go."""
        self._last = write

    @contextmanager
    def committing(self) -> Iterator[None]:
        """What is written within is committed at its end, after what was to be written last."""
        if self._last is None:
            yield
            self.session.commit()
            return
        with enough_funds(), committed_together(self.session, most_rows=1):
            self._last()
            yield


class Desk:
    """What every desk works with. Safe between threads: each call has a session of its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self._ids = IdSource()
        opened_at = clock.now()
        self.listening_since: Callable[[], datetime] = lambda: opened_at
        """Silence before is held against nobody, for nobody heard; whoever does not hear reports itself says otherwise."""
        self.bell = Bell()

    @contextmanager
    def _unit_of_work(
        self, by: Actor | None = None, once: Once | None = None, on: Stage | None = None
    ) -> Iterator[UnitOfWork]:
        """One transaction, one commit, `by` somebody or by the exchange itself, `on` where its rows lie ready, if they do.

        A request whose key was answered before raises `AnsweredBefore`.
        """
        with self.database.writing(on=None if on is None else on.connection) as session:
            work = UnitOfWork(session, self.clock.now(), by)
            if once is not None:
                refuse_repetition(work, once)
            yield work
            with one_answer(), work.committing():
                if once is not None:
                    remember(work, once, work.answer, self.clock.now())
                told = work.events.write()
            work.ledger.keep_opened()
        if told:
            self.bell.ring()
