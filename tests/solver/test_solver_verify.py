"""The judge: a feasible and an infeasible clearing for every limit, and altered clearings that must not pass."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_markets import NO_LIMIT_WATTS, market, tiny_market

from solver import Clearing, ClearingError, ClearingProblem, Limits, Status, baselines, clear, verify
from solver.certify import dual_bound
from solver.layout import build_layout, room_of

WINDOW, WATTS = (1, 4), 10


def one_node() -> ClearingProblem:
    """Two jobs of 2 units for 2 slots in slots 1 .. 3, at an offering of 3 units; profile 1 is nobody's."""
    return ClearingProblem(
        capacity_units=np.array([[3, 3, 3, 3, 3]]),
        unit_cost_micros=np.array([[1, 1, 1, 1, 1]]),
        offering_node=np.array([0]),
        facility_watts_per_unit=np.array([WATTS]),
        node_power_watts=np.full((1, 5), 40),
        job_profile=np.array([0, 0]),
        job_scale=np.array([2, 2]),
        value_micros=np.array([50, 40]),
        first_slot=np.full(2, WINDOW[0]),
        end_slot=np.full(2, WINDOW[1]),
        profile_start=np.array([0, 1, 2]),
        candidate_offering=np.array([0, 0]),
        candidate_slots=np.array([2, 1]),
        candidate_units=np.array([1, 1]),
        candidate_fixed_micros=np.array([3, 0]),
    )


def claim(problem: ClearingProblem, chosen: list[int], start: list[int]) -> Clearing:
    """A clearing that claims what the judge finds for zero prices, where it finds anything."""
    blank = Clearing(
        Status.FEASIBLE, 0, 0, 0.0, np.array(chosen), np.array(start),
        np.zeros_like(problem.capacity_units), np.zeros_like(problem.node_power_watts),
    )  # fmt: skip
    found = verify(problem, blank)
    return replace(
        blank,
        value_micros=found.value_micros or 0,
        bound_micros=found.bound_micros or 0,
        gap=found.gap or 0.0,
    )


def codes(problem: ClearingProblem, clearing: Clearing) -> set[str]:
    verification = verify(problem, clearing)
    assert verification.ok == (not verification.violations)
    return {violation.code for violation in verification.violations}


ROOMY = replace(one_node(), capacity_units=np.full((1, 5), 4))
PAIRS: list[tuple[str, ClearingProblem, tuple[list[int], list[int]], ClearingProblem, tuple[list[int], list[int]]]] = [
    ("OVER_CAPACITY", ROOMY, ([0, 0], [1, 1]), one_node(), ([0, 0], [1, 1])),
    ("OVER_CAPACITY", ROOMY, ([0, 0], [1, 2]), one_node(), ([0, 0], [1, 2])),
    ("OVER_POWER", ROOMY, ([0, 0], [1, 2]), replace(ROOMY, node_power_watts=np.full((1, 5), 39)), ([0, 0], [1, 2])),
    ("STARTS_TOO_EARLY", ROOMY, ([0, -1], [1, -1]), ROOMY, ([0, -1], [0, -1])),
    ("ENDS_TOO_LATE", ROOMY, ([0, -1], [2, -1]), ROOMY, ([0, -1], [3, -1])),
    ("BEYOND_HORIZON", replace(ROOMY, end_slot=np.full(2, 9)), ([0, -1], [3, -1]),
     replace(ROOMY, end_slot=np.full(2, 9)), ([0, -1], [4, -1])),
    ("CANDIDATE_OF_ANOTHER_PROFILE", ROOMY, ([0, -1], [1, -1]), ROOMY, ([1, -1], [1, -1])),
    ("CANDIDATE_UNKNOWN", ROOMY, ([-1, 0], [-1, 1]), ROOMY, ([-1, 2], [-1, 1])),
    ("CANDIDATE_UNKNOWN", ROOMY, ([-1, 0], [-1, 1]), ROOMY, ([-1, -2], [-1, 1])),
    ("HALF_PLACED", ROOMY, ([-1, 0], [-1, 1]), ROOMY, ([-1, 0], [-1, -1])),
    ("HALF_PLACED", ROOMY, ([-1, 0], [-1, 1]), ROOMY, ([-1, 0], [1, 1])),
]  # fmt: skip


