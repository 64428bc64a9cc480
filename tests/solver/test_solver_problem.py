"""The problem: what is taken, what is refused and under which code, and how it travels."""

from __future__ import annotations

import io
import pickle
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from random_markets import market, tiny_market

from solver import ClearingProblem, Limits, LimitsError, ProblemError

ARRAYS = [field.name for field in fields(ClearingProblem) if field.name != "slot_hours"]


def same(one: ClearingProblem, other: ClearingProblem) -> bool:
    return one.slot_hours == other.slot_hours and all(
        np.array_equal(getattr(one, name), getattr(other, name))
        and getattr(one, name).dtype == getattr(other, name).dtype
        for name in ARRAYS
    )


def test_saves_and_loads_by_path_and_by_stream(tmp_path: Path) -> None:
    problem = replace(tiny_market(3), slot_hours=0.5)
    problem.save(tmp_path / "p.npz")
    assert same(problem, ClearingProblem.load(tmp_path / "p.npz"))
    stream = io.BytesIO()
    problem.save(stream)
    stream.seek(0)
    assert same(problem, ClearingProblem.load(stream))
    with np.load(tmp_path / "p.npz") as archive:
        assert sorted(archive.files) == sorted([*ARRAYS, "slot_hours"])


def test_loads_what_an_outside_program_made(tmp_path: Path) -> None:
    problem = market(1, 30, 6, 5, 2)
    arrays = {
        name: getattr(problem, name).astype(np.int32 if name == "job_scale" else np.int64) for name in ARRAYS
    }
    np.savez(tmp_path / "outside.npz", slot_hours=1.0, comment=np.asarray("ours"), **arrays)
    assert same(problem, ClearingProblem.load(tmp_path / "outside.npz"))
    np.savez(tmp_path / "bare.npz", **arrays)
    assert ClearingProblem.load(tmp_path / "bare.npz").slot_hours == 1.0


def test_arrays_cannot_be_written() -> None:
    problem = tiny_market(1)
    for name in ARRAYS:
        assert not getattr(problem, name).flags.writeable


def test_later_changes_to_the_given_arrays_do_not_show() -> None:
    problem = tiny_market(1)
    given = problem.capacity_units.copy()
    copy = replace(problem, capacity_units=given)
    given[:] = 77
    assert np.array_equal(copy.capacity_units, problem.capacity_units)


def with_change(name: str, value: object) -> dict[str, object]:
    return {name: value}


BASE = market(2, 12, 6, 5, 2)
REFUSED: list[tuple[str, str, object]] = [
    ("NOT_INTEGER", "value_micros", BASE.value_micros.astype(np.float64)),
    ("NOT_INTEGER", "value_micros", np.full(BASE.jobs, np.nan)),
    ("NOT_INTEGER", "job_scale", np.ones(BASE.jobs, dtype=bool)),
    ("WRONG_SHAPE", "value_micros", BASE.value_micros[:-1]),
    ("WRONG_SHAPE", "value_micros", BASE.value_micros[None]),
    ("WRONG_SHAPE", "unit_cost_micros", BASE.unit_cost_micros.T),
    ("WRONG_SHAPE", "node_power_watts", BASE.node_power_watts[:, :-1]),
    ("WRONG_SHAPE", "profile_start", np.zeros(0, dtype=np.int64)),
    ("OUT_OF_RANGE", "value_micros", np.full(BASE.jobs, 2**63, dtype=np.uint64)),
    ("OUT_OF_RANGE", "end_slot", np.full(BASE.jobs, 2**31)),
    ("NEGATIVE", "capacity_units", BASE.capacity_units - 10**6),
    ("NEGATIVE", "facility_watts_per_unit", BASE.facility_watts_per_unit - 10**6),
    ("NEGATIVE", "node_power_watts", np.full_like(BASE.node_power_watts, -1)),
    ("NEGATIVE", "first_slot", BASE.first_slot - 100),
    ("NEGATIVE", "candidate_units", BASE.candidate_units - 2),
    ("NOT_POSITIVE", "job_scale", np.zeros(BASE.jobs, dtype=np.int64)),
    ("NOT_POSITIVE", "candidate_slots", np.zeros(BASE.candidates, dtype=np.int64)),
    ("BAD_POINTER", "profile_start", BASE.profile_start[::-1].copy()),
    ("BAD_POINTER", "profile_start", BASE.profile_start + 1),
    ("INDEX_OUT_OF_RANGE", "offering_node", BASE.offering_node + 2),
    ("INDEX_OUT_OF_RANGE", "job_profile", BASE.job_profile - 100),
    ("INDEX_OUT_OF_RANGE", "candidate_offering", BASE.candidate_offering + 5),
    ("OVERFLOW", "value_micros", np.full(BASE.jobs, 2**60)),
    ("OVERFLOW", "job_scale", np.full(BASE.jobs, 2**52)),
    ("OVERFLOW", "candidate_units", np.full(BASE.candidates, 2**61)),
    ("OVERFLOW", "candidate_fixed_micros", np.full(BASE.candidates, 2**61)),
    ("OVERFLOW", "unit_cost_micros", np.full_like(BASE.unit_cost_micros, 2**61)),
    ("OVERFLOW", "facility_watts_per_unit", np.full(BASE.offerings, 2**61)),
    ("BAD_SLOT_HOURS", "slot_hours", 0.0),
    ("BAD_SLOT_HOURS", "slot_hours", float("nan")),
    ("BAD_SLOT_HOURS", "slot_hours", "one"),
]


