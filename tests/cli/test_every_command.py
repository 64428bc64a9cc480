"""Every command explains itself and, where it works with an exchange, takes the same options to say which."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from command import suanli

from api.cli.main import app

CONNECTION = {"server", "key", "profile"}


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that lead to it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_it_has_help_with_an_example(path: tuple[str, ...]) -> None:
    ran = suanli(*path, "--help", COLUMNS="200")
    assert ran.returncode == 0
    assert f"suanli {' '.join(path)}" in ran.stdout.split("Example", 1)[-1]


def test_who_works_with_an_exchange_says_which_in_the_same_words() -> None:
    wrapped = {path: inspect.unwrap(command.callback) for path, command in ALL}
    connected = {path for path, found in wrapped.items() if "exchange" in inspect.signature(found).parameters}
    assert len(connected) > 40
    for path, command in ALL:
        options = {option.name for option in command.params}
        if path in connected:
            assert options >= CONNECTION, path
            assert "exchange" not in options
        elif path != ("profiles", "add"):
            assert not options >= {"server", "key"}, path
