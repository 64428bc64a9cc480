"""What a process does first that works for another one."""

import os
import signal
import threading
from multiprocessing import parent_process


def depend_on_parent() -> None:
    """End when the parent does.

    Ctrl-C reaches the whole process group, but only the exchange ends its processes: by closing them, or by dying.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, name="parent-watch", daemon=True).start()


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
