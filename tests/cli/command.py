"""Running `suanli`: in this process for speed, or in one of its own, as a person would."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from api.cli.main import app

OURS = [name for name in os.environ if name.startswith("SUANLI_")]
START = "import sys; from api.cli.main import app; sys.argv[0] = 'suanli'; app()"


class Ran(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def suanli(*args: object, cwd: Path | None = None, stdin: str | None = None, **environment: str) -> Ran:
    """Run a command here, without profiles of whoever runs the tests."""
    environment = {"XDG_CONFIG_HOME": "/nonexistent"} | environment
    with contextlib.chdir(cwd or Path.cwd()):
        ran = CliRunner().invoke(
            app,
            [str(arg) for arg in args],
            input=stdin,
            env=dict.fromkeys([*OURS, "COLUMNS"]) | environment,
            catch_exceptions=False,
        )
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


def suanli_process(*args: object, cwd: Path | None = None) -> Ran:
    """Run a command in a process of its own."""
    ran = subprocess.run(
        _words(args), cwd=cwd, env=_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def suanli_started(*args: object, **environment: str) -> "subprocess.Popen[str]":
    """A command in a process of its own, which can be interrupted."""
    return subprocess.Popen(
        _words(args),
        env=_environment() | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _words(args: tuple[object, ...]) -> list[str]:
    return [sys.executable, "-c", START, *map(str, args)]


def _environment() -> dict[str, str]:
    """Nothing of whoever runs the tests."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    return environment | {"PYTHONPATH": str(Path(__file__).parents[2]), "XDG_CONFIG_HOME": "/nonexistent"}


def refused(ran: Ran, code: str, status: int = 1) -> str:
    """Assert a refusal as promised: one line with its code on stderr, nothing on stdout, no traceback."""
    lines = ran.stderr.splitlines()
    assert ran.returncode == status, ran.stderr
    assert lines[0].startswith(f"error [{code}]: "), ran.stderr
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("hint: ")), ran.stderr
    assert ran.stdout == ""
    return lines[0]


def figures(ran: Ran) -> Any:
    """Assert success, and read the one line of JSON."""
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) == 1
    return json.loads(ran.stdout)
