"""Who takes part and with which key, on the command line."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import Ran, figures, refused, suanli

from api.cli.profile_file import read_profiles
from api.server import ServerThread, open_exchange
from api.settings import Settings


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """An exchange without a market, and its operator's key."""
    url = f"sqlite:///{tmp_path_factory.mktemp('access') / 'market.db'}"
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
