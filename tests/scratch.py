"""Where tests keep files that are gone with them: in memory, where the machine has room for that.

A PostgreSQL database is three hundred files: to copy and drop one on a disk (ext4) takes ten times the processor time.
"""

import os
import shutil
from functools import cache

IN_MEMORY = "/dev/shm"  # noqa: S108 - only told to `tempfile`, which makes directories of its own there
ROOM_BYTES = 2 * 2**30
"""More than the databases of all workers that run tests at once."""


@cache
def scratch() -> str | None:
    """The directory for `tempfile` to use; None: its own choice, which TMPDIR decides where that is set."""
    if "TMPDIR" in os.environ or not os.access(IN_MEMORY, os.W_OK):
        return None
    return IN_MEMORY if shutil.disk_usage(IN_MEMORY).free >= ROOM_BYTES else None
