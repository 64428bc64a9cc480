"""The command line as a whole: help, version, errors."""

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command import figures, refused, suanli, suanli_process
from sqlalchemy import text

from api.settings import Settings
from market.domain.clock import SystemClock
from market.domain.parties import Role
from market.exchange import Exchange
from market.persistence.database import Database

COMMANDS = (
    *((name,) for name in ("demo", "init", "serve", "solve", "verify", "quote", "generate", "orders")),
    *(("orders", name) for name in ("list", "show", "submit", "cancel", "explain")),
    *((group, name) for group in ("offerings", "rounds") for name in ("list", "show")),
    ("rounds", "clear"),
    ("generate", "orders"),
)


def test_help_teaches_and_is_quick() -> None:
    started = time.monotonic()
    ran = suanli_process("--help")
    assert ran.returncode == 0
    assert "suanli demo" in ran.stdout
    assert time.monotonic() - started < 10


def test_help_imports_nothing_heavy() -> None:
    heavy = ["numpy", "fastapi", "sqlalchemy", "ortools", "httpx2"]
    code = f"import sys, api.cli.main; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"


def test_a_refusal_in_a_process_of_its_own() -> None:
    refused(suanli_process("rounds", "list", "--server", "nonsense"), "invalid_server")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(command: tuple[str, ...]) -> None:
    ran = suanli(*command, "--help")
    assert ran.returncode == 0
    if command not in {("generate",), ("orders",)}:
        assert "Example" in ran.stdout


def test_serve_says_where_every_setting_is_listed() -> None:
    assert "suanli settings" in suanli("serve", "--help", COLUMNS="200").stdout
    shown = suanli("settings", COLUMNS="200").stdout
    assert [name for name in Settings.model_fields if name not in shown] == []


def test_version() -> None:
    assert suanli("--version").stdout.startswith("suanli 0.")


@pytest.mark.parametrize(
    "args",
    [
        ("slove",),
        ("generate", "orders", "--count", "-1", "--seed", "1", "--out", "x"),
        ("generate", "orders", "--count", "many", "--seed", "1", "--out", "x"),
        ("demo", "--port", "70000"),
        ("demo", "--orders", "0"),
        ("demo", "--policy", "cheap"),
        ("solve", "p.npz"),
        ("orders", "list", "--limit", "0"),
    ],
    ids=" ".join,
)
def test_wrong_usage(args: tuple[str, ...]) -> None:
    refused(suanli(*args), "usage", status=2)


def test_errors_as_json() -> None:
    ran = suanli("orders", "list", "--json", "--server", "http://127.0.0.1:9")
    assert ran.returncode == 1
    assert json.loads(ran.stderr)["error"]["code"] == "server_unreachable"


def test_unreachable_server_says_how_to_start_one() -> None:
    ran = suanli("orders", "list", "--server", "http://127.0.0.1:9")
    refused(ran, "server_unreachable")
    assert "suanli serve" in ran.stderr


@pytest.mark.parametrize("server", ["ftp://x", "nonsense", "http://"])
def test_an_address_that_is_none(server: str) -> None:
    refused(suanli("rounds", "list", "--server", server), "invalid_server")


def count(url: str, table: str) -> Any:
    """How many rows a table has."""
    with closing(Database(url)) as database, database.engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - names of ours


def test_init_prints_the_key_once(database_url: str) -> None:
    first, again = (suanli("init", "--database", database_url, "--json") for _ in range(2))
    assert figures(first)["operator_key"].startswith("suanli_operator_")
    assert figures(again) == {"operator_key": None}
    assert count(database_url, "regions") > 20
    assert count(database_url, "api_keys") == 1
    told = suanli("init", "--database", database_url).stdout
    assert "shown before" in told
    assert "--new-operator-key" in told


def test_a_lost_operator_key_is_followed_by_another(database_url: str) -> None:
    first = figures(suanli("init", "--database", database_url, "--scenario", "none", "--json"))[
        "operator_key"
    ]
    told = suanli("init", "--database", database_url, "--new-operator-key").stdout
    assert told.startswith("further operator key: suanli_operator_")
    second = told.splitlines()[0].split(": ")[1]
    with closing(Database(database_url)) as database:
        exchange = Exchange(database, SystemClock())
        assert {exchange.authenticate(key).role for key in (first, second)} == {Role.OPERATOR}
        assert exchange.authenticate(first).key_id != exchange.authenticate(second).key_id
    assert count(database_url, "regions") == 0, "nothing else is done"


def test_the_first_operator_key_may_be_asked_for_as_a_new_one(database_url: str) -> None:
    told = suanli("init", "--database", database_url, "--new-operator-key").stdout
    assert told.startswith("operator key: suanli_operator_")
    assert "scenario east_west: loaded" in told


def test_init_without_a_scenario(database_url: str) -> None:
    assert suanli("init", "--database", database_url, "--scenario", "none").returncode == 0
    assert count(database_url, "regions") == 0


def test_init_refuses_an_unknown_scenario_and_makes_nothing(tmp_path: Path) -> None:
    line = refused(suanli("init", "--scenario", "atlantis", cwd=tmp_path), "unknown_scenario")
    assert "east_west" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sqlite("a server holds databases only")
def test_init_refuses_what_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes, and long enough to be taken for a header\n" * 40)
    refused(suanli("init", "--database", f"sqlite:///{tmp_path / 'notes.txt'}"), "not_a_database")


def test_init_refuses_a_newer_database(database_url: str) -> None:
    assert suanli("init", "--database", database_url, "--scenario", "none").returncode == 0
    with closing(Database(database_url)) as database, database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    refused(suanli("init", "--database", database_url), "database_newer")


@pytest.mark.sqlite("files have places")
@pytest.mark.parametrize("path", ["/proc/market.db", "/nowhere/at/all/market.db"])
def test_init_refuses_a_place_that_cannot_be_written(path: str) -> None:
    refused(suanli("init", "--database", f"sqlite:///{path}"), "database_unreachable")


def test_init_refuses_a_url_that_is_none() -> None:
    refused(suanli("init", "--database", "market.db"), "invalid_database_url")


def test_serve_needs_an_exchange(database_url: str) -> None:
    refused(suanli("serve", "--port", "0", "--database", database_url), "database_empty")


def test_serve_refuses_a_setting_out_of_range() -> None:
    refused(suanli("serve", SUANLI_PORT="99999"), "invalid_settings")
