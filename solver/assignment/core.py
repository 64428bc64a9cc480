"""The core: a mixed-integer program over the cells that could still matter, solved by HiGHS.

Over the cells that no better assignment can do without (`can_beat`), its bound holds for the whole problem: whatever
is cheaper than the incumbent lies in it. Over fewer cells (those of the elite) only its assignment counts, and its
bound is thrown away.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from solver.assignment.problem import AssignmentProblem, BoolArray, Float64Array, Int64Array
from solver.assignment.relaxation import rows_of

SLACK = 1e-5
"""HiGHS computes in floats: a bound this little above a whole number is taken for that number."""
SOLVED, NOTHING_THERE = 0, 2


class Found(NamedTuple):
    """What HiGHS says about the cells."""

    agent: Int64Array | None
    """(n,) the best assignment met, None where it met none"""
    bound: int | None
    """no assignment over these cells costs less; None where it says nothing"""
    empty: bool
    """it proved that the cells hold no assignment at all"""


def solve_core(
    problem: AssignmentProblem, cells: BoolArray, seconds: float, nodes: int | None = None
) -> Found:
    """Search the cells for at most so many nodes and seconds."""
    agent, item = np.nonzero(cells & (problem.weight <= problem.capacity[:, None]))
    if np.unique(item).size < problem.items:
        return Found(None, None, empty=True)
    rows = rows_of(problem, agent, item)
    cost = problem.cost[agent, item].astype(np.float64)
    options: Any = {"time_limit": max(0.01, seconds), "mip_rel_gap": 0.0}
    if nodes is not None:
        options["node_limit"] = nodes
    found = milp(
        cost,
        integrality=np.ones(cost.size, np.int64),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(rows.each_item, 1, 1),
            LinearConstraint(rows.each_agent, -np.inf, rows.capacity),
        ],
        options=options,
    )
    if found.status == NOTHING_THERE:
        return Found(None, None, empty=True)
    bound = getattr(found, "mip_dual_bound", None)
    whole = (
        math.ceil(bound - SLACK * max(1.0, abs(bound) * 1e-4))
        if bound is not None and math.isfinite(bound)
        else None
    )
    if found.x is None:
        return Found(None, whole, empty=False)
    return Found(_assignment(problem, agent, item, np.asarray(found.x)), whole, empty=False)


def _assignment(
    problem: AssignmentProblem,
    agent: Int64Array,
    item: Int64Array,
    share: Float64Array,
) -> Int64Array | None:
    """Whole numbers of HiGHS's floats; None where they are no assignment after all."""
    at = np.full(problem.items, -1, np.int64)
    chosen = share > 0.5
    at[item[chosen]] = agent[chosen]
    if int(chosen.sum()) != problem.items or int(at.min()) < 0:
        return None
    load = np.zeros(problem.agents, np.int64)
    np.add.at(load, at, problem.weight[at, np.arange(problem.items)])
    return at if bool((load <= problem.capacity).all()) else None