@pytest.mark.parametrize(("code", "name", "value"), REFUSED, ids=[f"{row[0]}-{row[1]}" for row in REFUSED])
def test_refuses(code: str, name: str, value: object) -> None:
    with pytest.raises(ProblemError) as caught:
        replace(BASE, **with_change(name, value))
    assert caught.value.code == code
    assert str(caught.value).startswith(f"{code}: ")
    assert pickle.loads(pickle.dumps(caught.value)).code == code  # noqa: S301 - our own bytes


def test_a_large_gain_from_negative_costs_is_refused() -> None:
    with pytest.raises(ProblemError, match="OVERFLOW"):
        replace(
            BASE, candidate_fixed_micros=np.full(BASE.candidates, -(2**56)), job_scale=np.full(BASE.jobs, 60)
        )


def test_refuses_files_that_are_no_problem(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ProblemError, match="NOT_A_PROBLEM_FILE"):
        ClearingProblem.load(tmp_path / "text.npz")
    (tmp_path / "empty.npz").write_bytes(b"")
    with pytest.raises(ProblemError, match="NOT_A_PROBLEM_FILE"):
        ClearingProblem.load(tmp_path / "empty.npz")
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ProblemError, match="NOT_A_PROBLEM_FILE"):
        ClearingProblem.load(tmp_path / "one.npy")
    np.savez(tmp_path / "objects.npz", **{name: np.array([{}], dtype=object) for name in ARRAYS})
    with pytest.raises(ProblemError, match="NOT_A_PROBLEM_FILE"):
        ClearingProblem.load(tmp_path / "objects.npz")
    np.savez(tmp_path / "part.npz", capacity_units=np.zeros((1, 1), dtype=np.int64))
    with pytest.raises(ProblemError, match="MISSING_ARRAY"):
        ClearingProblem.load(tmp_path / "part.npz")
    with pytest.raises(FileNotFoundError):
        ClearingProblem.load(tmp_path / "nowhere.npz")


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("BAD_SECONDS", {"seconds": 0.0}),
        ("BAD_SECONDS", {"seconds": float("inf")}),
        ("BAD_GAP", {"gap": -0.1}),
        ("BAD_GAP", {"gap": float("nan")}),
        ("BAD_WORKERS", {"workers": 0}),
        ("BAD_SEED", {"seed": -1}),
    ],
)
def test_limits_have_ranges(code: str, wrong: dict[str, float]) -> None:
    with pytest.raises(LimitsError, match=code):
        Limits(**wrong)  # type: ignore[arg-type]
