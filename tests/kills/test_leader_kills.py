"""kill -9 of whoever leads rounds, or clears them for it, in a landing: nothing is broken, and rounds go on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from thoroughness import often
from told_landings import COMMITTED, COMMITTING

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

KILLS, SEED = often(usually=2, thoroughly=50), 2026
PROGRAM = Path(__file__).parent / "leader_kills.py"
BEYOND_RECALL = {COMMITTING, COMMITTED}
NOTHING = {"broken": [], "of_rounds_that_did_not_land": 0, "allocated_twice": 0, "unaccounted": 0}


def test_who_is_killed_while_a_round_lands_breaks_nothing(database_url: str) -> None:
    command = [sys.executable, str(PROGRAM), database_url, str(KILLS), str(SEED)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    kills = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(kills) == KILLS
    for kill in kills:
        assert kill["killed"], kill
        assert kill["next_one_cleared"], kill
        assert kill["ended_when_told"], kill
        cut_off = "exchange_stopped" if kill["whom"] == "leader" else "solver_died: Unavailable"
        assert kill["stored"] or kill["failures"] == [cut_off], kill
        assert kill["last_word"] in BEYOND_RECALL or not kill["stored"], kill
        assert NOTHING.items() <= kill.items(), kill
        assert "clearing" not in kill["rounds"], kill
    assert kills[-1]["rounds"]["landed"] >= KILLS, "the next one lands a round each time"
