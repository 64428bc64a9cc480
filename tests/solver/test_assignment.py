"""Generalized assignment: every answer against brute force, a MIP, and a judge that believes nothing."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from thoroughness import often

from solver.assignment import (
    AssignmentError,
    AssignmentOutcome,
    AssignmentProblem,
    parse_assignment,
    read_assignment,
    solve_assignment,
    verify_assignment,
)
from solver.assignment.bound import GRAIN, Bound, can_beat, climb, worst_case
from solver.assignment.knapsack import force, knapsacks_of, pack
from solver.assignment.relaxation import relax
from solver.assignment.stop import Stop
from solver.outcome import Status

pytestmark = pytest.mark.slow

LONG = 30.0


def made_up(
    agents: int, items: int, seed: int, *, tightness: float = 0.8, hard: bool = True
) -> AssignmentProblem:
    """Type D of the literature (cost falls with weight), or type C (cost and weight unrelated)."""
    chance = np.random.default_rng(seed)
    weight = chance.integers(1 if hard else 5, 101 if hard else 26, size=(agents, items))
    cost = (
        111 - weight + chance.integers(-10, 11, weight.shape)
        if hard
        else chance.integers(10, 51, weight.shape)
    )
    return AssignmentProblem(cost, weight, np.floor(tightness * weight.sum(axis=1) / agents).astype(np.int64))


def cheapest_by_brute_force(problem: AssignmentProblem) -> int | None:
    costs = []
    for agents in itertools.product(range(problem.agents), repeat=problem.items):
        load = [0] * problem.agents
        for item, agent in enumerate(agents):
            load[agent] += int(problem.weight[agent, item])
        if all(load[agent] <= problem.capacity[agent] for agent in range(problem.agents)):
            costs.append(sum(int(problem.cost[agent, item]) for item, agent in enumerate(agents)))
    return min(costs, default=None)


def cheapest_by_mip(problem: AssignmentProblem) -> int:
    m, n = problem.cost.shape
    found = milp(
        problem.cost.ravel().astype(float),
        integrality=np.ones(m * n, int),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(np.tile(np.eye(n), m), 1, 1),
            LinearConstraint(
                np.kron(np.eye(m), np.ones(n)) * problem.weight.ravel(),
                -np.inf,
                problem.capacity.astype(float),
            ),
        ],
        options={"mip_rel_gap": 0.0},
    )
    assert found.status == 0
    return round(found.fun)


@st.composite
def tiny_problems(draw: st.DrawFn) -> AssignmentProblem:
    agents, items = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    cells = agents * items
    cost = draw(st.lists(st.integers(-20, 50), min_size=cells, max_size=cells))
    weight = draw(st.lists(st.integers(0, 12), min_size=cells, max_size=cells))
    capacity = draw(st.lists(st.integers(0, 30), min_size=agents, max_size=agents))
    shape = (agents, items)
    return AssignmentProblem(
        np.array(cost).reshape(shape), np.array(weight).reshape(shape), np.array(capacity)
    )


def solved(
    problem: AssignmentProblem, *, workers: int = 1, seed: int = 0, seconds: float = LONG
) -> AssignmentOutcome:
    outcome = solve_assignment(problem, seconds=seconds, workers=workers, seed=seed)
    verdict = verify_assignment(problem, outcome)
    assert verdict.ok, verdict.violations
    return outcome


@given(tiny_problems())
@settings(max_examples=40, deadline=None)
def test_tiny_problems_are_solved_as_brute_force_solves_them(problem: AssignmentProblem) -> None:
    outcome, cheapest = solved(problem), cheapest_by_brute_force(problem)
    assert outcome.cost == cheapest
    assert outcome.status is (Status.INFEASIBLE if cheapest is None else Status.OPTIMAL)


@given(tiny_problems())
@settings(max_examples=40, deadline=None)
def test_bounds_and_fixing_never_exclude_the_optimum(problem: AssignmentProblem) -> None:
    cheapest, relaxed = cheapest_by_brute_force(problem), relax(problem)
    if cheapest is None or relaxed is None:
        return
    for start in (relaxed.item_price, np.zeros(problem.items), relaxed.item_price * 3 + 7):
        bound = climb(problem, start, cheapest, Stop(LONG))
        assert bound.cost <= cheapest
        kept = can_beat(problem, bound, cheapest + 1)
        restricted = AssignmentProblem(
            problem.cost, np.where(kept, problem.weight, problem.capacity[:, None] + 1), problem.capacity
        )
        assert cheapest_by_brute_force(restricted) == cheapest


@given(
    st.lists(st.tuples(st.integers(-5, 30), st.integers(0, 9)), min_size=1, max_size=8), st.integers(0, 25)
)
@settings(max_examples=80, deadline=None)
def test_forcing_an_item_costs_what_solving_anew_says(items: list[tuple[int, int]], room: int) -> None:
    profit = np.array([item[0] for item in items], dtype=np.int64)
    weight = np.array([item[1] for item in items], dtype=np.int64)
    chosen = np.zeros(profit.size, np.int64)
    most = pack(profit, weight, room, chosen)
    assert int((profit * chosen).sum()) == most
    assert int((weight * chosen).sum()) <= room
    loss_in, loss_out = np.zeros(profit.size, np.int64), np.zeros(profit.size, np.int64)
    force(profit, weight, room, loss_in, loss_out)
    for item in range(profit.size):
        others = np.where(np.arange(profit.size) == item, 0, profit)
        assert loss_out[item] == most - pack(others, weight, room, chosen)
        if weight[item] <= room:
            inside = profit[item] + pack(others, weight, room - weight[item], chosen)
            assert loss_in[item] == most - inside
        else:
            assert loss_in[item] > 2**60


@pytest.mark.parametrize(
    ("agents", "items", "hard"), [(3, 12, True), (4, 12, True), (5, 40, False), (8, 40, False)]
)
def test_medium_problems_are_solved_as_a_mip_solves_them(agents: int, items: int, hard: bool) -> None:
    problem = made_up(agents, items, seed=agents, hard=hard)
    outcome = solved(problem)
    assert outcome.status is Status.OPTIMAL
    assert outcome.cost == cheapest_by_mip(problem)


def test_two_workers_agree_with_one_and_repeat_themselves() -> None:
    problem = made_up(5, 40, seed=7, hard=False)
    first, again, alone = solved(problem, workers=2), solved(problem, workers=2), solved(problem)
    assert first.cost == again.cost == alone.cost
    assert [step.cost for step in alone.history] == [step.cost for step in solved(problem).history]
    assert np.array_equal(alone.agent_of_item, solved(problem).agent_of_item)


def test_a_hard_problem_keeps_to_its_time_and_comes_close_to_its_bound() -> None:
    outcome = solved(made_up(10, 100, seed=1), workers=2, seconds=2.0)
    assert outcome.status in {Status.FEASIBLE, Status.OPTIMAL}
    assert outcome.seconds < 4.0
    assert outcome.cost is not None
    assert outcome.lower_bound is not None
    assert outcome.cost <= 1.006 * outcome.lower_bound
    costs = [step.cost for step in outcome.history if step.cost is not None]
    assert costs == sorted(costs, reverse=True)


def test_a_target_ends_the_search() -> None:
    problem = made_up(10, 100, seed=1)
    outcome = solve_assignment(problem, seconds=LONG, workers=1, target=10**6)
    assert outcome.status is Status.FEASIBLE
    assert outcome.seconds < LONG / 2


def test_an_item_too_heavy_for_everybody_is_infeasible() -> None:
    outcome = solved(AssignmentProblem(np.ones((2, 1), int), np.full((2, 1), 5), np.array([4, 4])))
    assert outcome.status is Status.INFEASIBLE
    assert outcome.cost is None
    assert outcome.agent_of_item.tolist() == [-1]


def test_what_only_a_tree_search_can_refute_is_infeasible() -> None:
    """Three items of weight 2 in two agents of capacity 3: a relaxation fits them, no assignment does."""
    outcome = solved(AssignmentProblem(np.ones((2, 3), int), np.full((2, 3), 2), np.array([3, 3])))
    assert outcome.status is Status.INFEASIBLE


def test_vast_capacities_are_shrunk_and_the_bound_still_holds() -> None:
    problem = made_up(3, 7, seed=3, hard=False)
    vast = AssignmentProblem(problem.cost, problem.weight * 10**9 + 7, problem.capacity * 10**9)
    assert int(knapsacks_of(vast).room.max()) <= 20_000
    outcome = solved(vast)
    assert outcome.status is Status.OPTIMAL
    assert outcome.cost == cheapest_by_brute_force(vast)


def test_cost_plus_a_constant_per_item_changes_nothing_else() -> None:
    problem = made_up(4, 20, seed=5, hard=False)
    dearer = AssignmentProblem(problem.cost + 1000, problem.weight, problem.capacity)
    cheap, dear = solved(problem), solved(dearer)
    assert cheap.cost is not None
    assert dear.cost == cheap.cost + 1000 * 20


def test_worst_case_is_never_below_the_bound() -> None:
    problem = made_up(4, 30, seed=2)
    bound = Bound(np.full(30, 40 * GRAIN, np.int64), 0)
    assert bool((worst_case(problem, bound) >= bound.grains).all())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cost": 1}, "WRONG_COST"),
        ({"lower_bound": 10**6}, "COST_BELOW_BOUND"),
        ({"lower_bound": -5}, "BOUND_BELOW_CERTIFICATE"),
        ({"certified_bound": 0}, "WRONG_BOUND"),
        ({"multiplier": np.zeros(20, np.int64)}, "WRONG_BOUND"),
        ({"agent_of_item": np.zeros(20, np.int64)}, "OVER_CAPACITY"),
        ({"agent_of_item": np.full(20, 9)}, "UNKNOWN_AGENT"),
        ({"agent_of_item": np.zeros(3, np.int64)}, "WRONG_SHAPE"),
        ({"status": Status.NO_SOLUTION}, "FALSE_STATUS"),
    ],
)
def test_the_judge_catches_alterations(change: dict[str, object], code: str) -> None:
    problem = made_up(4, 20, seed=5, hard=False)
    altered = dataclasses.replace(solved(problem), **change)  # type: ignore[arg-type]
    verdict = verify_assignment(problem, altered)
    assert not verdict.ok
    assert any(violation.startswith(code) for violation in verdict.violations), verdict.violations


def test_every_single_move_is_caught() -> None:
    problem = made_up(3, 12, seed=5, hard=False)
    outcome = solved(problem)
    for item in range(problem.items):
        moved = outcome.agent_of_item.copy()
        moved[item] = (moved[item] + 1) % problem.agents
        if problem.cost[moved[item], item] != problem.cost[outcome.agent_of_item[item], item]:
            assert not verify_assignment(problem, dataclasses.replace(outcome, agent_of_item=moved)).ok


def test_the_text_format_is_read_whatever_its_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a02003"
    path.write_text(" 2 3\n 1 2\n 3 4 5 6\n 7 8 9\n10 11 12\n 20\n 21\n")
    problem = read_assignment(path)
    assert problem.cost.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert problem.weight.tolist() == [[7, 8, 9], [10, 11, 12]]
    assert problem.capacity.tolist() == [20, 21]
    with pytest.raises(ValueError, match="read-only"):
        problem.cost[0, 0] = 3


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "TOO_SHORT", 1),
        ("2\n", "TOO_SHORT", 1),
        ("1 1\n5\n3\n", "TOO_SHORT", 3),
        ("1 1\n5\n3\n9\n\n4\n", "TOO_LONG", 6),
        ("1 1\n5\nx\n9\n", "NOT_INTEGER", 3),
        ("1 1\n5\n2.5\n9\n", "NOT_INTEGER", 3),
        ("1 1\n5\n-3\n9\n", "NEGATIVE", 3),
        ("1 1\n5\n3\n-9\n", "NEGATIVE", 4),
        ("0 1\n5\n", "WRONG_SHAPE", 1),
        ("\n99999999 99999999\n5\n", "WRONG_SHAPE", 2),
    ],
)
def test_bad_texts_name_the_line(text: str, code: str, line: int) -> None:
    with pytest.raises(AssignmentError, match=f"line {line}:") as caught:
        parse_assignment(text, name="bad")
    assert caught.value.code == code


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(AssignmentError, match=str(path)) as caught:
            read_assignment(path)
        assert caught.value.code == "NOT_READABLE"
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\x00")
    with pytest.raises(AssignmentError, match="not a text"):
        read_assignment(binary)


@pytest.mark.parametrize(
    ("cost", "weight", "capacity", "code"),
    [
        ([[1, 2]], [[1]], [3], "WRONG_SHAPE"),
        ([1], [[1]], [3], "WRONG_SHAPE"),
        ([[1]], [[1]], [3, 4], "WRONG_SHAPE"),
        ([[1.5]], [[1]], [3], "NOT_INTEGER"),
        ([[1]], [[-1]], [3], "NEGATIVE"),
        ([[1]], [[1]], [-3], "NEGATIVE"),
        ([[2**51]], [[1]], [3], "OVERFLOW"),
        ([[1]], [[2**62]], [3], "OVERFLOW"),
        ([[1]], [[1]], [2**60], "OVERFLOW"),
        (np.empty((0, 0), int), np.empty((0, 0), int), np.empty(0, int), "EMPTY"),
    ],
)
def test_bad_arrays_are_refused(cost: object, weight: object, capacity: object, code: str) -> None:
    with pytest.raises(AssignmentError) as caught:
        AssignmentProblem(np.array(cost), np.array(weight), np.array(capacity))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "limits", [{"seconds": 0.0}, {"seconds": float("nan")}, {"workers": 0}, {"seed": -1}]
)
def test_bad_limits_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(AssignmentError) as caught:
        solve_assignment(made_up(2, 5, seed=0), **limits)  # type: ignore[arg-type]
    assert caught.value.code == "BAD_LIMIT"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(often(2, 6)))
def test_many_medium_problems_are_solved_as_a_mip_solves_them(seed: int) -> None:
    problem = made_up(4 + seed % 3, 24 + 4 * seed, seed=100 + seed, hard=seed % 2 == 0)
    outcome = solved(problem, workers=2)
    assert outcome.cost == cheapest_by_mip(problem)
