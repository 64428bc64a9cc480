"""Profiles: kept to oneself, chosen by a known rule, and never sent astray."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import Ran, figures, refused, suanli
from databases import Databases

from api.cli.connection import HERE, Given, Target, find_target
from api.cli.profile_file import Profile, complete_profile, profile_path, read_profiles
from api.server import ServerThread, open_exchange
from api.settings import Settings

KEY = "suanli_buyer_0123456789abcdefghij"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where profiles are kept, and no environment that says otherwise."""
    for name in ("SUANLI_SERVER", "SUANLI_KEY", "SUANLI_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def run(home: Path, *args: object, **environment: str) -> Ran:
    return suanli(*args, XDG_CONFIG_HOME=str(home), **environment)


def test_profiles_are_added_listed_used_shown_and_removed(home: Path) -> None:
    assert run(home, "profiles", "add", "home", "--key", KEY).returncode == 0
    assert run(home, "profiles", "add", "work", "--server", "https://exchange.example").returncode == 0
    listed = figures(run(home, "profiles", "list", "--json"))
    assert listed == [
        {"name": "home", "server": HERE, "key": "suanli_buyer_…ghij", "used": True},
        {"name": "work", "server": "https://exchange.example", "key": None, "used": False},
    ]
    assert run(home, "profiles", "use", "work").returncode == 0
    assert figures(run(home, "profiles", "show", "--json"))["name"] == "work"
    told = run(home, "profiles", "list").stdout + run(home, "profiles", "show", "home").stdout
    assert "suanli_buyer_…ghij" in told
    assert KEY not in told
    assert run(home, "profiles", "remove", "work").returncode == 0
    refused(run(home, "profiles", "show"), "no_profile")
    refused(run(home, "profiles", "show", "work"), "unknown_profile")
    refused(run(home, "profiles", "use", "work"), "unknown_profile")
    refused(run(home, "profiles", "remove", "work"), "unknown_profile")


def test_only_the_owner_may_read_it(home: Path) -> None:
    before = os.umask(0)
    try:
        assert run(home, "profiles", "add", "home", "--key", KEY).returncode == 0
    finally:
        os.umask(before)
    path = home / "suanli" / "config.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["config.toml"]
    path.chmod(0o644)
    told = run(home, "profiles", "list")
    refused(told, "profiles_exposed")
    assert f"chmod 600 {path}" in told.stderr


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("a b", (), "invalid_profile_name"),
        ("x" * 65, (), "invalid_profile_name"),
        ("[x]", (), "invalid_profile_name"),
        ("x", ("--server", "nonsense"), "invalid_server"),
        ("x", ("--key", "schlüssel"), "invalid_key"),
        ("x", ("--key", 'a"\nkey = "b'), "invalid_key"),
    ],
)
def test_what_cannot_be_a_profile(name: str, options: tuple[str, ...], code: str, home: Path) -> None:
    refused(run(home, "profiles", "add", name, *options), code)
    assert not profile_path().exists()


def test_a_key_is_kept_letter_by_letter(home: Path) -> None:
    strange = r"""suanli_"'\#[x]=~"""
    assert run(home, "profiles", "add", "odd", "--key", strange).returncode == 0
    assert read_profiles().named("odd") == Profile(HERE, strange)


@pytest.mark.parametrize(
    "text",
    [
        "profile = ",
        "profile = 3",
        "profiles = []",
        "[profiles]\nhome = 3",
        "[profiles.home]\nserver = 3",
        "[profiles.home]\nsevrer = 'x'",
        b"\xff",
    ],
    ids=repr,
)
def test_a_file_that_is_none(text: str | bytes, home: Path) -> None:
    path = home / "suanli" / "config.toml"
    path.parent.mkdir()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    refused(run(home, "profiles", "list"), "invalid_profiles")
    assert complete_profile("") == []


