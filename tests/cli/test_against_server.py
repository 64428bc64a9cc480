"""The thin clients against a real server: orders, offerings, rounds, quotes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command import Ran, figures, refused, suanli
from databases import Databases

from api.client import Exchange
from api.server import ServerThread, open_exchange
from api.settings import Settings

pytestmark = pytest.mark.slow


class House(NamedTuple):
    """A running exchange and a file of orders."""

    server: str
    key: str
    day: Path

    def run(self, *args: object, **environment: str) -> Ran:
        return suanli(*args, SUANLI_SERVER=self.server, SUANLI_KEY=self.key, **environment)


@pytest.fixture(scope="module")
def house(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An exchange with 40 orders, cleared once."""
    day = tmp_path_factory.mktemp("house") / "day.ndjson"
    assert suanli("generate", "orders", "--count", 40, "--seed", 3, "--out", day).returncode == 0
    with databases.empty() as url:
        key = figures(suanli("init", "--database", url, "--json"))["operator_key"]
        with open_exchange(Settings(database_url=url)) as opened, ServerThread(opened.app) as server:
            house = House(server.url, key, day)
            submitted = figures(house.run("orders", "submit", day, "--json"))
            assert (len(submitted["accepted"]), submitted["refused"]) == (40, [])
            landed = figures(house.run("rounds", "clear", "--seconds", 5, "--json"))
            assert landed["state"] == "landed"
            assert landed["placed"] > 0
            yield house


def listed(house: House, *args: object) -> Any:
    return figures(house.run(*args, "--json"))


def test_lists_and_shows(house: House) -> None:
    orders = listed(house, "orders", "list", "--limit", 30)
    assert len(orders) == 30
    shown = listed(house, "orders", "show", orders[0]["id"])
    assert shown["job"] == orders[0]["job"]
    assert listed(house, "rounds", "show", listed(house, "rounds", "list")[0]["id"])["state"] == "landed"
    offerings = listed(house, "offerings", "list", "--device", "910b")
    assert {offering["device_id"] for offering in offerings} == {"910b"}
    assert listed(house, "offerings", "show", offerings[0]["id"]) == offerings[0]


@pytest.mark.parametrize(
    "command", [("orders", "list"), ("offerings", "list"), ("rounds", "list")], ids=" ".join
)
def test_tables_for_people(command: tuple[str, ...], house: House) -> None:
    ran = house.run(*command)
    assert ran.returncode == 0, ran.stderr
    assert "id" in ran.stdout


def test_a_round_for_people_shows_the_baselines(house: House) -> None:
    ran = house.run("rounds", "show", listed(house, "rounds", "list")[0]["id"])
    assert ran.returncode == 0, ran.stderr
    assert "local first" in ran.stdout


def test_explains_and_cancels(house: House) -> None:
    order = listed(house, "orders", "list", "--limit", 1)[0]
    explained = listed(house, "orders", "explain", order["id"])
    assert explained["allocation"] or explained["code"]
    assert house.run("orders", "explain", order["id"]).returncode == 0
    assert listed(house, "orders", "cancel", order["id"])["state"] == "cancelled"
    refused(house.run("orders", "cancel", order["id"]), "illegal_transition")


def test_drafts_are_amended_submitted_explained_and_placed(house: House, tmp_path: Path) -> None:
    body = json.loads(house.day.read_text().splitlines()[0])
    one = tmp_path / "order.json"
    one.write_text(json.dumps(body | {"limit_price": "0.01"}))
    (order_id,) = listed(house, "orders", "submit", one, "--draft")["accepted"]
    assert listed(house, "orders", "show", order_id)["state"] == "draft"
    amended = listed(
        house, "orders", "amend", order_id, "--limit-price", "0.02", "max_rtt_ms=null", "units=1"
    )
    assert (amended["limit_price"], amended["job"]["max_rtt_ms"], amended["job"]["units"]) == (
        "0.02",
        None,
        1,
    )
    assert listed(house, "orders", "open", order_id)["held"] == "0.02"
    told = house.run("orders", "explain", order_id)
    assert told.returncode == 0, told.stderr
    assert f"suanli orders explain {order_id} --apply" in told.stdout
    placed = house.run("orders", "explain", order_id, "--apply", "--at-once")
    assert placed.returncode == 0, placed.stderr
    assert f"{order_id} is allocated" in placed.stdout
    assert "Elsewhere" in house.run("orders", "explain", order_id).stdout
    refused(house.run("orders", "explain", order_id, "--apply"), "no_single_change")
    refused(house.run("orders", "amend", order_id), "nothing_to_change")
    refused(house.run("orders", "amend", order_id, "units"), "malformed_change")
    refused(house.run("orders", "amend", order_id, "units=2"), "not_amendable")


