"""kill -9 at seeded points of a round, of a capture and of a refund: the ledger balances, no order is lost, life goes on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from thoroughness import often

pytestmark = pytest.mark.slow

VICTIMS = Path(__file__).with_name("victims.py")


@pytest.mark.parametrize(
    ("what", "kills"), [("round", often(10, 40)), ("capture", often(5, 30)), ("refund", often(5, 30))]
)
def test_a_kill_does_no_damage(what: str, kills: int, engine: str, request: pytest.FixtureRequest) -> None:
    kills = kills // often(2, 1) if engine == "postgres" else kills
    command = [sys.executable, "-W", "error", str(VICTIMS), what, str(kills), "2025"]
    if engine == "postgres":
        server: URL = request.getfixturevalue("postgres_server")
        command.append(server.render_as_string(hide_password=False))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == kills
    assert all(one["killed"] for one in found), "every victim must have died at its step"
    assert [one for one in found if one["broken"]] == [], done.stderr
    for one in found:
        assert one["orders"] >= one["orders_before"], one
        assert sum(one["states"].values()) == one["orders"], one
        assert set(one["states"]) <= {"completed", "cancelled", "expired", "failed"}, one
