"""The exchange's end of the line to the process that clears its rounds."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from multiprocessing import get_context
from queue import SimpleQueue

from market.domain.rounds import Round
from market.round_desks.child import ChildTerms, clear_rounds
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
)
from market.watching import Seen

PATIENCE_SECONDS = 5.0
"""For a process that has closed its end of the line to be gone."""
See = Callable[[Seen], None]


class LineDead(Exception):
    """The process is no more, and has not answered."""


class RaisedThere(Exception):
    """Where an error was raised over there, for the log."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class Line:
    """One process and the questions that it has not answered yet. Safe between threads."""

    def __init__(self, terms: ChildTerms, see: See, ring: Callable[[], None]) -> None:
        """`see` is told in the thread that waits for the answer, `ring` is called from a thread of the line."""
        self._see, self._ring = see, ring
        self._context = get_context("spawn")
        self._near, self._far = self._context.Pipe()
        self._process = self._context.Process(
            target=clear_rounds,
            args=(terms, logging.getLogger().getEffectiveLevel(), self._far),
            name="rounds",
            daemon=True,
        )
        self._reader = threading.Thread(target=self._read, name="rounds-line", daemon=True)
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._waiting: dict[int, SimpleQueue[Reply | None]] = {}
        self._started = False
        self.is_dead = False
        """Known as soon as the process ends, not when it is next needed."""

    def ask(self, asked: OpenAsked | FinishAsked) -> Round:
        """Wait for the answer; what is raised there is raised here, `LineDead` where nobody answers any more."""
        number, replies = self._put(asked)
        try:
            while True:
                match replies.get():
                    case Answered(round=round_):
                        return round_
                    case Failed(error=error, trace=trace):
                        raise error from RaisedThere(trace)
                    case None:
                        raise LineDead
                    case reply:
                        self._take(reply)
        finally:
            with self._lock:
                del self._waiting[number]

    def start(self) -> None:
        """Start the process, unless it was."""
        with self._lock:
            if not self._started:
                self._started = True
                self._process.start()
                self._far.close()
                self._reader.start()

    def end(self) -> None:
        """Tell it that there are no more questions, and wait for its end: a round under way is finished first."""
        with self._lock:
            if self._started and not self.is_dead:
                self._send(None)
        self._close()

    def kill(self) -> None:
        """End it, whatever it is doing."""
        with self._lock:
            if self._started:
                self._process.kill()
        self._close()

    @property
    def process_id(self) -> int | None:
        """Of the process, once it is started."""
        return self._process.pid

    def _close(self) -> None:
        if self._started:
            self._reader.join()
        else:
            self._far.close()
        self._near.close()

    def _put(self, asked: OpenAsked | FinishAsked) -> "tuple[int, SimpleQueue[Reply | None]]":
        self.start()
        with self._lock:
            number, replies = next(self._numbers), SimpleQueue[Reply | None]()
            self._waiting[number] = replies
            if self.is_dead:
                replies.put(None)
            else:
                self._send(Question(number, asked))
        return number, replies

    def _send(self, question: Question | None) -> None:
        with suppress(OSError):  # it has just died: the reader finds that out, and tells all who wait
            self._near.send(question)

    def _read(self) -> None:
        try:
            while True:
                self._pass_on(self._near.recv())
        except (EOFError, OSError):
            pass  # it has ended
        finally:
            self._process.join(PATIENCE_SECONDS)
            self._process.kill()
            self._process.join()  # only now its locks are free for certain
            with self._lock:
                self.is_dead = True
                for replies in self._waiting.values():
                    replies.put(None)

    def _pass_on(self, reply: Reply) -> None:
        if isinstance(reply, Rang):
            self._ring()
            return
        with self._lock:
            replies = self._waiting.get(reply.number or 0)
        if replies is None:
            self._take(reply)
        else:
            replies.put(reply)

    def _take(self, reply: Reply) -> None:
        """What was seen or logged there, as if it were here."""
        match reply:
            case Told(seen=seen):
                self._see(seen)
            case Logged(record=record):
                logger = logging.getLogger(record.name)
                if logger.isEnabledFor(record.levelno):
                    logger.handle(record)
            case _:
                pass  # an answer that nobody waits for any more