def test_quotes_one_order_only(house: House, tmp_path: Path) -> None:
    one = tmp_path / "order.json"
    one.write_text(house.day.read_text().splitlines()[0])
    found = listed(house, "quote", one)
    assert found["options"] or found["reasons"]
    assert house.run("quote", one).returncode == 0
    refused(house.run("quote", house.day), "one_order_only")


def test_a_quote_is_held_and_used(house: House, tmp_path: Path) -> None:
    with Exchange(house.server, house.key) as exchange:
        body = {"id": "buy_holder", "name": "Holder", "kind": "lab"}
        buyer = House(house.server, exchange.buyers.register(body).api_key, house.day)
    job = {"compute_class": "gpu", "precision": "fp16", "units": 1, "hours": 1, "origin_region": "shanghai"}
    now = datetime.now(UTC)
    begins, ends = (
        (now + timedelta(hours=1)).isoformat(),
        (now + timedelta(days=3)).isoformat(),
    )  # none lapses
    order = {"job": job, "limit_price": "900.00", "earliest_start": begins, "deadline": ends}
    one = tmp_path / "order.json"
    one.write_text(json.dumps(order))
    held = listed(buyer, "quote", one, "--hold", 10)["held"]
    assert held["state"] == "held"
    assert "Held until" in buyer.run("quote", one, "--hold", 1).stdout
    (order_id,) = listed(buyer, "orders", "submit", one, "--quote-id", held["id"])["accepted"]
    assert listed(buyer, "orders", "show", order_id)["allocation"]["price"] == held["price"]
    (at_once,) = listed(buyer, "orders", "submit", one, "--time-in-force", "immediate")["accepted"]
    assert listed(buyer, "orders", "show", at_once)["state"] in {"allocated", "active"}
    again = buyer.run("orders", "submit", one, "--quote-id", held["id"])
    assert (again.returncode, "quote_expired" in again.stderr) == (1, True)
    refused(buyer.run("orders", "submit", buyer.day, "--quote-id", held["id"]), "one_order_only")
    refused(house.run("quote", one, "--hold", 10), "missing_buyer")


def test_refused_orders_are_told_apart(house: House, tmp_path: Path) -> None:
    good = json.loads(house.day.read_text().splitlines()[0])
    bad = [
        good | {"job": good["job"] | {"origin_region": "atlantis"}},
        good | {"job": good["job"] | {"units": -1}},
        good | {"deadline": "yesterday"},
    ]
    file = tmp_path / "orders.json"
    file.write_text(json.dumps([good, *bad]))
    ran = house.run("orders", "submit", file, "--json")
    found = json.loads(ran.stdout)
    assert ran.returncode == 1
    assert len(found["accepted"]) == 1
    assert [entry["line"] for entry in found["refused"]] == [2, 3, 4]
    assert found["refused"][0]["code"] == "unknown_region"
    people = house.run("orders", "submit", file)
    assert people.returncode == 1
    assert "order 2 [unknown_region]" in people.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_orders"),
        (b"[]", "no_orders"),
        (b"{", "not_json"),
        (b'{"a": 1}\n{"b"', "not_json"),
        (b"[1, 2]", "not_an_order"),
        (b"\xff\xfe\x00", "not_json"),
    ],
)
def test_files_that_hold_no_orders(content: bytes, code: str, house: House, tmp_path: Path) -> None:
    file = tmp_path / "orders.json"
    file.write_bytes(content)
    refused(house.run("orders", "submit", file), code)


def test_missing_file(house: House, tmp_path: Path) -> None:
    refused(house.run("orders", "submit", tmp_path / "none"), "file_not_found")


def test_keys(house: House) -> None:
    refused(suanli("orders", "list", "--server", house.server), "missing_key")
    refused(suanli("orders", "list", "--server", house.server, "--key", "suanli_x"), "unknown_key")
    refused(suanli("orders", "list", "--server", house.server, "--key", "schlüssel"), "invalid_key")


def test_unknown_things(house: House) -> None:
    refused(house.run("orders", "show", "ord_none"), "not_found")
    refused(house.run("rounds", "show", "rnd_none"), "not_found")
    refused(house.run("rounds", "clear", "--policy", "cheap"), "unknown_policy")
    refused(house.run("orders", "list", "--state", "lost"), "malformed_request")


def test_port_in_use(house: House, database_url: str, tmp_path: Path) -> None:
    port = house.server.rsplit(":", 1)[1]
    assert suanli("init", "--database", database_url, "--scenario", "none").returncode == 0
    refused(suanli("serve", "--port", port, "--database", database_url), "port_in_use")
    refused(suanli("demo", "--once", "--port", port, cwd=tmp_path), "port_in_use")
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ".db"] == []


