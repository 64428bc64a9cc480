"""Result files survive the way to disk, and become tables and plots that say what they hold."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from solver.bench.plots import draw_gaps
from solver.bench.report import BEGIN, END, aligned, profile_of, render, table_of, write_into
from solver.bench.results import MOST_POINTS, Entry, Market, ResultsError, Run, thinned
from solver.bench.run import Settings, finish_run, new_run


def a_run() -> Run:
    ours = Entry(
        "suanli", "FEASIBLE", 2.0, 3.5, 120.0, 990_000_000, 1_000_000_000, None, 9,
        steps=[("walk", 0.5), ("dive", 1.0)],
        history=[(0.5, 900_000_000, 1_100_000_000), (1.5, 990_000_000, 1_000_000_000)],
    )  # fmt: skip
    rule = Entry("highest_bid", "FEASIBLE", 0.01, None, 90.0, 950_000_000, 1_200_000_000, None, 8)
    none = Entry("cp_sat", "NO_SOLUTION", 2.1, 2.1, 300.0, note="a | b")
    late = Entry("scip", "TIMED_OUT", 30.0, 29.0, 300.0, 995_000_000, own_bound_micros=998_000_000)
    run = new_run("market", "suanli bench market --jobs 9", Settings(seconds=2.0), 1)
    run.markets.append(Market("9 jobs", {"jobs": 9, "slots": 4, "load": 1.0}, [ours, none, late, rule]))
    return finish_run(run)


def test_a_result_file_round_trips(tmp_path: Path) -> None:
    run = a_run()
    run.save(tmp_path / "r.json")
    again = Run.load(tmp_path / "r.json")
    assert json.loads(json.dumps(again.to_json())) == json.loads(json.dumps(run.to_json()))
    assert again.markets[0].entries[0].history[-1] == (1.5, 990_000_000, 1_000_000_000)
    assert run.machine["cores"] >= 1
    assert {"cpu", "load_before", "load_after", "memory_mb"} <= set(run.machine)
    assert {"python", "numpy", "ortools"} <= set(run.versions)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "other"}', '{"schema": "suanli-bench/1"}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ResultsError, match="no result file"):
        Run.load(tmp_path / "r.json")


def test_the_table_ranks_what_counts_only() -> None:
    market = a_run().markets[0]
    rows = table_of(market)
    assert [row[0] for row in rows] == ["suanli", "highest_bid", "cp_sat", "scip"]
    assert market.best_value_micros() == 990_000_000
    assert market.proven_bound_micros() == 1_000_000_000
    assert market.best_bound_micros() == 998_000_000
    assert rows[0][2:5] == ("**990.00**", "0.802%", "1.000%")
    assert rows[0][6:9] == ("2.00", "3.50", "120")
    assert rows[2][1:5] == ("NO_SOLUTION", "", "", "")
    assert profile_of(market) == [
        ("walk", "0.50", "25.0%"),
        ("dive", "1.00", "50.0%"),
        ("rest", "0.50", "25.0%"),
    ]
    assert aligned(("note", "MB"), [("x", "1"), ("yyyyy", "100")]) == "note    MB\nx        1\nyyyyy  100\n"


def test_the_report_replaces_what_stands_between_the_marks(tmp_path: Path) -> None:
    document = tmp_path / "B.md"
    document.write_text(f"# Prose\n\n{BEGIN}\nold\n{END}\n\nmore prose\n")
    plots = write_into(document, [a_run()])
    text = document.read_text()
    assert text.startswith("# Prose\n\n")
    assert text.endswith("more prose\n")
    assert "old" not in text
    assert "    suanli bench market --jobs 9" in text
    assert "a \\| b" in text
    assert [plot.name for plot in plots] == ["9-jobs-1.svg"]
    assert "(bench/plots/9-jobs-1.svg)" in text
    write_into(document, [a_run()])
    assert document.read_text().count("### 9 jobs") == 1
    twice = write_into(document, [a_run(), a_run()])
    assert [plot.name for plot in twice] == ["9-jobs-1.svg", "9-jobs-1-run-2.svg"]
    fresh = tmp_path / "fresh.md"
    write_into(fresh, [a_run()])
    assert "### 9 jobs" in fresh.read_text()
    assert render([]) == ""


def test_a_plot_is_small_well_formed_svg() -> None:
    svg = draw_gaps(a_run().markets[0], "gaps <over> time")
    root = ET.fromstring(svg)  # noqa: S314 - our own
    assert root.tag.endswith("svg")
    assert len(svg) < 6000
    assert "suanli 0.80%" in svg
    assert "highest_bid 4.81%" in svg
    assert "scip" not in svg
    assert draw_gaps(Market("none", {}, []), "nothing").startswith("<svg")


def test_long_histories_are_thinned_and_keep_their_end() -> None:
    history = [(float(at), at, 10_000) for at in range(1001)]
    kept = thinned(history)
    assert len(kept) <= MOST_POINTS + 1
    assert (kept[0], kept[-1]) == (history[0], history[-1])
