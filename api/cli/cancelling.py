"""Ctrl-C and SIGTERM as a wish to stop: long work ends early and well, and what it has found is kept."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
DIED_OF_SIGNAL = 128
"""Shells tell a death by signal by this plus its number: 130 after Ctrl-C, 143 after SIGTERM."""


class Cancel:
    """Which signal has asked to stop, if any."""

    def __init__(self) -> None:
        self._signal: int | None = None

    def ask(self, number: int) -> None:
        """Remember the signal."""
        self._signal = number

    def is_wanted(self) -> bool:
        """Whether a signal has come; once true, true for good."""
        return self._signal is not None

    @property
    def exit_status(self) -> int:
        """0 where no signal came."""
        return 0 if self._signal is None else DIED_OF_SIGNAL + self._signal

    def run(self, work: Callable[[], Result]) -> Result:
        """Do the work on a thread of its own: Python runs signal handlers on the main thread, between two of its own
        instructions, so a main thread deep in compiled code would hear of a signal only when that returns.
        """
        future: Future[Result] = Future()

        def fulfil() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
                future.set_exception(error)

        # A daemon: a second signal ends the process without waiting for it.
        threading.Thread(target=fulfil, name="cancellable", daemon=True).start()
        return future.result()


@contextmanager
def cancelling() -> Iterator[Cancel]:
    """Within, the first Ctrl-C or SIGTERM only asks to stop; the next one does what it always did."""
    cancel = Cancel()
    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return
    before: dict[int, Any] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(number: int, _frame: object) -> None:
        cancel.ask(number)
        restore()

    try:
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, ask)
        yield cancel
    finally:
        restore()
