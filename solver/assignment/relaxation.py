"""The linear relaxation: where the multipliers start, and a first guess of who goes where."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from solver.assignment.problem import AssignmentProblem, Float64Array, Int64Array

INFEASIBLE = 2
LARGEST_ROW = 1e4
"""Rows with larger capacities are scaled down to this, where the tolerances of HiGHS were meant for."""


class Rows(NamedTuple):
    """The constraints over chosen (agent, item) cells, as sparse matrices, which SciPy takes and its stubs deny."""

    each_item: Any
    """(n, cells) every item once"""
    each_agent: Any
    """(m, cells) every agent within its capacity"""
    capacity: Float64Array
    """(m,) the right-hand side of `each_agent`"""


class Relaxed(NamedTuple):
    """Optimum of the relaxation."""

    share: Float64Array
    """(m, n) how much of the item is at the agent"""
    item_price: Float64Array
    """(n,) dual of "every item once"""
    agent_price: Float64Array
    """(m,) dual of the capacity, never negative: cost of one unit of weight"""


def rows_of(problem: AssignmentProblem, agent: Int64Array, item: Int64Array) -> Rows:
    """Constraint matrices over the cells (agent[k], item[k])."""
    columns = np.arange(agent.size)
    once = sparse.csr_array((np.ones(agent.size), (item, columns)), shape=(problem.items, agent.size))
    scale = np.maximum(1.0, problem.capacity / LARGEST_ROW)
    weight = problem.weight[agent, item] / scale[agent]
    loads = sparse.csr_array((weight, (agent, columns)), shape=(problem.agents, agent.size))
    return Rows(once, loads, problem.capacity / scale)


def relax(problem: AssignmentProblem) -> Relaxed | None:
    """Solve the linear relaxation with HiGHS; None where it is infeasible.

    Where HiGHS gives up, a poor relaxation serves: no prices, every item where it costs least.
    """
    agent, item = np.nonzero(problem.weight <= problem.capacity[:, None])
    if agent.size == 0:
        return None
    rows = rows_of(problem, agent, item)
    found = linprog(
        problem.cost[agent, item].astype(np.float64),
        A_ub=rows.each_agent,
        b_ub=rows.capacity,
        A_eq=rows.each_item,
        b_eq=np.ones(problem.items),
        bounds=(0, 1),
        method="highs",
    )
    share = np.zeros(problem.cost.shape)
    if found.status == INFEASIBLE:
        return None
    if found.status != 0:
        share[problem.cost.argmin(axis=0), np.arange(problem.items)] = 1.0
        return Relaxed(share, problem.cost.min(axis=0).astype(np.float64), np.zeros(problem.agents))
    share[agent, item] = found.x
    agent_price = -np.asarray(found.ineqlin.marginals) / np.maximum(1.0, problem.capacity / LARGEST_ROW)
    return Relaxed(share, np.asarray(found.eqlin.marginals), agent_price)
