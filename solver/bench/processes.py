"""Starting a process, hearing its lines, measuring its memory, and ending it when it oversteps."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
SAMPLE_SECONDS = 0.2


class Ended(NamedTuple):
    """How a process ended: `killed` says why it was, `complaint` is the end of its stderr."""

    returncode: int
    peak_mb: float
    killed: str
    complaint: str


class Watched:
    """A child process in a session of its own; `lines()` yields its stdout until it ends or is ended."""

    def __init__(self, command: list[str], memory_limit_mb: float) -> None:
        """Start it."""
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": path},
        )
        self._memory_limit_mb, self._peak_mb = memory_limit_mb, 0.0
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.deadline = float("inf")
        """time.monotonic() at which it is ended."""
        self._killed = ""

    def lines(self) -> Iterator[str]:
        """Its stdout, line by line."""
        while True:
            try:
                line = self._lines.get(timeout=SAMPLE_SECONDS)
            except queue.Empty:
                line = ""
            self._peak_mb = max(self._peak_mb, memory_mb(self._process.pid))
            if line is None:
                return
            if line:
                yield line
            self._end_if_over()

    def end(self) -> Ended:
        """Wait for it, or kill it and its children where it still runs."""
        if self._process.poll() is None and not self._killed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)
        self._kill_all()
        returncode = self._process.wait()
        self._stderr.seek(0)
        complaint = self._stderr.read()[-2000:].decode(errors="replace").strip()
        self._stderr.close()
        return Ended(returncode, self._peak_mb, self._killed, complaint)

    def _listen(self) -> None:
        stdout = self._process.stdout
        if stdout is not None:
            with stdout:
                for line in stdout:
                    self._lines.put(line)
        self._lines.put(None)

    def _end_if_over(self) -> None:
        if time.monotonic() > self.deadline:
            self._killed = "ended: far over its time"
        elif self._peak_mb > self._memory_limit_mb:
            self._killed = f"ended: more than {self._memory_limit_mb:,.0f} MB"
        if self._killed:
            self._kill_all()

    def _kill_all(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def memory_mb(pid: int) -> float:
    """Memory of a process and its children now, shared pages counted once (Linux; 0 elsewhere)."""
    return sum(_kilobytes(PROC / str(each) / "smaps_rollup") for each in (pid, *_children(pid))) / 1024


def own_load() -> tuple[float, ...]:
    """Load averages of the machine over 1, 5 and 15 minutes."""
    return tuple(round(part, 2) for part in os.getloadavg())


def _children(pid: int) -> Iterator[int]:
    try:
        listed = (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
    except OSError:
        return
    for child in map(int, listed):
        yield child
        yield from _children(child)


def _kilobytes(file: Path) -> int:
    try:
        for line in file.read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except (OSError, ProcessLookupError):
        return 0
    return 0
