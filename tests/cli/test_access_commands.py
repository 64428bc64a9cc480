"""Who takes part and with which key, on the command line."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command import Ran, figures, refused, suanli
from databases import Databases
from flaky_proxy import ANSWER_LOST, FlakyProxy

from api.cli.profile_file import read_profiles
from api.cli.shown_once import keep_secret, require_keepable
from api.client import Exchange
from api.server import ServerThread, open_exchange
from api.settings import Settings
from api.terminal.refusal import Refusal


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[tuple[str, str]]:
    """An exchange without a market, and its operator's key."""
    with databases.empty() as url:
        key = figures(suanli("init", "--database", url, "--scenario", "none", "--json"))["operator_key"]
        settings = Settings(database_url=url, webhook_allowed_hosts=("127.0.0.1",))
        with open_exchange(settings) as opened, ServerThread(opened.app) as server:
            yield server.url, key


@pytest.fixture
def run(served: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command with the operator's key, and profiles of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def run_command(*args: object) -> Ran:
        return suanli("--server", served[0], "--key", served[1], *args, XDG_CONFIG_HOME=str(tmp_path))

    return run_command


def test_a_buyer_is_registered_and_its_key_kept(run: Any, served: tuple[str, str], tmp_path: Path) -> None:
    told = run("buyers", "register", "Shanghai AI Lab", "--id", "buy_lab", "--kind", "lab", "--save", "lab")
    assert told.returncode == 0, told.stderr
    kept = read_profiles().named("lab")
    assert (kept.server, str(kept.key)[:13]) == (served[0], "suanli_buyer_")
    assert str(kept.key) not in told.stdout
    mine = suanli("keys", "show", "--profile", "lab", "--json", XDG_CONFIG_HOME=str(tmp_path))
    assert figures(mine)["organisation_id"] == "buy_lab"
    shown = run("buyers", "register", "Another").stdout
    assert "suanli_buyer_" in shown
    assert {one["id"] for one in figures(run("buyers", "list", "--json"))} >= {"buy_lab"}
    assert "Shanghai AI Lab" in run("buyers", "list").stdout
    refused(run("buyers", "register", "Again", "--id", "buy_lab"), "duplicate_id")


def test_a_provider_is_registered(run: Any) -> None:
    found = figures(
        run("providers", "register", "宁夏中卫", "--id", "prv_zhongwei", "--kind", "cloud", "--json")
    )
    assert found["api_key"].startswith("suanli_provider_")
    assert "prv_zhongwei" in run("providers", "list").stdout


def test_keys_are_issued_rotated_and_revoked(run: Any, tmp_path: Path) -> None:
    issued = figures(run("keys", "issue", "nightly", "--scope", "read", "--json"))
    assert issued["secret"].startswith("suanli_operator_")
    one = ("--key", issued["secret"])
    assert figures(run("orders", "list", "--json", *one)) == []
    refused(run("rounds", "tick", *one), "missing_scope")
    rotated = figures(run("keys", "rotate", issued["id"], "--overlap-minutes", 0, "--json"))
    refused(run("orders", "list", *one), "key_rotated")
    assert figures(run("orders", "list", "--json", "--key", rotated["secret"])) == []
    assert "is revoked" in run("keys", "revoke", issued["id"]).stdout
    states = {key["id"]: key["state"] for key in figures(run("keys", "list", "--json"))}
    assert states[issued["id"]] == "revoked"
    kept = run("keys", "issue", "laptop", "--scope", "*", "--save", "laptop")
    assert "kept as profile laptop" in kept.stdout
    assert figures(suanli("orders", "list", "--json", XDG_CONFIG_HOME=str(tmp_path))) == []
    assert "nightly" in run("keys", "list").stdout


def test_a_secret_whose_answer_was_lost_is_told_to_be_lost(
    run: Any, served: tuple[str, str], tmp_path: Path
) -> None:
    """The repetition carries none: nothing is shown or kept in its place."""
    key_id = figures(run("keys", "issue", "old", "--scope", "read", "--json"))["id"]
    made = figures(run("webhooks", "create", "https://receiver.example/hook", "--json"))
    assert run("keys", "issue", "mine", "--scope", "*", "--save", "home").returncode == 0
    kept = read_profiles()
    for command, hint in (
        (("keys", "issue", "nightly", "--scope", "read"), "suanli keys rotate key_"),
        (("keys", "issue", "nightly", "--scope", "read", "--save", "home"), "suanli keys rotate key_"),
        (("keys", "rotate", key_id), f"suanli keys rotate {key_id}"),
        (("buyers", "register", "Lost Lab", "--id", "buy_lost"), "suanli keys list --organisation buy_lost"),
        (("providers", "register", "Lost", "--save", "home"), "suanli keys list --organisation prv_"),
        (("webhooks", "create", "https://receiver.example/lost"), "suanli webhooks rotate-secret whk_"),
        (("webhooks", "rotate-secret", made["id"]), f"suanli webhooks rotate-secret {made['id']}"),
    ):
        with FlakyProxy(served[0], ANSWER_LOST) as proxy:
            told = run(*command, "--server", proxy.url)
        refused(told, "secret_lost")
        assert f"hint: {hint}" in told.stderr
    assert read_profiles() == kept


def profiles_of(home: Path, text: str, mode: int = 0o600) -> Path:
    """A file of profiles that holds just this."""
    file = home / "suanli" / "config.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


UNKEEPABLE: dict[str, Callable[[Path], object]] = {
    "invalid_profile_name": lambda home: home,
    "invalid_profiles": lambda home: profiles_of(home, "profile = "),
    "profiles_exposed": lambda home: profiles_of(home, "[profiles.x]\nkey = 'suanli_x'\n", 0o644),
    "is_a_directory": lambda home: (home / "suanli" / "config.toml").mkdir(parents=True),
    "io_error": lambda home: (home / "suanli").write_text("a file where the directory belongs"),
}
"""What makes it impossible to keep a profile, each by the code of its refusal."""


@pytest.mark.parametrize("code", sorted(UNKEEPABLE))
def test_what_cannot_be_kept_is_refused_before_a_secret_is_made(
    run: Any, code: str, tmp_path: Path, served: tuple[str, str]
) -> None:
    with Exchange(*served) as exchange:
        before = [(one.id, one.prefix) for one in exchange.keys.list()]
        name = "my home" if code == "invalid_profile_name" else "home"
        UNKEEPABLE[code](tmp_path)
        refused(run("keys", "rotate", before[0][0], "--save", name), code)
        refused(run("keys", "issue", "laptop", "--scope", "*", "--save", name), code)
        refused(run("buyers", "register", "Lost Lab", "--save", name), code)
        assert [(one.id, one.prefix) for one in exchange.keys.list()] == before


def test_a_secret_that_cannot_be_kept_after_all_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    require_keepable("home")
    UNKEEPABLE["invalid_profiles"](tmp_path)
    with pytest.raises(Refusal):
        keep_secret("home", "http://127.0.0.1:8471", "suanli_x", lambda: shown.append("suanli_x"))
    assert shown == ["suanli_x"]


def test_members_come_change_and_go(run: Any) -> None:
    added = figures(run("members", "add", "Li Lei", "li.lei@example.com", "--role", "editor", "--json"))
    assert "viewer" in run("members", "change", added["id"], "--role", "viewer").stdout
    assert "li.lei@example.com" in str(figures(run("members", "list", "--json")))
    assert figures(run("members", "remove", added["id"], "--json"))["state"] == "removed"
    assert run("members", "list").returncode == 0
    refused(run("members", "add", "Li Lei", "nowhere"), "malformed_request")


def noted_delivery(run: Any, webhook_id: str) -> Any:
    """The first delivery, which is noted when the log has been gone through."""
    for _ in range(100):
        found = figures(run("webhooks", "deliveries", webhook_id, "--json"))
        if found:
            return found[0]
        time.sleep(0.1)
    pytest.fail("no delivery was noted")


def test_webhooks_are_made_paused_and_removed(run: Any) -> None:
    made = figures(run("webhooks", "create", "https://127.0.0.1:9/hook", "--kind", "order.*", "--json"))
    assert made["secret"].startswith("whsec_")
    assert "secret" not in figures(run("webhooks", "show", made["id"], "--json"))
    assert "is paused" in run("webhooks", "change", made["id"], "--state", "paused").stdout
    assert "order.*" in run("webhooks", "list").stdout
    rotated = figures(run("webhooks", "rotate-secret", made["id"], "--json"))
    assert rotated["secret"] != made["secret"]
    assert "is active" in run("webhooks", "change", made["id"], "--state", "active").stdout
    assert run("webhooks", "test", made["id"]).returncode == 0
    delivery = noted_delivery(run, made["id"])
    assert delivery["kind"] == "webhook.tested"
    assert delivery["id"] in run("webhooks", "deliveries", made["id"]).stdout
    assert figures(run("webhooks", "retry", made["id"], delivery["id"], "--json"))["id"] == delivery["id"]
    again = run("webhooks", "replay", made["id"], "--after", "evt_0000000000000000", "--json")
    assert figures(again)["webhook_id"] == made["id"]
    assert run("webhooks", "remove", made["id"]).returncode == 0
    refused(run("webhooks", "create", "http://hooks.example.com"), "invalid_webhook_url")
