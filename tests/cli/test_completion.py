"""Shells complete commands, options and names of profiles."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import START, suanli

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def complete(words: str, home: Path | None = None) -> list[str]:
    """What bash would offer for the last word."""
    parts = words.split(" ")
    asked = {
        "_SUANLI_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(parts) - 1),
        "XDG_CONFIG_HOME": str(home or "/nonexistent"),
        "PYTHONPATH": str(ROOT),
    }
    ran = subprocess.run(
        [sys.executable, "-c", START], env=os.environ | asked, capture_output=True, text=True, check=True
    )
    return ran.stdout.split()


def test_commands_are_completed() -> None:
    assert complete("suanli or") == ["orders"]
    assert {"list", "submit", "watch"} <= set(complete("suanli orders "))
    assert complete("suanli orders list --prof") == ["--profile"]


def test_names_of_profiles_are_completed(tmp_path: Path) -> None:
    for name in ("home", "harbour", "work"):
        assert suanli("profiles", "add", name, XDG_CONFIG_HOME=str(tmp_path)).returncode == 0
    assert complete("suanli --profile h", tmp_path) == ["home", "harbour"]
    assert complete("suanli orders list --profile w", tmp_path) == ["work"]
    assert complete("suanli profiles use ho", tmp_path) == ["home"]
    assert complete("suanli profiles use ho") == []


@pytest.mark.parametrize(
    ("shell", "said"),
    [("bash", "complete -o default -F"), ("zsh", "#compdef suanli"), ("fish", "complete --command suanli")],
)
def test_scripts_are_shown(shell: str, said: str) -> None:
    code = START.replace("app()", f"sys.argv[1:] = ['--show-completion', '{shell}']; app()")
    environment = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert said in ran.stdout
    assert "_SUANLI_COMPLETE" in ran.stdout


def test_bash_itself_completes(tmp_path: Path) -> None:
    """The script that is shown, in a real shell, with `suanli` on its path."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    command = tmp_path / "suanli"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{START}" "$@"\n')
    command.chmod(0o755)
    shown = (
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION=1 suanli --show-completion bash > script; . ./script; "
        "COMP_WORDS=(suanli or); COMP_CWORD=1; _suanli_completion suanli; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [bash, "--norc", "-c", shown],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["orders"]
