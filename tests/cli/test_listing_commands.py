"""`suanli offerings …` against a real server: amend, drain, maintenance, withdraw, calendar, versions."""

from typing import Any

import pytest
from command import figures, refused, suanli

from api.server import ServerThread, open_exchange
from api.settings import Settings

pytestmark = pytest.mark.slow


def test_the_life_of_a_listing(database_url: str) -> None:
    key = figures(suanli("init", "--database", database_url, "--json"))["operator_key"]
    with open_exchange(Settings(database_url=database_url)) as opened, ServerThread(opened.app) as server:
        here = {"SUANLI_SERVER": server.url, "SUANLI_KEY": key}

        def run(*args: object) -> Any:
            return figures(suanli("offerings", *args, "--json", **here))

        amended = run("amend", "off_0001", "ask_price=8.50", "max_units_per_order=16")
        assert (amended["ask_price"], amended["max_units_per_order"]) == ("8.50", 16)
        assert run("amend", "off_0001", "max_units_per_order=null")["max_units_per_order"] is None
        refused(suanli("offerings", "amend", "off_0001", "ask", **here), "malformed_change")
        refused(suanli("offerings", "drain", "off_0001", **here), "drain_unclear")
        at = "2098-01-02T00:00:00Z"
        assert run("drain", "off_0001", "--at", at)["drain_at"] == at
        assert run("drain", "off_0001", "--take-back")["drain_at"] is None
        window = {"starts_at": "2098-01-01T00:00:00Z", "ends_at": at, "units_left": 3}
        serviced = run("maintenance", "off_0001", f"{window['starts_at']}/{at}", "--units-left", 3)
        assert serviced["maintenance"] == [window]
        hours = run("calendar", "off_0001", "--from", window["starts_at"], "--hours", 2)["hours"]
        assert [hour["usable_units"] for hour in hours] == [3, 3]
        assert run("withdraw", "off_0001")["state"] == "withdrawn"
        versions = run("versions", "off_0001")
        assert [version["version"] for version in versions] == [1, 2, 3, 4, 5, 6, 7]
        assert versions[-1]["terms"]["state"] == "withdrawn"
        for command in ("calendar", "versions"):
            assert suanli("offerings", command, "off_0001", **here).returncode == 0
