"""Rivals on one small market: every answer holds, none is above what is proven, and failure has its name."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from solver import ClearingProblem, Status
from solver.bench import columns, contestant, run
from solver.bench.markets import generate_market
from solver.bench.processes import Watched, memory_mb
from solver.bench.results import Entry, Market
from solver.bench.rivals import CONTESTANTS, OURS, RULES, highs, monoliths, read_names, rules
from solver.bench.rivals.answer import Answer, Task, nothing

pytestmark = pytest.mark.slow

SECONDS = 1.0
HERE: dict[str, Callable[[Task], Answer]] = {
    "suanli": rules.suanli,
    "value_density": rules.value_density,
    "highest_bid": rules.highest_bid,
    "first_come": rules.first_come,
    "random_order": rules.random_order,
    "cp_sat": monoliths.cp_sat,
    "scip": monoliths.scip,
    "lp_rounding": monoliths.lp_rounding,
}


@pytest.fixture(scope="module")
def problem() -> ClearingProblem:
    return generate_market(60, 12, 1)


def task_on(problem: ClearingProblem, seconds: float = SECONDS) -> Task:
    return Task(problem, seconds, 1, 0, 0.01, lambda *_: None)


def arrays_of(answer: Answer) -> dict[str, object]:
    names = ("chosen", "start_slot", "price_micros", "power_price_micros")
    return {name: getattr(answer, name) for name in names if getattr(answer, name) is not None}


def test_all_rivals_are_feasible_and_none_beats_the_proven_bound(problem: ClearingProblem) -> None:
    judged = {}
    for name, solve in HERE.items():
        answer = solve(task_on(problem))
        if answer.chosen is not None:
            judged[name] = run.judge(problem, arrays_of(answer))
            assert judged[name][0] == [], name
    assert {"suanli", "scip", "lp_rounding", *RULES} <= set(judged)
    proven = min(bound for _, _, bound, _ in judged.values() if bound is not None)
    values = {name: value for name, (_, value, _, _) in judged.items() if value is not None}
    assert all(0 < value <= proven for value in values.values())
    assert all(values["suanli"] >= values[name] for name in RULES)


def test_whole_models_agree_where_they_end() -> None:
    small = generate_market(8, 4, 2)
    found = [solve(task_on(small, 20.0)) for solve in (monoliths.cp_sat, monoliths.scip)]
    assert [answer.status for answer in found] == [Status.OPTIMAL, Status.OPTIMAL]
    values = {run.judge(small, arrays_of(answer))[1] for answer in found}
    assert len(values) == 1


@pytest.mark.slow
def test_highs_of_scipy_agrees_in_a_process_of_its_own() -> None:
    """Through the runner, because HiGHS and OR-Tools do not share a process."""
    small = generate_market(8, 4, 2)
    market = run.run_market("small", small, ["highs", "scip"], run.Settings(seconds=8.0, workers=1, gap=0.5))
    assert [entry.name for entry in market.entries] == [OURS, "highs", "scip"]
    by_name = {entry.name: entry for entry in market.entries}
    assert by_name["highs"].status == "OPTIMAL", by_name["highs"].note
    assert by_name["highs"].value_micros == by_name["scip"].value_micros
    assert all(entry.ranked and entry.peak_mb for entry in market.entries)
    assert by_name[OURS].steps
    best = market.best_bound_micros()
    assert best is not None
    assert all((entry.value_micros or 0) <= best for entry in market.entries)
    assert callable(highs.highs)


def test_a_market_with_too_many_columns_is_not_run(
    problem: ClearingProblem,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    count = columns.count_columns(problem)
    assert count >= columns.list_columns(problem).job.size
    with pytest.raises(columns.TooManyColumns, match=f"{count:,} columns"):
        columns.list_columns(problem, most=count - 1)

    def refuse(_: Task) -> Answer:
        raise columns.TooManyColumns(count)

    monkeypatch.setattr(monoliths, "scip", refuse)
    problem.save(tmp_path / "p.npz")
    given = {"name": "scip", "earlier": "", "seconds": 1.0, "workers": 1, "seed": 0, "gap": 0.0}
    contestant.main(str(tmp_path / "p.npz"), str(tmp_path / "a.npz"), json.dumps(given))
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["status"], last["note"]) == ("TOO_LARGE", f"too large ({count:,} columns)")


def test_a_late_answer_and_a_wrong_one_do_not_count(problem: ClearingProblem, tmp_path: Path) -> None:
    answer = rules.value_density(task_on(problem))
    assert answer.chosen is not None
    assert answer.start_slot is not None
    settings = run.Settings(seconds=1.0)
    done = {"status": "FEASIBLE", "seconds": 9.0, "cpu_seconds": 8.0, "own_bound_micros": None, "note": ""}
    np.savez(tmp_path / "late.npz", chosen=answer.chosen, start_slot=answer.start_slot)
    late = run._judged(Entry("x", "FAILED"), done, problem, tmp_path / "late.npz", settings)
    assert (late.status, late.ranked, late.note) == ("TIMED_OUT", False, "9 s of 1")
    everywhere = np.where(answer.chosen >= 0, problem.slots, -1).astype(np.int32)
    np.savez(tmp_path / "wrong.npz", chosen=answer.chosen, start_slot=everywhere)
    wrong = run._judged(
        Entry("x", "FAILED"), done | {"seconds": 0.5}, problem, tmp_path / "wrong.npz", settings
    )
    assert (wrong.status, wrong.ranked) == ("WRONG", False)
    market = Market("m", {}, [late, wrong])
    assert market.best_value_micros() is None


def test_having_nothing_is_no_solution() -> None:
    assert nothing().status is Status.NO_SOLUTION
    late = task_on(generate_market(8, 4, 2), seconds=0.0)
    for solve in (monoliths.cp_sat, monoliths.scip, monoliths.lp_rounding, highs.highs):
        assert solve(late).status is Status.NO_SOLUTION


def test_a_process_is_ended_at_its_deadline_and_its_failure_is_told() -> None:
    import sys  # noqa: PLC0415

    watched = Watched([sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"], 1e9)
    for line in watched.lines():
        assert line.strip() == "here"
        assert memory_mb(watched._process.pid) > 0
        watched.deadline = 0.0
    assert watched.end().killed == "ended: far over its time"
    failing = Watched([sys.executable, "-c", "raise SystemExit('no such thing')"], 1e9)
    assert list(failing.lines()) == []
    ended = failing.end()
    assert (ended.returncode, ended.complaint) == (1, "no such thing")


def test_names() -> None:
    assert read_names("none") == []
    assert read_names("rules") == list(RULES)
    assert read_names("all") == [name for name in CONTESTANTS if name != OURS]
    assert read_names("scip, scip,cp_sat") == ["scip", "cp_sat"]
    for bad in ("suanli", "gurobi", ","):
        with pytest.raises(ValueError, match="unknown rival"):
            read_names(bad)
