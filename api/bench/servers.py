"""What is measured: the exchange as `suanli serve` starts it, and the yardstick, each in a process of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.terminal.refusal import Refusal

HOST = "127.0.0.1"
PATIENCE_SECONDS = 60.0
NO_LIMITS: Mapping[str, str] = {
    "SUANLI_RATE_LIMIT": "100000000/minute",
    "SUANLI_RATE_LIMIT_ANONYMOUS": "100000000/minute",
}
"""The load comes from one key; what is measured is the exchange, not its patience."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server that answers, and the key that it takes."""

    name: str
    port: int
    key: str


@contextmanager
def serving(command: list[str], environment: Mapping[str, str], log: Path, port: int) -> Iterator[int]:
    """A server's process id, from when it answers; it is told to stop afterwards, and killed where it does not."""
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own servers
            command, stdout=output, stderr=output, env={**os.environ, **environment}, start_new_session=True
        )
    try:
        _await_port(process, port, log)
        yield process.pid
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it left behind, or itself
        process.wait()


def exchange_command(database_url: str, port: int) -> list[str]:
    """`suanli serve`, by this Python."""
    asked = ["serve", "--database", database_url, "--host", HOST, "--port", str(port)]
    return [sys.executable, "-c", "from api.cli.main import app; app()", *asked]


def module_command(name: str, *arguments: str) -> list[str]:
    """One of the bench's own programs."""
    return [sys.executable, "-m", f"api.bench.{name}", *arguments]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


def _await_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    last = log.read_text(errors="replace")[-2000:]
    raise Refusal("server_not_started", f"a server did not start; its log ends with:\n{last}")


@contextmanager
def working_directory() -> Iterator[Path]:
    """Where databases and logs of a measurement live, and vanish."""
    with tempfile.TemporaryDirectory(prefix="suanli-bench-") as directory:
        yield Path(directory)
