"""How a round comes along that clears here, for other processes on the database: a few remarks a second, stored nowhere.

Each remark has the whole account so far: all steps, and of each stretch of the search the newest. So one that is lost costs
nothing but time, and who comes later hears all of it. Made by a thread with a connection of its own, never in a transaction
of the round; where the database does not carry remarks (SQLite), nobody is told.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter
from sqlalchemy.exc import SQLAlchemyError

from market.domain.states import RoundState
from market.persistence.database import Database
from market.persistence.notices import carries_remarks, remark, room_for_words
from market.watching import RoundEnded, Searching, Seen, StepDone

PAUSE_SECONDS = 0.25
"""Between two remarks: four a second at most."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a round ended."""

    state: RoundState
    failure: str | None


@dataclass(frozen=True, slots=True)
class RoundAccount:
    """What was told of one round, as it is remarked."""

    round_id: str
    told: tuple[StepDone | Searching, ...]
    ended: Ended | None = None


T = TypeVar("T")
_WRITTEN = TypeAdapter(RoundAccount)


def read_account(words: str) -> RoundAccount:
    """What `write_account` wrote; `ValueError` for anything else."""
    return _WRITTEN.validate_json(words)


def write_account(account: RoundAccount, most_bytes: int) -> str:
    """As JSON of so many bytes at most: what is oldest is left out where it would be more."""
    told = tuple(newest_of(account.told))
    while True:
        written = _WRITTEN.dump_json(RoundAccount(account.round_id, told, account.ended))
        if len(written) <= most_bytes or not told:
            return written.decode()
        told = told[1:]


def newest_of(told: Sequence[T]) -> Iterable[T]:
    """Without reports of a search that a later one follows at once."""
    for number, one in enumerate(told):
        after = told[number + 1] if number + 1 < len(told) else None
        if not (isinstance(one, Searching) and isinstance(after, Searching)):
            yield one


class RoundRemarks:
    """Tells others of the round that clears here. Told itself in the thread that clears, which never waits for it."""

    def __init__(self, database: Database, pause_seconds: float = PAUSE_SECONDS) -> None:
        """Its thread starts with the first round."""
        self._database, self._pause_seconds = database, pause_seconds
        self._carried = carries_remarks(database)
        self._changing = threading.Lock()
        self._account: RoundAccount | None = None
        self._untold = False
        self._news, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def see(self, seen: Seen) -> None:
        """Keep what is told of a round, for the next remark."""
        if not self._carried or self._closing.is_set():
            return
        match seen:
            case StepDone(round_id=round_id) | Searching(round_id=round_id):
                self._keep(round_id, (seen,), None)
            case RoundEnded(round=ended):
                self._keep(ended.id, (), Ended(ended.state, ended.failure))
            case _:
                return
        self._news.set()

    def close(self) -> None:
        """Say what is left to be said, and end."""
        self._closing.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()

    def _keep(self, round_id: str, told: tuple[StepDone | Searching, ...], ended: Ended | None) -> None:
        with self._changing:
            before = self._account
            known = before.told if before is not None and before.round_id == round_id else ()
            if known and told and isinstance(known[-1], Searching) and isinstance(told[0], Searching):
                known = known[:-1]
            self._account, self._untold = RoundAccount(round_id, known + told, ended), True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="round-remarks", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.wait()
            self._news.clear()
            self._tell()
            self._closing.wait(self._pause_seconds)
        self._tell()

    def _tell(self) -> None:
        with self._changing:
            account, untold, self._untold = self._account, self._untold, False
        if account is None or not untold:
            return
        try:
            remark(self._database, write_account(account, room_for_words(self._database)))
        except SQLAlchemyError as error:
            _logger.warning(
                "other servers are not told how round %s comes along: %s", account.round_id, error
            )
