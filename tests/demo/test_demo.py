"""The demo from nothing: what it writes, that it repeats itself, and that its files pass the judge."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from rich.console import Console

from api.demo.place import prepare_exchange
from api.demo.story import DemoRequest, _serve_until_interrupted, run_demo
from api.server import ServerThread
from api.settings import Settings
from api.terminal.refusal import Refusal
from solver import Clearing, ClearingProblem, verify

pytestmark = pytest.mark.slow
ORDERS = 60
FIGURES = {
    *("orders", "placed", "value_micros", "bound_micros", "gap", "spend_cny", "rtt_ms_mean", "rtt_ms_p95"),
    *("facility_kwh", "pue_mean", "carbon_kg_location", "carbon_kg_market", "west_share_of_eastern_demand"),
}
BASELINES = {"local_first", "first_come_cheapest", "value_density"}
NOT_REPEATED = {
    "id",
    "order_id",
    "round_id",
    "offering_id",
    "seconds",
    "forecast",
    "history",
    "problem_file",
    "clearing_file",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a small demonstration wrote."""
    return demonstrate(tmp_path_factory.mktemp("demo") / "figures.json")


def demonstrate(file: Path) -> dict[str, Any]:
    run_demo(DemoRequest(once=True, json_file=file, orders=ORDERS, seed=11, port=0))
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_all_figures_are_there(found: dict[str, Any]) -> None:
    assert set(found["baselines"]) == BASELINES
    for rule in (found["solver"], *found["baselines"].values()):
        assert set(rule) >= FIGURES
        assert rule["orders"] == ORDERS
        for of_class in rule["by_job_class"].values():
            assert set(of_class) >= FIGURES
    assert found["flows"]
    assert {entry["kind"] for entry in found["explained"]} <= {"moved_west", "kept_east", "not_placed"}
    assert found["seed"] == 11
    assert "ortools" in found["versions"]


def test_classes_add_up(found: dict[str, Any]) -> None:
    for rule in (found["solver"], *found["baselines"].values()):
        for name in ("orders", "placed", "value_micros"):
            assert sum(one[name] for one in rule["by_job_class"].values()) == rule[name]


def test_no_baseline_is_worth_more(found: dict[str, Any]) -> None:
    for baseline in found["baselines"].values():
        assert baseline["value_micros"] <= found["solver"]["value_micros"] <= found["solver"]["bound_micros"]
        assert baseline["bound_micros"] == found["solver"]["bound_micros"]


def test_the_files_beside_pass_the_judge(found: dict[str, Any]) -> None:
    problem, clearing = ClearingProblem.load(found["problem_file"]), Clearing.load(found["clearing_file"])
    verification = verify(problem, clearing)
    assert verification.ok
    assert verification.value_micros == found["solver"]["value_micros"]
    assert verification.bound_micros == found["solver"]["bound_micros"]
    assert Path(found["problem_file"]).is_absolute()


def test_explained_orders_are_what_they_say(found: dict[str, Any]) -> None:
    for entry in found["explained"]:
        explanation = entry["explanation"]
        assert (explanation["allocation"] is None) == (entry["kind"] == "not_placed")
        assert explanation["reasons"] or explanation["allocation"]


def test_same_seed_same_figures(found: dict[str, Any], tmp_path: Path) -> None:
    assert without_ids(demonstrate(tmp_path / "again.json")) == without_ids(found)


def without_ids(thing: Any) -> Any:
    """Everything but ids and measured times."""
    if isinstance(thing, Mapping):
        return {name: without_ids(value) for name, value in thing.items() if name not in NOT_REPEATED}
    return [without_ids(entry) for entry in thing] if isinstance(thing, list) else thing


@pytest.mark.parametrize("file", ["none/figures.json", ".", "/proc/figures.json"])
def test_refuses_a_file_it_could_not_write(file: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="director"):
        run_demo(DemoRequest(once=True, json_file=tmp_path / file, port=0))
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_ends_of_itself_is_noticed() -> None:
    with ServerThread(FastAPI()) as server:
        server._server.should_exit = True
        with pytest.raises(Refusal) as refusal:
            _serve_until_interrupted(server, Console())
    assert refusal.value.code == "server_ended"


def test_refuses_a_database_that_is_in_use(database_url: str) -> None:
    prepare_exchange(Settings(database_url=database_url))
    with pytest.raises(Refusal) as refusal:
        run_demo(DemoRequest(once=True, orders=3, seed=1, port=0, database=database_url))
    assert refusal.value.code == "database_not_fresh"