HOME, WORK = "http://home.example", "http://work.example"
CASES: list[tuple[str, Given, dict[str, str], Target]] = [
    ("nothing but the profile in use", Given(), {}, Target(HOME, "home-key")),
    ("a profile by option", Given(profile="work"), {}, Target(WORK, "work-key")),
    ("a profile by environment", Given(), {"SUANLI_PROFILE": "work"}, Target(WORK, "work-key")),
    (
        "an option before the environment",
        Given(profile="work"),
        {"SUANLI_PROFILE": "home", "SUANLI_SERVER": HOME, "SUANLI_KEY": "other"},
        Target(WORK, "work-key"),
    ),
    ("the environment before a profile", Given(), {"SUANLI_KEY": "other"}, Target(HOME, "other")),
    ("a key by option", Given(key="mine"), {"SUANLI_KEY": "other"}, Target(HOME, "mine")),
    ("another server gets no key of a profile", Given(server="http://x"), {}, Target("http://x", None)),
    ("nor does the environment's", Given(), {"SUANLI_SERVER": "http://x"}, Target("http://x", None)),
    ("its own server does", Given(server=HOME), {}, Target(HOME, "home-key")),
    (
        "environment's key for an option's server",
        Given(server="http://x"),
        {"SUANLI_KEY": "other"},
        Target("http://x", "other"),
    ),
]


@pytest.mark.parametrize(
    ("given", "environment", "target"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_who_is_heard_first(
    given: Given, environment: dict[str, str], target: Target, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home, "profiles", "add", "home", "--server", HOME, "--key", "home-key")
    run(home, "profiles", "add", "work", "--server", WORK, "--key", "work-key")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert find_target(given) == target


def test_without_profiles_it_is_this_machine(home: Path) -> None:
    assert find_target(Given()) == Target(HERE, None)


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[tuple[str, str]]:
    """An empty exchange: where it is, and its operator's key."""
    with databases.empty() as url:
        key = figures(suanli("init", "--database", url, "--scenario", "none", "--json"))["operator_key"]
        with open_exchange(Settings(database_url=url)) as opened, ServerThread(opened.app) as server:
            yield server.url, key


@pytest.mark.parametrize(
    "place",
    [
        lambda options: (*options, "orders", "list", "--json"),
        lambda options: ("orders", "list", "--json", *options),
        lambda options: (*options[:2], "orders", "list", *options[2:], "--json"),
    ],
    ids=["in front", "after it", "both"],
)
def test_options_in_front_of_a_command_and_after_it(place: Any, served: tuple[str, str], home: Path) -> None:
    options = ("--server", served[0], "--key", served[1])
    assert figures(run(home, *place(options))) == []


def test_a_profile_works_like_options(served: tuple[str, str], home: Path) -> None:
    assert run(home, "profiles", "add", "there", "--server", served[0], "--key", served[1]).returncode == 0
    assert figures(run(home, "orders", "list", "--json")) == []
    assert figures(run(home, "--profile", "there", "orders", "list", "--json")) == []
    assert figures(run(home, "orders", "list", "--json", SUANLI_PROFILE="there")) == []
    refused(run(home, "orders", "list", "--profile", "nowhere"), "unknown_profile")
    refused(run(home, "--key", "suanli_x", "orders", "list"), "unknown_key")
    wrong = ("--key", "suanli_x", "orders", "list", "--json", "--key", served[1])
    assert figures(run(home, *wrong)) == []


def test_a_key_may_come_from_stdin(home: Path) -> None:
    ran = suanli("profiles", "add", "piped", "--key", "-", XDG_CONFIG_HOME=str(home), stdin=f"{KEY}\n")
    assert ran.returncode == 0, ran.stderr
    assert read_profiles().named("piped").key == KEY


def test_the_file_is_toml_that_a_person_can_read(home: Path) -> None:
    run(home, "profiles", "add", "home", "--key", KEY)
    text = profile_path().read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert f'[profiles.home]\nserver = "{HERE}"\nkey = {json.dumps(KEY)}\n' in text


def test_a_key_may_come_from_a_file_which_nobody_sees_in_the_list_of_processes(
    served: tuple[str, str], home: Path
) -> None:
    file = home / "operator.key"
    file.write_text(f"{served[1]}\n", encoding="utf-8")
    there = ("--server", served[0])
    asked = ("orders", "list", "--json")
    assert figures(run(home, *there, "--key-file", str(file), *asked)) == []
    assert figures(run(home, *asked, *there, "--key-file", str(file), SUANLI_KEY="suanli_x")) == []
    piped = suanli(*asked, *there, "--key-file", "-", XDG_CONFIG_HOME=str(home), stdin=f"{served[1]}\n")
    assert figures(piped) == []
    refused(run(home, "orders", "list", "--key", "x", "--key-file", str(file)), "two_keys")
    file.write_text("\n", encoding="utf-8")
    refused(run(home, "orders", "list", "--key-file", str(file)), "no_key")
    refused(run(home, "orders", "list", "--key-file", str(home / "none")), "no_key")