@pytest.mark.parametrize(("code", "problem", "good", "tight", "bad"), PAIRS, ids=[row[0] for row in PAIRS])
def test_every_limit_has_a_pair(
    code: str,
    problem: ClearingProblem,
    good: tuple[list[int], list[int]],
    tight: ClearingProblem,
    bad: tuple[list[int], list[int]],
) -> None:
    assert codes(problem, claim(problem, *good)) == set()
    assert code in codes(tight, claim(tight, *bad))


def test_figures_by_hand() -> None:
    """Net values 50 - 6 - 4 = 40 and 30; at price 1 in slot 2 and 500 per kW and slot 2 a unit costs 2 + 1 + 5."""
    problem = one_node()
    placed = claim(problem, [0, -1], [1, -1])
    assert (placed.value_micros, placed.bound_micros, placed.gap) == (40, 70, 30 / 70)
    price, power = np.zeros((1, 5), dtype=np.int64), np.zeros((1, 5), dtype=np.int64)
    price[0, 2], power[0, 2] = 1, 500
    priced = replace(placed, price_micros=price, power_price_micros=power)
    # Both starts run through slot 2: surplus 40 - 12 and 30 - 12; capacity 3 x 1, power 40 W x 500 / 1000.
    assert verify(problem, priced).bound_micros == 28 + 18 + 3 + 20


def test_power_prices_are_rounded_up_once() -> None:
    problem = replace(one_node(), value_micros=np.array([0, 0]), node_power_watts=np.full((1, 5), 1))
    power = np.zeros((1, 5), dtype=np.int64)
    power[0, :2] = 1
    clearing = replace(claim(problem, [-1, -1], [-1, -1]), power_price_micros=power, bound_micros=1, gap=1.0)
    assert verify(problem, clearing).violations == []


def test_wrong_shapes_are_told_apart() -> None:
    problem = one_node()
    clearing = claim(problem, [-1, -1], [-1, -1])
    assert codes(problem, replace(clearing, chosen=np.array([-1]))) == {"WRONG_SHAPE"}
    assert codes(problem, replace(clearing, price_micros=np.zeros((2, 5), dtype=np.int64))) == {"WRONG_SHAPE"}
    assert verify(problem, replace(clearing, start_slot=np.array([-1]))).value_micros is None


@pytest.mark.parametrize(
    ("code", "lie"),
    [
        ("WRONG_VALUE", {"value_micros": 41}),
        ("WRONG_BOUND", {"bound_micros": 69}),
        ("WRONG_BOUND", {"bound_micros": 71}),
        ("WRONG_GAP", {"gap": 0.4}),
        ("WRONG_GAP", {"gap": float("nan")}),
        ("FALSE_STATUS", {"status": Status.OPTIMAL}),
        ("FALSE_STATUS", {"status": Status.NO_SOLUTION}),
        ("MIP_BOUND_BELOW_VALUE", {"mip_bound_micros": 39}),
        ("NEGATIVE_PRICE", {"price_micros": np.array([[0, 0, -1, 0, 0]])}),
        ("NEGATIVE_PRICE", {"power_price_micros": np.array([[0, 0, -1, 0, 0]])}),
    ],
)
def test_catches_false_claims(code: str, lie: dict[str, object]) -> None:
    clearing = claim(one_node(), [0, -1], [1, -1])
    assert code in codes(one_node(), replace(clearing, **lie))  # type: ignore[arg-type]


def test_optimal_may_rest_on_a_complete_search() -> None:
    clearing = replace(claim(one_node(), [0, -1], [1, -1]), status=Status.OPTIMAL, mip_bound_micros=40)
    assert codes(one_node(), clearing) == set()


