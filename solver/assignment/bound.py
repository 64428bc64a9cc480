"""A lower bound in exact integers: price "every item once", then fill every agent's knapsack on its own.

For any multipliers u the number `sum u + sum over agents of min over knapsacks of sum (cost - u) x` is at most the
cost of every assignment (Fisher, Jaikumar and Van Wassenhove 1986). Multipliers are whole parts of `GRAIN`, so the
bound is integer arithmetic throughout. They start at the duals of the linear relaxation and climb by subgradients
(Held, Wolfe and Crowder 1974) smoothed over steps (Camerini, Fratta and Maffioli 1975).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.assignment.knapsack import NOTHING, Knapsacks, force, knapsacks_of, pack
from solver.assignment.problem import AssignmentProblem, BoolArray, Float64Array, Int64Array
from solver.assignment.stop import Stop
from solver.compiled import compiled

GRAIN = 1000
"""Multipliers are counted in thousandths of a unit of cost."""
STEPS = 300
PATIENCE = 12
"""Steps without a better bound before the stride is halved."""
SMALLEST_STRIDE = 1e-3
MEMORY = 0.6
"""How much of the last direction the next one keeps."""


class Bound(NamedTuple):
    """What multipliers prove, and who they would put where."""

    multiplier: Int64Array
    """(n,) in thousandths of cost: what it is worth to place the item"""
    grains: int
    """the bound in thousandths"""

    @property
    def cost(self) -> int:
        """No assignment costs less; costs are whole, so the bound is rounded up."""
        return -(-self.grains // GRAIN)


@compiled
def evaluate(
    multiplier: Int64Array, cost: Int64Array, knapsacks: Knapsacks, count: Int64Array, chosen: Int64Array
) -> int:
    """The bound in grains; `count` (n,) becomes how often each item is packed, `chosen` (m, n) where."""
    grains = multiplier.sum()
    count[:] = 0
    for agent in range(cost.shape[0]):
        profit = multiplier - GRAIN * cost[agent]
        grains -= pack(profit, knapsacks.weight[agent], knapsacks.room[agent], chosen[agent])
        count += chosen[agent]
    return int(grains)


def climb(problem: AssignmentProblem, start: Float64Array, target: int, stop: Stop) -> Bound:
    """The best multipliers met on the way up from `start` (in units of cost); `target` is a known or hoped cost."""
    knapsacks = knapsacks_of(problem)
    limit = 2.0 * float(np.abs(problem.cost).max()) + 1.0
    here = np.clip(start, -limit, limit) * GRAIN
    count = np.zeros(problem.items, np.int64)
    chosen = np.zeros(problem.cost.shape, np.int64)
    direction: Float64Array = np.zeros(problem.items)
    best = Bound(np.rint(here).astype(np.int64), NOTHING)
    stride, idle = 1.0, 0
    for step in range(STEPS):
        if step and stop.is_up():
            break
        whole = np.rint(here).astype(np.int64)
        grains = int(evaluate(whole, problem.cost, knapsacks, count, chosen))
        idle += 1
        if grains > best.grains:
            best, idle = Bound(whole, grains), 0
        slope: Float64Array = 1.0 - count.astype(np.float64)
        direction = slope + MEMORY * direction
        steepness = float(slope @ direction)
        if best.cost >= target or not slope.any() or stride < SMALLEST_STRIDE:
            break
        if steepness <= 0:
            direction, steepness = slope, float(slope @ slope)
        if idle >= PATIENCE:
            stride, idle, here = stride / 2, 0, best.multiplier.astype(np.float64)
            continue
        length = stride * max(GRAIN, GRAIN * target - grains) / float(direction @ direction)
        here = np.clip(here + length * direction, -limit * GRAIN, limit * GRAIN)
    return best


@compiled
def _forced(
    multiplier: Int64Array, cost: Int64Array, knapsacks: Knapsacks, loss_in: Int64Array, loss_out: Int64Array
) -> None:
    for agent in range(cost.shape[0]):
        profit = multiplier - GRAIN * cost[agent]
        force(profit, knapsacks.weight[agent], knapsacks.room[agent], loss_in[agent], loss_out[agent])


def worst_case(problem: AssignmentProblem, bound: Bound) -> Int64Array:
    """(m, n) bound in grains on every assignment that puts the item at the agent (and so nowhere else)."""
    loss_in = np.zeros(problem.cost.shape, np.int64)
    loss_out = np.zeros(problem.cost.shape, np.int64)
    _forced(bound.multiplier, problem.cost, knapsacks_of(problem), loss_in, loss_out)
    elsewhere = loss_out.sum(axis=0)[None, :] - loss_out
    return np.asarray(bound.grains + np.minimum(loss_in, -NOTHING // 2) + elsewhere, dtype=np.int64)


def can_beat(problem: AssignmentProblem, bound: Bound, cost: int) -> BoolArray:
    """(m, n) cells that an assignment cheaper than `cost` may use: reduced-cost fixing with knapsack bounds."""
    return worst_case(problem, bound) <= GRAIN * (cost - 1)
