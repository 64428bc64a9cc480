"""The gap taken apart, beside the definition in plain Python integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import placements_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_markets import contested_market, market, tiny_market

from solver import Clearing, ClearingProblem, Limits, Status, baselines, clear, verify
from solver.regret import gap_parts

pytestmark = pytest.mark.slow

MANY = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
SIZES = [0, 1, 1000, 10**6, 2**40, 2**53, 2**63 - 1]
MARKETS = st.builds(tiny_market, st.integers(0, 2**31), st.integers(0, 12)) | st.builds(
    contested_market, st.integers(0, 2**31), st.integers(1, 12)
)


def priced(problem: ClearingProblem, seed: int, size: int) -> Clearing:
    """Jobs placed in a random order, at random prices up to `size` micros, with the bound that these prove."""
    rng = np.random.default_rng(seed)
    clearing = replace(
        baselines.random_order(problem, seed),
        price_micros=rng.integers(0, size, problem.capacity_units.shape, endpoint=True),
        power_price_micros=rng.integers(0, size, problem.node_power_watts.shape, endpoint=True),
    )
    found = verify(problem, clearing)
    assert found.value_micros is not None
    assert found.bound_micros is not None
    return replace(clearing, value_micros=found.value_micros, bound_micros=found.bound_micros)


def regrets_by_definition(problem: ClearingProblem, clearing: Clearing) -> list[int]:
    """Per job in thousandths of a micro: the best it could gain at the prices less what it gains."""
    units, watts = problem.capacity_units.tolist(), problem.node_power_watts.tolist()
    prices, power_prices = clearing.price_micros.tolist(), clearing.power_price_micros.tolist()
    nodes, draw = problem.offering_node.tolist(), problem.facility_watts_per_unit.tolist()
    regrets = []
    for job in range(problem.jobs):
        gains = {}
        for offering, start, end, gang, net in placements_of(problem, job):
            node, window = nodes[offering], range(start, end)
            if all(gang <= units[offering][t] and gang * draw[offering] <= watts[node][t] for t in window):
                price = sum(
                    1000 * prices[offering][t] + draw[offering] * power_prices[node][t] for t in window
                )
                gains[offering, start, end, gang, net] = 1000 * net - gang * price
        best = max(0, max(gains.values(), default=0))
        candidate, start = int(clearing.chosen[job]), int(clearing.start_slot[job])
        if candidate < 0:
            regrets.append(best)
            continue
        offering = int(problem.candidate_offering[candidate])
        end = start + int(problem.candidate_slots[candidate])
        scale = int(problem.job_scale[job])
        gang = scale * int(problem.candidate_units[candidate])
        cost = scale * int(problem.candidate_fixed_micros[candidate])
        cost += gang * sum(int(c) for c in problem.unit_cost_micros[offering, start:end])
        regrets.append(best - gains[offering, start, end, gang, int(problem.value_micros[job]) - cost])
    return regrets


def idle_by_definition(problem: ClearingProblem, clearing: Clearing) -> tuple[int, int]:
    """Free units and free power at their prices, both in thousandths of a micro."""
    units, watts = problem.capacity_units.tolist(), problem.node_power_watts.tolist()
    for job in np.flatnonzero(clearing.placed).tolist():
        candidate, start = int(clearing.chosen[job]), int(clearing.start_slot[job])
        offering = int(problem.candidate_offering[candidate])
        gang = int(problem.job_scale[job]) * int(problem.candidate_units[candidate])
        for slot in range(start, start + int(problem.candidate_slots[candidate])):
            units[offering][slot] -= gang
            drawn = gang * int(problem.facility_watts_per_unit[offering])
            watts[int(problem.offering_node[offering])][slot] -= drawn
    prices, power_prices = clearing.price_micros.tolist(), clearing.power_price_micros.tolist()

    def dot(amounts: list[list[int]], by: list[list[int]]) -> int:
        return sum(a * b for row, col in zip(amounts, by, strict=True) for a, b in zip(row, col, strict=True))

    return 1000 * dot(units, prices), dot(watts, power_prices)


@MANY
@given(problem=MARKETS, seed=st.integers(0, 2**31), size=st.sampled_from(SIZES))
def test_the_parts_are_what_the_definition_says(problem: ClearingProblem, seed: int, size: int) -> None:
    clearing = priced(problem, seed, size)
    parts = gap_parts(problem, clearing)
    regrets = regrets_by_definition(problem, clearing)
    idle_units, idle_power = idle_by_definition(problem, clearing)
    assert parts.total_micros == clearing.bound_micros - clearing.value_micros
    assert min([*regrets, idle_units, idle_power]) >= 0
    accepted = sum(r for r, placed in zip(regrets, clearing.placed, strict=True) if placed)
    rejected = sum(regrets) - accepted
    assert parts.accepted_micros == -(-accepted // 1000)
    assert parts.idle_units_micros * 1000 == idle_units
    for found, exact in ((parts.rejected_micros, rejected), (parts.idle_power_micros, idle_power)):
        assert abs(1000 * found - exact) < 1000
        assert found == 0 or exact > 0
    for found, exact in zip(parts.regret_micros.tolist(), regrets, strict=True):
        assert found >= 0
        assert abs(1000 * found - exact) < 1000
    assert sum(parts.regret_micros[clearing.placed].tolist()) == parts.accepted_micros
    assert sum(parts.regret_micros[~clearing.placed].tolist()) == parts.rejected_micros


@pytest.mark.parametrize("seed", range(3))
def test_a_solved_market_has_the_same_identity(seed: int) -> None:
    problem = market(seed, 300, 24, 20, 6, load=1.5)
    clearing = clear(problem, Limits(seconds=5, gap=0.02))
    parts = gap_parts(problem, clearing)
    assert parts.total_micros == clearing.bound_micros - clearing.value_micros
    assert parts.regret_micros.dtype == np.int64
    assert parts.regret_micros.min() >= 0


def test_whatever_is_taken_off_is_regretted() -> None:
    """Placements that are left out at landing leave the bound as it is; the identity follows the value."""
    problem = market(7, 120, 12, 10, 4, load=1.5)
    clearing = clear(problem, Limits(seconds=5, gap=0.02))
    some = np.arange(problem.jobs) % 3 == 0
    less = replace(
        clearing,
        chosen=np.where(some, -1, clearing.chosen),
        start_slot=np.where(some, -1, clearing.start_slot),
    )
    found = verify(problem, less)
    assert found.value_micros is not None
    assert gap_parts(problem, less).total_micros == clearing.bound_micros - found.value_micros


def test_by_hand() -> None:
    """Two jobs for 2 units of 3 in one slot, worth 50 and 40 net; a unit is priced at 21 and 500 per kW, 10 W each.

    A job takes 2 x (21 + 5) = 52: neither gains anything. The placed one loses 2, a unit is idle for 21, and so are
    20 of 40 W at 500 per kW, which is 10. The bound is 3 x 21 + 20 = 83, and 83 - 50 = 2 + 0 + 21 + 10.
    """
    problem = ClearingProblem(
        capacity_units=np.array([[3]]),
        unit_cost_micros=np.array([[0]]),
        offering_node=np.array([0]),
        facility_watts_per_unit=np.array([10]),
        node_power_watts=np.array([[40]]),
        job_profile=np.array([0, 0]),
        job_scale=np.array([2, 2]),
        value_micros=np.array([50, 40]),
        first_slot=np.array([0, 0]),
        end_slot=np.array([1, 1]),
        profile_start=np.array([0, 1]),
        candidate_offering=np.array([0]),
        candidate_slots=np.array([1]),
        candidate_units=np.array([1]),
        candidate_fixed_micros=np.array([0]),
    )
    clearing = Clearing(
        Status.FEASIBLE, 50, 83, 33 / 83, np.array([0, -1]), np.array([0, -1]),
        np.array([[21]]), np.array([[500]]),
    )  # fmt: skip
    assert verify(problem, clearing).ok
    parts = gap_parts(problem, clearing)
    assert (parts.accepted_micros, parts.rejected_micros) == (2, 0)
    assert (parts.idle_units_micros, parts.idle_power_micros) == (21, 10)
    assert parts.regret_micros.tolist() == [2, 0]
