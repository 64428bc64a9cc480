"""`suanli bench`: a small market from the command to the report, and bad input refused by its code."""

import json
from pathlib import Path

import pytest
from command import figures, refused, suanli

from solver import ClearingProblem

pytestmark = pytest.mark.slow


def test_market_to_report(tmp_path: Path) -> None:
    ran = suanli(
        "bench", "market", "--jobs", 20, "--slots", 4, "--seconds", 1, "--against", "none",
        "--save", tmp_path / "m.npz", "--out", tmp_path / "r.json", "--json",
    )  # fmt: skip
    found = figures(ran)
    assert [entry["name"] for entry in found["markets"][0]["entries"]] == ["suanli"]
    assert all(entry["status"] in {"OPTIMAL", "FEASIBLE"} for entry in found["markets"][0]["entries"])
    assert found["command"].startswith("suanli bench market --jobs 20 --slots 4 --seed 1")
    assert str(tmp_path) not in json.dumps(found)
    assert ClearingProblem.load(tmp_path / "m.npz").jobs == 20
    assert json.loads((tmp_path / "r.json").read_text()) == found
    shown = suanli("bench", "report", tmp_path / "r.json")
    assert "### 20 jobs" in shown.stdout
    written = suanli("bench", "report", tmp_path / "r.json", "--out", tmp_path / "B.md")
    assert len(written.stdout.splitlines()) == 2


@pytest.mark.slow
def test_trace(tmp_path: Path) -> None:
    (tmp_path / "a.swf").write_text("; MaxProcs: 4\n1 0 -1 3600 4 -1 -1 -1 -1 -1 1 -1 -1 -1 0 -1 -1 -1\n")
    ran = suanli("bench", "trace", tmp_path, "--seconds", 1, "--against", "none", "--profile")
    assert ran.returncode == 0, ran.stderr
    assert "not there, left out: Chronus" in ran.stderr
    assert "swf a" in ran.stdout
    assert "step of our solver" in ran.stdout


def test_bad_input_is_refused(tmp_path: Path) -> None:
    refused(suanli("bench", "market", "--jobs", 5, "--against", "gurobi"), "unknown_rival", 2)
    refused(suanli("bench", "market", "--jobs", 0), "usage", 2)
    refused(suanli("bench", "market", "--jobs", 5, "--out", tmp_path), "is_a_directory")
    refused(suanli("bench", "trace", tmp_path / "absent"), "trace_unreadable", 2)
    (tmp_path / "r.json").write_text("{}")
    refused(suanli("bench", "report", tmp_path / "r.json"), "not_a_result_file", 2)
    refused(suanli("bench", "report", tmp_path / "absent.json"), "file_not_found")
