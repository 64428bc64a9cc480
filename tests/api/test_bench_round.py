"""`suanli bench round`: a small one, and that it never counts in a database that somebody uses."""

import json
from pathlib import Path

import pytest
from databases import Databases
from typer.testing import CliRunner

from api.bench.whole_round import STEPS, Asked, measure
from api.cli.main import app
from api.terminal.refusal import Refusal

pytestmark = pytest.mark.slow


def test_a_small_round_is_told_step_by_step(databases: Databases, tmp_path: Path) -> None:
    out = tmp_path / "round.json"
    with databases.empty() as url:
        asked = ["bench", "round", "--database", url, "--orders", "60", "--seconds", "5", "--out", str(out)]
        told = CliRunner().invoke(app, asked)
        with pytest.raises(Refusal, match="an exchange is kept there already"):
            measure(Asked(url, 60, 5.0, 0.01, 0.8, 1), lambda _said: None)
    assert told.exit_code in {0, 1}, told.output  # at this size anything may take longest
    written = json.loads(out.read_text())
    assert set(written["seconds_by_step"]) == set(STEPS)
    assert sum(written["seconds_by_step"].values()) <= written["round_seconds"]
    assert 0 < written["placed"] <= written["accepted"] == 60
    assert str(url) not in out.read_text()
