"""Keeps so many processes going: whoever dies is replaced, whoever is told to end ends with all of them.

It knows nothing of what they do.
"""

import logging
import math
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Protocol

from api.operations.ending import DIED_OF_SIGNAL, SIGNALS
from api.serving.line import Order
from market.domain.errors import MarketError, Unavailable

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: until the next one after an early death, at first and at most; from which age on no death is early; how long
    they may take to end."""

    first_pause: float = 0.5
    longest_pause: float = 30.0
    grown_up: float = 60.0
    ending: float = 30.0


class Child(Protocol):
    """One process."""

    @property
    def process_id(self) -> int:
        """Of the system's."""

    @property
    def sentinel(self) -> int:
        """Ready once it has ended."""

    @property
    def line(self) -> Connection:
        """On which it says one thing in its life: that it answers (None), or why it never will (a `MarketError`)."""

    def tell(self, order: Order) -> None:
        """It ends by itself if it cannot be told."""

    def kill(self) -> None:
        """At once."""

    def status(self) -> int:
        """With which it ended; lets go of it."""


@dataclass
class Place:
    """Of one process: it, or when the next one is started."""

    child: Child | None = None
    heard: bool = False
    started_at: float = 0.0
    starts_at: float = 0.0
    early_deaths: int = 0


@dataclass
class Supervisor:
    """Runs in the main thread, for signals come there."""

    start: Callable[[], Child]
    count: int
    answering: Callable[[], None]
    """Called once, when the first of them answers."""
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        """Nobody is started yet."""
        self._places = [Place() for _ in range(self.count)]
        self._answers = False
        self._ends_by: float | None = None
        self._status = 0

    def run(self) -> int:
        """Until all have ended because a signal said so; the status to end with. Raises what the first of them refuses with.

        If none has ever answered and one ends, nothing will help: all are ended.
        """
        with self._signals() as signals:
            try:
                while self._ends_by is None or self._children():
                    self._start_due()
                    self._await(signals)
            finally:
                self._end(Order.END_NOW)
                for child in self._children():
                    child.kill()
                    child.status()
        return self._status

    def _children(self) -> list[Child]:
        return [place.child for place in self._places if place.child is not None]

    def _start_due(self) -> None:
        if self._ends_by is not None:
            return
        now = time.monotonic()
        for place in self._places:
            if place.child is None and place.starts_at <= now:
                place.child, place.heard, place.started_at = self.start(), False, now

    def _await(self, signals: socket.socket) -> None:
        """The next thing that happens, or is due."""
        lines = [place.child.line for place in self._places if place.child is not None and not place.heard]
        ends = [child.sentinel for child in self._children()]
        happened = wait([signals, *lines, *ends], self._seconds_left())
        if signals in happened:
            for number in signals.recv(64):
                self._on_signal(number)
        for place in self._places:
            child = place.child
            if child is not None and child.line in happened:
                self._hear(place, child)
            if child is not None and child.sentinel in happened:
                self._bury(place, child)
        if self._ends_by is not None and time.monotonic() >= self._ends_by:
            _logger.warning("what has not ended by now is killed; nothing half-done is stored")
            self._ends_by = math.inf
            for child in self._children():
                child.kill()

    def _seconds_left(self) -> float | None:
        """Until something is due; None: nothing is."""
        empty = [place.starts_at for place in self._places if place.child is None]
        due = min(empty, default=None) if self._ends_by is None else self._ends_by
        return None if due is None or due == math.inf else max(0.0, due - time.monotonic())

    def _on_signal(self, number: int) -> None:
        """At the first all let what is under way end; at the second they end."""
        if self._ends_by is None:
            self._end(Order.END)
        else:
            self._status = DIED_OF_SIGNAL + number
            self._end(Order.END_NOW)

    def _end(self, order: Order) -> None:
        self._ends_by = time.monotonic() + self.patience.ending
        for child in self._children():
            child.tell(order)

    def _hear(self, place: Place, child: Child) -> None:
        place.heard = True
        try:
            refusal: MarketError | None = child.line.recv()
        except (EOFError, OSError):
            return  # it has ended, of which its sentinel tells
        if refusal is not None and not self._answers:
            raise refusal
        if refusal is not None:
            _logger.error("process %d cannot serve: %s", child.process_id, refusal)
        elif not self._answers:
            self._answers = True
            self.answering()

    def _bury(self, place: Place, child: Child) -> None:
        """Another one takes its place, later if it died early."""
        number, status, now = child.process_id, child.status(), time.monotonic()
        place.child = None
        if self._ends_by is not None:
            return
        if not self._answers:
            raise Unavailable(
                "server_not_started", f"a process that serves ended with status {status}; the log says why"
            )
        early = now - place.started_at < self.patience.grown_up
        place.early_deaths = place.early_deaths + 1 if early else 0
        pause = self.patience.first_pause * 2.0 ** min(place.early_deaths - 1, 30) if early else 0.0
        place.starts_at = now + min(pause, self.patience.longest_pause)
        _logger.error(
            "process %d ended with status %d; another one takes its place in %.1f s",
            number,
            status,
            place.starts_at - now,
        )

    @contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        """Where signals arrive as bytes: nothing is done at the instruction at which they happen to come."""
        here, there = socket.socketpair()
        there.setblocking(False)  # noqa: FBT003 - the library's own
        with closing(here), closing(there):
            fd_before = signal.set_wakeup_fd(there.fileno())
            before = {number: signal.signal(number, _noted) for number in SIGNALS}
            try:
                yield here
            finally:
                signal.set_wakeup_fd(fd_before)
                for number, handler in before.items():
                    signal.signal(number, handler)


def _noted(_signal: int, _frame: object) -> None:
    """The system writes the signal's number where `run` waits."""
