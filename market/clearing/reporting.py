"""How a clearing that is solved in another process tells of itself: through a pipe that never makes it wait."""

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.connection import Connection

from solver import Clearing, Progress

GLANCE_SECONDS = 0.1
"""How long whoever waits for a clearing waits for a report before looking whether it is done all the same."""
Report = Callable[[Progress], None]
"""Called with where the search is, as often as there is something new."""
Tell = Callable[[Progress | None], None]
"""A report, or None: the clearing is over."""
Cancelled = Callable[[], bool]
"""Whether nobody wants the clearing any more; once it is true it stays so."""


def unreported(_row: Progress) -> None:
    """Nobody wants to know."""


def tell_through(pipe: Connection) -> Tell:
    """What is told into a full pipe, which nobody reads, is lost: one write, whole or not at all, and no waiting."""
    os.set_blocking(pipe.fileno(), False)

    def tell(row: Progress | None) -> None:
        with contextlib.suppress(BlockingIOError):
            pipe.send(row)

    return tell


def forget(pipe: Connection) -> None:
    """Read away what an earlier clearing told when nobody listened any more."""
    while pipe.poll():
        pipe.recv()


def follow(
    clearing: "Future[Clearing]", pipe: Connection, report: Report, look: Callable[[], object]
) -> None:
    """Report what comes through the pipe until the clearing is over, and look up meanwhile; one clearing at a time."""
    while not clearing.done() or pipe.poll():
        look()
        if pipe.poll(GLANCE_SECONDS):
            row = pipe.recv()
            if row is None:
                return
            report(row)
