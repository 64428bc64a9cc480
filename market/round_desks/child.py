"""The process that clears rounds: a whole exchange of its own on the same database, asked and answered through a pipe."""

import contextlib
import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection

from market.clearing.depending import depend_on_parent
from market.clearing.solve_on import SolveOn
from market.domain.clock import Clock
from market.domain.rounds import Round
from market.exchange import Exchange, OpenedRound
from market.persistence.database import Database
from market.persistence.server_terms import ServerTerms
from market.round_desks.wire import (
    Answered,
    Failed,
    FinishAsked,
    Logged,
    OpenAsked,
    Question,
    Rang,
    Reply,
    Told,
    sendable,
)
from market.running.listened import Listened
from market.running.retention import USUAL_RETENTION, Retention
from market.watching import Seen
from solver import Engine

ASKED_AT_ONCE = 4
"""One round clears at a time; whoever asks for another one meanwhile is refused, or told what was answered before."""


def _nothing() -> None:
    """Nothing more is to be settled."""


@dataclass(frozen=True, slots=True)
class ChildTerms:
    """What the process needs to know; it can be sent there."""

    database_url: str = field(repr=False)  # there may be a password in it
    clock: Clock
    server: ServerTerms = field(default_factory=ServerTerms)
    engine: Engine = field(default_factory=Engine)
    niceness: int = 0
    """How far it stands back, while it builds, solves, judges and reads, for others on the same cores, as nice(1) counts."""
    retention: Retention = USUAL_RETENTION
    hears: bool = True
    """Whether reports of providers come to the process that starts it; else it looks whether they come to anybody."""
    settle: Callable[[], None] = _nothing
    """Called once, when everything is loaded."""


def clear_rounds(terms: ChildTerms, log_level: int, line: Connection) -> None:
    """The life of the process: until it is told to end, or its parent is no more."""
    depend_on_parent()
    teller = _Teller(line)
    logging.basicConfig(level=log_level, handlers=[_Through(teller)], force=True)
    logging.captureWarnings(capture=True)
    with (
        closing(Database(terms.database_url, terms.server)) as database,
        closing(SolveOn(terms.engine, terms.niceness)) as solve,
        ExitStack() as looking,
    ):
        exchange = Exchange(database, terms.clock, solve)
        exchange.retention = terms.retention
        if not terms.hears:
            exchange.listening_since = looking.enter_context(Listened(database, terms.clock).looking())
        exchange.watch.tell_to(teller.see)
        exchange.bell.hear(lambda: teller.send(Rang()))
        solve.warm()
        terms.settle()
        _Rounds(exchange, teller).serve(line)


class _Teller:
    """Says what happens, and for whom. Safe between threads."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._sending = threading.Lock()
        self._clearing: int | None = None

    def send(self, reply: Reply) -> None:
        """Once there is nobody to tell any more, this process is about to end as well."""
        with self._sending, contextlib.suppress(OSError):
            self._line.send(reply)

    def see(self, seen: Seen) -> None:
        self.send(Told(self.number(), seen))

    def number(self) -> int | None:
        """For which question this thread works; the solver's own threads work for the round that clears."""
        return _number.get() or self._clearing

    @contextmanager
    def working_for(self, question: Question) -> Iterator[None]:
        _number.set(question.number)
        if not isinstance(question.asked, FinishAsked):
            yield
            return
        self._clearing = question.number
        try:
            yield
        finally:
            self._clearing = None


_number: ContextVar[int | None] = ContextVar("number", default=None)


class _Through(QueueHandler):
    """Log records go to the parent, which knows how they are shown and for which request."""

    def __init__(self, teller: _Teller) -> None:
        super().__init__(teller)  # type: ignore[arg-type]  # anything with the one method that `enqueue` calls
        self._teller = teller

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Everything as text; a trace as a field of its own, as the parent shows its own traces."""
        trace = record.exc_info and "".join(traceback.format_exception(*record.exc_info)).rstrip()
        record.exc_info = None
        prepared: logging.LogRecord = super().prepare(record)
        if trace:
            prepared.exception = trace
        return prepared

    def enqueue(self, record: logging.LogRecord) -> None:
        """Called by `emit`."""
        self._teller.send(Logged(self._teller.number(), record))


class _Rounds:
    """Answers questions, each in a thread: whoever is refused does not wait for the round that clears."""

    def __init__(self, exchange: Exchange, teller: _Teller) -> None:
        self._exchange, self._teller = exchange, teller
        self._opened: dict[str, OpenedRound] = {}

    def serve(self, line: Connection) -> None:
        """Until there are no more questions; what is under way is ended."""
        with ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="round") as threads:
            while (question := line.recv()) is not None:
                threads.submit(self._answer, question)

    def _answer(self, question: Question) -> None:
        with self._teller.working_for(question):
            try:
                reply: Reply = Answered(question.number, self._carry_out(question.asked))
            except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for it
                reply = Failed(question.number, sendable(error), traceback.format_exc())
        self._teller.send(reply)

    def _carry_out(self, asked: OpenAsked | FinishAsked) -> Round:
        match asked:
            case OpenAsked(actor, request, once):
                opened = self._exchange.open_round(actor, request, once)
                self._opened[opened.round.id] = opened
                return opened.round
            case FinishAsked(round_id):
                return self._exchange.finish_round(self._opened.pop(round_id))