def test_a_round_is_priced_both_ways(house: House) -> None:
    round_id = listed(house, "rounds", "list")[0]["id"]
    summed = listed(house, "rounds", "pricing", round_id)
    assert [rule["pricing"] for rule in summed["rules"]] == ["posted", "marginal"]
    assert summed["allocations"] == []
    assert listed(house, "rounds", "pricing", round_id, "--each")["allocations"]
    shown = house.run("rounds", "pricing", round_id, "--each")
    assert shown.returncode == 0, shown.stderr
    assert "marginal" in shown.stdout
    refused(house.run("rounds", "pricing", "rnd_none"), "not_found")


def test_the_policy_is_shown_and_set(house: House) -> None:
    before = listed(house, "policy", "show")
    try:
        after = listed(house, "policy", "set", "--pricing", "marginal", "--fee-rate", 0.02, "--may-move")
        assert after == {**before, "pricing": "marginal", "fee_rate": 0.02, "may_move": True}
        green = listed(house, "policy", "set", "--preset", "green", "--no-move", "--move-cost", "2.00")
        assert (green["name"], green["pricing"], green["may_move"], green["move_cost"]) == (
            "green",
            "marginal",
            False,
            "2.00",
        )
        refused(house.run("policy", "set", "--pricing", "free"), "malformed_request")
    finally:
        terms = ("--pricing", before["pricing"], "--fee-rate", before["fee_rate"], "--move-cost", "1.00")
        assert house.run("policy", "set", "--preset", before["name"], *terms).returncode == 0
    assert listed(house, "policy", "show") == before


def test_money_is_shown_moved_and_balanced(house: House) -> None:
    assert listed(house, "ledger", "balance") == {"balances": True, "imbalance": "0.00"}
    (hold, *_) = listed(house, "ledger", "transfers", "--kind", "hold", "--limit", 3)
    assert hold["kind"] == "hold"
    buyer = hold["debit_account_id"]
    before = float(listed(house, "ledger", "balance", buyer)["balance"])
    assert listed(house, "ledger", "deposit", buyer, "5000.00")["amount"] == "5000.00"
    assert float(listed(house, "ledger", "balance", buyer)["balance"]) == pytest.approx(before + 5000)
    assert listed(house, "ledger", "credit", buyer, "90000000.00")["credit_limit"] == "90000000.00"
    assert listed(house, "ledger", "credit", buyer, "none")["credit_limit"] is None
    assert buyer in {account["id"] for account in listed(house, "ledger", "accounts")}
    refused(house.run("ledger", "payout", buyer, "1.00"), "wrong_account")
    assert "id" in house.run("ledger", "transfers").stdout


def test_bills_and_vouchers(house: House) -> None:
    (bill,) = listed(house, "invoices", "--buyer", "buy_0001", "--month", "2025-07")
    assert (bill["lines"], bill["totals"]["due"]) == ([], "0.00")
    assert "nothing was booked" in house.run("statements", "--month", "2025-07", "--limit", 3).stdout
    refused(house.run("invoices", "--month", "July"), "malformed_request")
    window = ("--from", "2025-01-01T00:00:00+08:00", "--until", "2099-01-01T00:00:00+08:00")
    terms = ("--rate", "gpu=0.3", "--rate", "general=0.2", "--cap", "1000.00", "--funds", "500.00", *window)
    pool = listed(house, "vouchers", "create", "杭州市", *terms)
    assert (pool["left"], pool["rate_by_class"]) == ("500.00", {"gpu": 0.3, "general": 0.2})
    assert pool["id"] in {one["id"] for one in listed(house, "vouchers", "list")}
    assert "杭州市" in house.run("vouchers", "list").stdout
    refused(house.run("vouchers", "create", "市", "--rate", "gpu", "--cap", "1.00", *window), "invalid_rate")


def test_allocations_and_nodes_are_reported_on(house: House) -> None:
    granted = [one for one in listed(house, "allocations", "list") if one["state"] == "granted"]
    assert granted
    first = granted[0]
    mine = listed(house, "allocations", "list", "--order", first["order_id"])
    assert first["id"] in {one["id"] for one in mine}
    refused(house.run("allocations", "heartbeat", first["id"]), "not_running")
    refused(house.run("allocations", "complete", first["id"]), "illegal_transition")
    failed = listed(house, "allocations", "fail", first["id"], "--cause", "job", "--note", "out of memory")
    assert (failed["state"], failed["paid"]) == ("failed", "0.00")
    assert set(listed(house, "rounds", "tick")) == {
        "started",
        "captured_hours",
        "completed",
        "interrupted",
        "expired",
        "quotes_lapsed",
    }
    assert listed(house, "nodes", "down", first["node_id"])["state"] == "down"
    try:
        refused(house.run("nodes", "down", first["node_id"]), "illegal_transition")
        there = [one for one in listed(house, "allocations", "list") if one["node_id"] == first["node_id"]]
        assert not [one for one in there if one["state"] == "granted"]
    finally:
        assert house.run("nodes", "up", first["node_id"]).stdout == f"{first['node_id']} is up\n"
    assert "id" in house.run("nodes", "list").stdout