@pytest.fixture(scope="module")
def cleared() -> tuple[ClearingProblem, Clearing]:
    problem = market(3, 80, 12, 10, 4)
    return problem, clear(problem, Limits(gap=0.05))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_an_altered_placement_is_caught(
    cleared: tuple[ClearingProblem, Clearing], data: st.DataObject
) -> None:
    problem, clearing = cleared
    job = data.draw(st.integers(0, problem.jobs - 1))
    chosen, start = clearing.chosen.copy(), clearing.start_slot.copy()
    if data.draw(st.booleans()):
        chosen[job] = data.draw(
            st.integers(-2, problem.candidates).filter(lambda it: it != clearing.chosen[job])
        )
    else:
        start[job] = data.draw(
            st.integers(-2, problem.slots + 1).filter(lambda it: it != clearing.start_slot[job])
        )
    altered = replace(clearing, chosen=chosen, start_slot=start)
    verification = verify(problem, altered)
    # Where cost and limits are the same at the other place, the altered clearing is as good and as true.
    assert not verification.ok or verification.value_micros == clearing.value_micros
    if not verification.ok:
        assert verification.violations[0].message


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_an_altered_price_still_bounds_but_not_what_was_claimed(
    cleared: tuple[ClearingProblem, Clearing], data: st.DataObject
) -> None:
    problem, clearing = cleared
    name = data.draw(st.sampled_from(["price_micros", "power_price_micros"]))
    prices = getattr(clearing, name).copy()
    row, slot = data.draw(st.integers(0, prices.shape[0] - 1)), data.draw(st.integers(0, prices.shape[1] - 1))
    prices[row, slot] += data.draw(st.integers(1, 10**9))
    verification = verify(problem, replace(clearing, **{name: prices}))
    assert verification.bound_micros is not None
    assert verification.bound_micros >= clearing.value_micros
    claims = {violation.code for violation in verification.violations}
    assert claims <= {"WRONG_BOUND", "WRONG_GAP", "FALSE_STATUS"}
    assert bool(claims) == (verification.bound_micros != clearing.bound_micros)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), size=st.sampled_from([1, 50, 10**6, 2**40, 2**50]))
def test_judge_and_solver_prove_the_same_bound_at_any_prices(seed: int, size: int) -> None:
    """Two computations that share nothing, up to prices at which 64 bits are left behind."""
    rng = np.random.default_rng(seed)
    problem = tiny_market(seed, 8, 5)
    if size > 10**6:
        problem = replace(problem, value_micros=problem.value_micros * 2**46)
    price = rng.integers(0, size, problem.capacity_units.shape)
    power = rng.integers(0, size, problem.node_power_watts.shape)
    clearing = replace(claim(problem, [-1] * 8, [-1] * 8), price_micros=price, power_price_micros=power)
    layout = build_layout(problem)
    room = room_of(layout, problem.capacity_units, problem.node_power_watts)
    assert verify(problem, clearing).bound_micros == dual_bound(problem, layout, room, price, power)


def test_two_thousand_jobs_take_less_than_two_seconds() -> None:
    problem = market(1, 2000, 24, 150, 40)
    verification = verify(problem, baselines.value_density(problem))
    assert verification.ok


def test_clearings_travel(tmp_path: Path, cleared: tuple[ClearingProblem, Clearing]) -> None:
    problem, clearing = cleared
    stream = io.BytesIO()
    for original in (clearing, replace(clearing, mip_bound_micros=clearing.value_micros)):
        original.save(tmp_path / "c.npz")
        stream.seek(0)
        original.save(stream)
        stream.seek(0)
        for copy in (Clearing.load(tmp_path / "c.npz"), Clearing.load(stream)):
            assert copy.status is original.status
            for name in ("value_micros", "bound_micros", "gap", "seconds", "mip_bound_micros"):
                assert getattr(copy, name) == getattr(original, name)
            for name in ("chosen", "start_slot", "price_micros", "power_price_micros", "history"):
                assert np.array_equal(getattr(copy, name), getattr(original, name))
            assert not copy.chosen.flags.writeable
            assert verify(problem, copy).ok


def test_refuses_files_that_are_no_clearing(
    tmp_path: Path, cleared: tuple[ClearingProblem, Clearing]
) -> None:
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ClearingError, match="NOT_A_CLEARING_FILE"):
        Clearing.load(tmp_path / "text.npz")
    np.savez(tmp_path / "part.npz", chosen=np.zeros(1, dtype=np.int32))
    with pytest.raises(ClearingError, match="MISSING_ARRAY"):
        Clearing.load(tmp_path / "part.npz")
    with pytest.raises(ClearingError, match="NOT_INTEGER"):
        replace(cleared[1], price_micros=cleared[1].price_micros * 0.5)
    with pytest.raises(ClearingError, match="WRONG_SHAPE"):
        replace(cleared[1], chosen=np.zeros((2, 2), dtype=np.int32))


def test_a_node_without_a_cap_is_no_burden() -> None:
    problem = replace(one_node(), node_power_watts=np.full((1, 5), NO_LIMIT_WATTS))
    assert codes(problem, claim(problem, [0, -1], [1, -1])) == set()
