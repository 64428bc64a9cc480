"""`clear` beside an independent MIP (HiGHS by way of SciPy) on markets too large for brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from random_markets import market
from scipy.optimize import Bounds, LinearConstraint, milp
from thoroughness import often

from solver import ClearingProblem, Limits, Status, clear, verify

MIP_SECONDS = often(5, 20)
PRICES_ALONE = Limits(gap=0.9)
"""A gap that is met as soon as there are prices."""


def placements(problem: ClearingProblem) -> list[tuple[int, int, int, int, int, int]]:
    """(job, offering, start, end, units, net value) of every placement that pays and fits alone, from the definition."""
    rows = []
    for job in range(problem.jobs):
        profile, scale = int(problem.job_profile[job]), int(problem.job_scale[job])
        for candidate in range(problem.profile_start[profile], problem.profile_start[profile + 1]):
            offering, slots = (
                int(problem.candidate_offering[candidate]),
                int(problem.candidate_slots[candidate]),
            )
            units, fixed = (
                scale * int(problem.candidate_units[candidate]),
                int(problem.candidate_fixed_micros[candidate]),
            )
            last = min(int(problem.end_slot[job]), problem.slots) - slots
            for start in range(int(problem.first_slot[job]), last + 1):
                window = slice(start, start + slots)
                node = int(problem.offering_node[offering])
                alone = units <= problem.capacity_units[offering, window].min() and (
                    units * int(problem.facility_watts_per_unit[offering])
                    <= problem.node_power_watts[node, window].min()
                )
                cost = units * int(problem.unit_cost_micros[offering, start : start + slots].sum())
                net = int(problem.value_micros[job]) - scale * fixed - cost
                if net > 0 and alone:
                    rows.append((job, offering, start, start + slots, units, net))
    return rows


def mip(problem: ClearingProblem, *, integral: bool) -> tuple[float, float]:
    """Value and proven bound, in micros, of the monolithic program or of its linear relaxation."""
    rows = placements(problem)
    entries: list[tuple[int, int, float]] = []
    node_base = problem.jobs + problem.capacity_units.size
    for column, (job, offering, start, end, units, _) in enumerate(rows):
        entries.append((job, column, 1.0))
        node = int(problem.offering_node[offering])
        kilowatts = units * int(problem.facility_watts_per_unit[offering]) / 1000
        for slot in range(start, end):
            entries.append((problem.jobs + offering * problem.slots + slot, column, float(units)))
            entries.append((node_base + node * problem.slots + slot, column, kilowatts))
    row, column_of, amount = (np.array(part) for part in zip(*entries, strict=True))
    limit = np.concatenate(
        [np.ones(problem.jobs), problem.capacity_units.ravel(), problem.node_power_watts.ravel() / 1000]
    )
    matrix: Any = sp.csr_array(
        (amount, (row.astype(int), column_of.astype(int))), shape=(limit.size, len(rows))
    )
    answer: Any = milp(
        -np.array([line[5] for line in rows]) / 1e6,
        constraints=LinearConstraint(matrix, -np.inf, limit),
        integrality=np.full(len(rows), int(integral)),
        bounds=Bounds(0, 1),
        options={"time_limit": MIP_SECONDS if integral else np.inf, "mip_rel_gap": 1e-6},
    )
    bound = answer.fun if not integral else answer.mip_dual_bound
    return -answer.fun * 1e6, -bound * 1e6


@pytest.mark.parametrize("seed", range(4))
def test_value_optimum_and_bound_are_in_order(seed: int) -> None:
    problem = market(seed, 40, 10, 8, 3)
    clearing = clear(problem, Limits(gap=0.0, seconds=20, workers=1))
    assert verify(problem, clearing).violations == []
    value, bound = mip(problem, integral=True)
    tolerance = 1e-6 * bound
    assert clearing.value_micros <= bound + tolerance
    assert value <= clearing.bound_micros + tolerance
    if clearing.status is Status.OPTIMAL:
        assert value <= clearing.value_micros + tolerance
    if clearing.mip_bound_micros is not None:
        assert value <= clearing.mip_bound_micros + tolerance


@pytest.mark.slow
@pytest.mark.parametrize("seed", [10, 11])
def test_the_bound_is_that_of_the_linear_relaxation(seed: int) -> None:
    problem = market(seed, 150, 12, 16, 5)
    clearing = clear(problem, PRICES_ALONE)
    optimum, _ = mip(problem, integral=False)
    assert optimum * (1 - 1e-7) <= clearing.bound_micros <= optimum * 1.001


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "jobs"), [(20, 100), (21, 200)])
def test_the_optimum_lies_within_the_certified_gap(seed: int, jobs: int) -> None:
    """An independent MIP, proved to a millionth or as far as its time goes, beside a clear of seconds."""
    problem = market(seed, jobs, 6, 12, 4)
    clearing = clear(problem, Limits(gap=0.002, seconds=often(2, 6)))
    assert verify(problem, clearing).violations == []
    value, bound = mip(problem, integral=True)
    tolerance = 1e-6 * bound
    assert clearing.value_micros <= bound + tolerance
    assert value <= clearing.bound_micros + tolerance
    if clearing.mip_bound_micros is not None:
        assert value <= clearing.mip_bound_micros + tolerance
