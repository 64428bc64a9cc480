"""`suanli solve` is stopped by Ctrl-C or SIGTERM, in a process of its own, and what it has found is kept."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from command import OURS, START
from random_markets import market

from solver import Clearing, ClearingProblem, verify

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def problem_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A problem that nobody solves to a gap of 0."""
    path = tmp_path_factory.mktemp("cancelled") / "problem.npz"
    market(6, 4000, 24, 60, 12).save(path)
    return path


@contextmanager
def solving(problem: Path, out: Path) -> Iterator[subprocess.Popen[str]]:
    """The command, once its terminal has shown the first figures."""
    terminal, its_end = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = ["solve", problem, "--out", out, "--gap", 0, "--seconds", 10**6]
    process = subprocess.Popen(
        [sys.executable, "-c", START, *map(str, command)],
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=its_end,
        text=True,
    )
    os.close(its_end)
    try:
        seen = b""
        while b"bound" not in seen:
            seen += os.read(terminal, 1 << 16)
        threading.Thread(target=read_on, args=(terminal,), daemon=True).start()
        yield process
    finally:
        process.kill()
        process.communicate()
        os.close(terminal)


def read_on(terminal: int) -> None:
    """Keep the terminal from filling up: a full one would hold the command back."""
    with suppress(OSError):
        while os.read(terminal, 1 << 16):
            pass


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_best_so_far_is_written(
    number: signal.Signals, status: int, problem_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "clearing.npz"
    with solving(problem_file, out) as process:
        process.send_signal(number)
        stdout, _ = process.communicate(timeout=300)
        assert process.returncode == status
    figures = json.loads(stdout)
    clearing = Clearing.load(out)
    assert figures["cancelled"] is True
    assert figures["status"] == "FEASIBLE"
    assert figures["value_micros"] == clearing.value_micros > 0
    assert verify(ClearingProblem.load(problem_file), clearing).violations == []
    assert list(tmp_path.iterdir()) == [out]
