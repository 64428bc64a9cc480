"""What the process that was started says to those that serve for it."""

import os
import threading
from collections.abc import Callable
from enum import Enum
from multiprocessing.connection import Connection

ORPHANED = 1
"""The status of a process whose parent is no more."""


class Order(Enum):
    """What is to be done."""

    END = "end"
    """Let what is under way end."""
    END_NOW = "end now"


def obey(line: Connection, end: Callable[[], None], end_now: Callable[[], None]) -> None:
    """From now on, in a thread: do what is said, and end at once when there is nobody any more to say it."""

    def listen() -> None:
        try:
            while True:
                if line.recv() is Order.END_NOW:
                    end_now()
                end()
        except (EOFError, OSError):
            os._exit(ORPHANED)

    threading.Thread(target=listen, name="parent-line", daemon=True).start()
