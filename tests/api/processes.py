"""Real `suanli` processes: started, listened to, stopped and killed by their number."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START = "import sys; from api.cli.main import app; sys.argv[0] = 'suanli'; app()"
PATIENCE_SECONDS = 300


class Program:
    """One command and all that it logs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.log: list[dict[str, Any]] = []
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def first_line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def children(self) -> list[int]:
        """Processes that serve for it, youngest last; those that only help Python are none."""
        ids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
        named = {int(id_): Path(f"/proc/{id_}/cmdline").read_bytes() for id_ in ids}
        return sorted(id_ for id_, command in named.items() if b"spawn_main" in command)

    def events(self, event: str) -> list[dict[str, Any]]:
        """Lines of the log that say so."""
        with self._more:
            return [line for line in self.log if line.get("event") == event]

    def wait_for(self, event: str, count: int = 1) -> None:
        """Until it has logged so, so often."""
        with self._more:
            found = self._more.wait_for(
                lambda: sum(line.get("event") == event for line in self.log) >= count, PATIENCE_SECONDS
            )
            assert found, self.log[-5:]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def join(self) -> None:
        """Return when nobody can log any more: it has ended, and so has whoever served for it."""
        self._reader.join(PATIENCE_SECONDS)
        assert not self._reader.is_alive(), self.log[-5:]

    def _read(self) -> None:
        assert self.process.stderr is not None
        for text in self.process.stderr:
            if text.startswith("{"):
                with self._more:
                    self.log.append(json.loads(text))
                    self._more.notify_all()


@contextmanager
def running(url: str, *command: str, **settings: object) -> Iterator[Program]:
    """`suanli` with this command on a database until the end of the block, where it is killed and heard out."""
    given = {f"SUANLI_{name.upper()}": str(value) for name, value in settings.items()}
    environment = {
        **os.environ,
        "SUANLI_DATABASE_URL": url,
        "SUANLI_PORT": "0",
        "PYTHONWARNINGS": "",
        **given,
    }
    with subprocess.Popen(
        [sys.executable, "-c", START, *command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        program = Program(process)
        try:
            yield program
        finally:
            if process.poll() is None:
                process.kill()
            program.join()


def until(holds: Callable[[], object]) -> None:
    """Patiently."""
    over_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < over_at
        time.sleep(0.05)
