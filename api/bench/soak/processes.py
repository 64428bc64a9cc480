"""The exchange's processes: servers of the API and workers, started, killed and started again, all of them ours."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from api.bench.servers import HOST
from api.terminal.refusal import Refusal

PATIENCE_SECONDS = 90.0


@dataclass(slots=True)
class Process:
    """One process of an exchange in a session of its own. `port`: where it answers, if it serves."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    host: str = HOST
    port: int | None = None
    starts: int = 0
    _resting: bool = False
    """It was killed, and is started again by whoever did that."""
    _running: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _sessions: list[int] = field(default_factory=list, repr=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Begin; it answers a little later."""
        environment = {**os.environ, **self.environment, "PGAPPNAME": self.name}
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(  # noqa: S603 - our own program
                list(self.command), stdout=output, stderr=output, env=environment, start_new_session=True
            )
        self._sessions.append(self._running.pid)
        self._resting = False
        self.starts += 1

    def await_answers(self, *, supervised: bool = False) -> None:
        """Until its port takes connections; `Refusal` where it ended instead, and nobody starts it again."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and (supervised or self.is_running()):
            if self.port is None:
                return
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1):
                return
            time.sleep(0.05)
        raise Refusal(
            "server_not_started", f"{self.name} did not start; its log ends with:\n{self.last_words()}"
        )

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._running is not None and self._running.poll() is None

    def kill(self) -> None:
        """SIGKILL to it alone: what it started has to notice by itself."""
        if self._running is not None:
            self._resting = True
            self._running.send_signal(signal.SIGKILL)
            self._running.wait()

    def end(self) -> None:
        """SIGTERM, and SIGKILL for whatever of all its lives is left after a while."""
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._running.wait(PATIENCE_SECONDS)
        for session in self._sessions:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(session, signal.SIGKILL)
        if self._running is not None:
            self._running.wait()

    def restart_if_ended(self) -> bool:
        """Whether it had ended by itself, as a service's supervisor would see, and was started again."""
        if self._resting or self._running is None or self._running.poll() is None:
            return False
        self.start()
        return True

    def left_behind(self) -> list[int]:
        """Processes of lives that ended by a kill: there should be none after a moment."""
        ended = set(self._sessions[:-1]) if self.is_running() else set(self._sessions)
        return [pid for pid in _processes() if _session_of(pid) in ended]

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""


def _processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _session_of(pid: int) -> int | None:
    """The session of a process that runs; None of one that has ended, waited for or not."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if told[0] == "Z" else int(told[3])


@contextmanager
def all_running(processes: Sequence[Process]) -> Iterator[None]:
    """All of them started, and ended afterwards."""
    try:
        for one in processes:
            one.start()
        for one in processes:
            one.await_answers()
        yield
    finally:
        for one in reversed(processes):
            one.end()


def starting_seconds(processes: int) -> float:
    """How long so many processes take to start together on this machine as it is now, by trying the costliest part of it."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import api.server"], check=True)
    return 3.0 + (time.monotonic() - began) * (1 + processes)


def suanli(*arguments: str) -> list[str]:
    """The command line by this Python."""
    return [sys.executable, "-c", "from api.cli.main import app; app()", *arguments]
