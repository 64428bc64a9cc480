"""`suanli generate`, `solve` and `verify`: files in, files out, every bad one refused with its code."""

import csv
import json
import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from command import figures, refused, suanli

from solver import Clearing, ClearingProblem


def small_problem() -> ClearingProblem:
    """Two jobs, one unit for one slot: the dearer job wins."""
    return ClearingProblem(
        capacity_units=np.array([[1]]),
        unit_cost_micros=np.array([[1_000_000]]),
        offering_node=np.array([0]),
        facility_watts_per_unit=np.array([500]),
        node_power_watts=np.array([[1000]]),
        job_profile=np.array([0, 0]),
        job_scale=np.array([1, 1]),
        value_micros=np.array([3_000_000, 5_000_000]),
        first_slot=np.array([0, 0]),
        end_slot=np.array([1, 1]),
        profile_start=np.array([0, 1]),
        candidate_offering=np.array([0]),
        candidate_slots=np.array([1]),
        candidate_units=np.array([1]),
        candidate_fixed_micros=np.array([0]),
    )


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A problem file, and its clearing by the command."""
    directory = tmp_path_factory.mktemp("solved")
    problem, clearing = directory / "problem.npz", directory / "clearing.npz"
    small_problem().save(problem)
    found = figures(suanli("solve", problem, "--out", clearing, "--seconds", 10))
    assert (found["value_micros"], found["placed"], found["jobs"]) == (4_000_000, 1, 2)
    return problem, clearing


def test_a_figure_that_is_no_number_is_null_in_json(solved: tuple[Path, Path], tmp_path: Path) -> None:
    problem, clearing = solved
    altered = tmp_path / "altered.npz"
    replace(Clearing.load(clearing), gap=math.nan).save(altered)
    ran = suanli("verify", problem, altered)
    assert ran.returncode == 1
    (violation,) = json.loads(ran.stdout, parse_constant=pytest.fail)["violations"]
    assert (violation["code"], violation["facts"]["claimed"]) == ("WRONG_GAP", None)


def test_verify_accepts_what_solve_wrote(solved: tuple[Path, Path]) -> None:
    found = figures(suanli("verify", *solved))
    assert found["ok"]
    assert found["violations"] == []
    assert found["value_micros"] == 4_000_000


def test_verify_finds_an_altered_clearing(solved: tuple[Path, Path], tmp_path: Path) -> None:
    honest = Clearing.load(solved[1])
    altered = Clearing(
        status=honest.status,
        value_micros=6_000_000,
        bound_micros=honest.bound_micros,
        gap=honest.gap,
        chosen=np.array([0, 0]),
        start_slot=np.array([0, 0]),
        price_micros=honest.price_micros,
        power_price_micros=honest.power_price_micros,
    )
    altered.save(tmp_path / "altered.npz")
    ran = suanli("verify", solved[0], tmp_path / "altered.npz")
    assert ran.returncode == 1
    found = json.loads(ran.stdout)
    assert not found["ok"]
    assert "OVER_CAPACITY" in {violation["code"] for violation in found["violations"]}


def test_verify_refuses_a_clearing_of_another_problem(solved: tuple[Path, Path], tmp_path: Path) -> None:
    empty = Clearing.load(solved[1])
    other = Clearing(
        **{name: getattr(empty, name) for name in ("status", "value_micros", "bound_micros", "gap")},
        chosen=np.array([-1]),
        start_slot=np.array([-1]),
        price_micros=np.zeros((2, 3), dtype=np.int64),
        power_price_micros=np.zeros((1, 3), dtype=np.int64),
    )
    other.save(tmp_path / "other.npz")
    assert suanli("verify", solved[0], tmp_path / "other.npz").returncode == 1


@pytest.mark.parametrize(
    "content", [b"", b"not a zip", b"PK\x03\x04 cut short"], ids=["empty", "text", "cut"]
)
def test_unreadable_files_are_status_2(content: bytes, solved: tuple[Path, Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(content)
    refused(suanli("verify", bad, solved[1]), "NOT_A_PROBLEM_FILE", status=2)
    refused(suanli("verify", solved[0], bad), "NOT_A_CLEARING_FILE", status=2)
    refused(suanli("solve", bad, "--out", tmp_path / "c.npz"), "NOT_A_PROBLEM_FILE", status=2)
    assert not (tmp_path / "c.npz").exists()


def test_an_earlier_clearing_of_another_market_is_status_2(solved: tuple[Path, Path], tmp_path: Path) -> None:
    honest = Clearing.load(solved[1])
    prices = np.zeros((2, 3), dtype=np.int64)
    replace(honest, price_micros=prices).save(tmp_path / "other.npz")
    ran = suanli("solve", solved[0], "--out", tmp_path / "c.npz", "--earlier", tmp_path / "other.npz")
    refused(ran, "WRONG_SHAPE", status=2)
    assert not (tmp_path / "c.npz").exists()


def test_a_scribbled_file_is_status_2(solved: tuple[Path, Path], tmp_path: Path) -> None:
    content = bytearray(solved[0].read_bytes())
    for at in range(60, len(content) - 400, 7):
        content[at] ^= 0x5A
    (tmp_path / "bad.npz").write_bytes(content)
    refused(suanli("verify", tmp_path / "bad.npz", solved[1]), "NOT_A_PROBLEM_FILE", status=2)


def test_missing_files_and_places(solved: tuple[Path, Path], tmp_path: Path) -> None:
    refused(suanli("verify", tmp_path / "none.npz", solved[1]), "file_unreadable", status=2)
    refused(suanli("solve", tmp_path / "none.npz", "--out", tmp_path / "c.npz"), "file_unreadable", status=2)
    refused(suanli("solve", solved[0], "--out", tmp_path / "no" / "c.npz"), "directory_not_found")
    refused(suanli("solve", solved[0], "--out", tmp_path), "is_a_directory")
    refused(suanli("solve", solved[0], "--out", solved[0]), "out_is_input")


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--seconds", "0", "BAD_SECONDS"),
        ("--seconds", "nan", "BAD_SECONDS"),
        ("--gap", "-1", "BAD_GAP"),
        ("--gap", "nan", "BAD_GAP"),
        ("--workers", "0", "BAD_WORKERS"),
        ("--seed", "-1", "BAD_SEED"),
    ],
)
def test_limits_that_make_no_sense(
    option: str, value: str, code: str, solved: tuple[Path, Path], tmp_path: Path
) -> None:
    ran = suanli("solve", solved[0], "--out", tmp_path / "c.npz", f"{option}={value}")
    refused(ran, code, status=2)


def test_generated_orders_repeat_and_are_absolute(tmp_path: Path) -> None:
    a, b = tmp_path / "a.ndjson", tmp_path / "b.ndjson"
    for out in (a, b):
        ran = suanli("generate", "orders", "--count", 50, "--seed", 7, "--out", out, "--day", "2025-07-15")
        assert ran.returncode == 0, ran.stderr
    assert a.read_bytes() == b.read_bytes()
    bodies = [json.loads(line) for line in a.read_text().splitlines()]
    assert len(bodies) == 50
    midnight = datetime.fromisoformat("2025-07-14T16:00:00Z")
    for body in bodies:
        assert body["buyer_id"].startswith("buy_")
        assert isinstance(body["limit_price"], str)
        assert midnight <= datetime.fromisoformat(body["earliest_start"])
        assert datetime.fromisoformat(body["earliest_start"]) < datetime.fromisoformat(body["deadline"])


def test_generated_csv_has_the_shape_of_the_fixtures(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "fixtures" / "east_west" / "orders.csv"
    out = tmp_path / "orders.csv"
    found = figures(suanli("generate", "orders", "--count", 2000, "--seed", 2025, "--out", out, "--json"))
    assert found["orders"] == 2000
    assert out.read_bytes() == shipped.read_bytes()
    with out.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 2000


@pytest.mark.parametrize("day", ["tomorrow", "2025-13-01", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none(day: str, tmp_path: Path) -> None:
    ran = suanli("generate", "orders", "--count", 1, "--seed", 1, "--out", tmp_path / "x", "--day", day)
    refused(ran, "invalid_day")
    assert list(tmp_path.iterdir()) == []
