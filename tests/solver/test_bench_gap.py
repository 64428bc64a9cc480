"""`suanli bench gap`: a small made-up directory run as the public one is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from api.cli.bench_gap import gap
from api.cli.reporting import ReportingGroup
from solver.bench.gap import GapBenchError, list_instances, render, run_gap

pytestmark = pytest.mark.slow

HEAD = "Path,Format,Dataset,Item number,Agent number,Best known bound,Optimum,Best known solution value\n"
TEXT = "2 3\n1 9 4\n5 2 8\n3 3 3\n4 4 4\n6\n8\n"
"""Optimum: items 0 and 2 at agent 0, item 1 at agent 1: 1 + 4 + 2 = 7."""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "made").mkdir()
    for name in ("c02003", "d02003"):
        (tmp_path / "made" / name).write_text(TEXT)
    rows = "made/c02003,orlibrary,made,3,2,7,7,7\nmade/d02003,orlibrary,made,3,2,,,8\n"
    (tmp_path / "best_known.csv").write_text(HEAD + rows)
    return tmp_path


def application() -> typer.Typer:
    app = typer.Typer(cls=ReportingGroup)
    app.command()(gap)
    app.callback()(lambda: None)
    return app


def test_results_say_what_was_run_and_how_far_it_is_from_the_best_known(directory: Path) -> None:
    told: list[str] = []
    results = run_gap(list_instances(directory), seconds=5, workers=1, warm_up=False, report=told.append)
    first, second = results["instances"]
    assert (first["cost"], first["lower_bound"], first["status"], first["type"]) == (7, 7, "OPTIMAL", "C")
    assert first["gap_to_best_known"] == first["gap_to_bound"] == 0
    assert second["gap_to_best_known"] == -1 / 8
    assert [row["type"] for row in results["types"]] == ["C", "D"]
    assert {"date", "machine", "versions", "seed", "seconds_limit"} <= results.keys()
    assert len(told) == 2
    table = render(results)
    assert "| C | 1 | 1 | 1 | 1 | 0.000% |" in table
    assert "| made/d02003 | 2 | 3 | OPTIMAL | 7 | 7 | 8 | -12.500% |" in table
    json.dumps(results)


def test_a_failure_does_not_flatter_a_mean(directory: Path) -> None:
    (directory / "made" / "d02003").write_text("1 1\n5\n9\n4\n")
    results = run_gap(list_instances(directory, "d*"), seconds=2, workers=1, warm_up=False)
    assert results["instances"][0]["status"] == "INFEASIBLE"
    assert results["types"][0]["mean_gap_to_best_known"] is None
    assert "–" in render(results)


def test_only_chooses_by_name_or_path(directory: Path) -> None:
    assert [instance.name for instance in list_instances(directory, "d*")] == ["made/d02003"]
    assert [instance.name for instance in list_instances(directory, "made/c*")] == ["made/c02003"]


def test_what_is_missing_is_named(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(GapBenchError, match="no directory"):
        list_instances(tmp_path / "nowhere")
    with pytest.raises(GapBenchError, match="matches 'z"):
        list_instances(directory, "z*")
    (directory / "made" / "c02003").unlink()
    with pytest.raises(GapBenchError, match="made/c02003"):
        list_instances(directory)
    (directory / "best_known.csv").write_text(HEAD + "made/d02003,orlibrary,made,3,2,,,eight\n")
    with pytest.raises(GapBenchError, match=r"best_known.csv, line 2"):
        list_instances(directory)
    (directory / "best_known.csv").unlink()
    with pytest.raises(GapBenchError, match=r"holds no best_known.csv"):
        list_instances(directory)


def test_the_command_writes_a_table_and_a_file(directory: Path) -> None:
    out = directory / "gap.json"
    done = CliRunner().invoke(application(), ["gap", str(directory), "--seconds", "2", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "| made/c02003 |" in done.stdout
    assert "[1/2] made/c02003" in done.stderr
    assert json.loads(out.read_text())["instances"][0]["cost"] == 7


def test_the_command_prints_json_alone_on_stdout(directory: Path) -> None:
    arguments = ["gap", str(directory), "--seconds", "2", "--only", "c*", "--json"]
    done = CliRunner().invoke(application(), arguments)
    assert json.loads(done.stdout)["instances"][0]["cost"] == 7


@pytest.mark.parametrize(("name", "code"), [("nowhere", "NO_DIRECTORY"), ("made", "NO_BEST_KNOWN")])
def test_a_directory_that_cannot_be_used_is_an_error(directory: Path, name: str, code: str) -> None:
    done = CliRunner().invoke(application(), ["gap", str(directory / name)])
    assert done.exit_code == 2
    assert code in done.stderr


def test_an_instance_without_an_answer_is_an_exit_status(directory: Path) -> None:
    (directory / "made" / "d02003").write_text("1 1\n5\n9\n4\n")
    done = CliRunner().invoke(application(), ["gap", str(directory), "--seconds", "2", "--only", "d*"])
    assert done.exit_code == 1


def test_a_broken_instance_names_its_line(directory: Path) -> None:
    (directory / "made" / "c02003").write_text(TEXT + "99\n")
    done = CliRunner().invoke(application(), ["gap", str(directory)])
    assert done.exit_code == 2
    assert "line 8" in done.stderr
