"""How the exchange ends: asked once it lets what is under way end, asked twice it ends at once.

1. At the first signal /readyz says 503, streams end, no more rounds are opened.
2. After `drain_seconds` the port is closed; what is being answered is answered.
3. After most of `shutdown_seconds` a round that still clears is given up: it has failed as `exchange_stopped`, its orders
   are in the book. The rest of the seconds is for telling those who wait.
4. Whatever still runs then is cut off. That is safe: what is stored is stored in transactions, and the next start closes
   a round that was cut off.
"""

import logging
import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

import uvicorn

from api.operations.stopping import Stopping
from api.settings import Settings

SIGNALS = (signal.SIGINT, signal.SIGTERM)
DIED_OF_SIGNAL = 128
SHARE_FOR_ROUNDS = 0.8
"""Of `shutdown_seconds`, what a round may take; the rest is for answering."""
_logger = logging.getLogger(__name__)


class Endable(Protocol):
    """What is to be ended."""

    stopping: Stopping

    def begin_stopping(self) -> None:
        """Take on no more. It is called from a signal handler, so it takes no lock."""

    def give_up(self) -> None:
        """Let go of what would take longer."""


class Ending:
    """The end of one exchange, from the first signal on."""

    def __init__(self, desk: Endable, settings: Settings) -> None:
        self._desk = desk
        self.drain_seconds = settings.drain_seconds
        self.shutdown_seconds = settings.shutdown_seconds
        self.asked_at: float | None = None
        """On the monotonic clock; None while nobody asked."""
        self._signalled = False
        self._ended = threading.Event()

    def is_asked(self) -> bool:
        """Whether a signal has come."""
        return self.asked_at is not None

    def is_drained(self) -> bool:
        """Whether the port may be closed."""
        return self.asked_at is not None and time.monotonic() - self.asked_at >= self.drain_seconds

    def on_signal(self, number: int, _frame: FrameType | None = None) -> None:
        """The first one only sets flags, for it may have come at any instruction; the second one ends the process."""
        if self._signalled:
            self.cut_off(DIED_OF_SIGNAL + number)
        self._signalled = True
        self.ask()

    def ask(self) -> None:
        """End, as at the first signal; asked again, nothing more happens."""
        if self.asked_at is None:
            self.asked_at = time.monotonic()
            self._desk.begin_stopping()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Within, Ctrl-C and SIGTERM are ours, and the clock runs from the first of them."""
        before = {number: signal.signal(number, self.on_signal) for number in SIGNALS}
        clock = threading.Thread(target=self._keep_bounds, name="ending", daemon=True)
        clock.start()
        try:
            yield
        finally:
            self._ended.set()
            self._desk.begin_stopping()
            clock.join()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _keep_bounds(self) -> None:
        self._desk.stopping.wait_here()
        if self._ended.wait(self.drain_seconds + self.shutdown_seconds * SHARE_FOR_ROUNDS):
            return
        _logger.warning("a round that still clears is given up: its orders stay in the book")
        self._desk.give_up()
        if not self._ended.wait(self.shutdown_seconds * (1 - SHARE_FOR_ROUNDS)):
            _logger.warning("the exchange is cut off after %g s; nothing half-done is stored", self._bound())
            self.cut_off(0)

    def _bound(self) -> float:
        return self.drain_seconds + self.shutdown_seconds

    def cut_off(self, status: int) -> None:
        """End the process without another instruction of anybody: solver processes end with it."""
        os._exit(status)


class GracefulServer(uvicorn.Server):
    """uvicorn, ended as `Ending` says; it leaves no signal for later, so the program ends with status 0."""

    def __init__(self, config: uvicorn.Config, ending: Ending) -> None:
        config.timeout_graceful_shutdown = math.ceil(ending.shutdown_seconds)
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal while it serves."""
        self._ending.on_signal(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Several times a second: whether it is time to close the port."""
        self.should_exit = self.should_exit or self._ending.is_drained()
        return await super().on_tick(counter)
