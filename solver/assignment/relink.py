"""Path relinking: walk from one good plan towards another, and look at what lies between.

After Yagiura, Ibaraki and Glover, "A path relinking approach with ejection chains for the generalized assignment
problem" (European Journal of Operational Research 2006).
"""

from __future__ import annotations

import numpy as np

from solver.assignment.chains import Ground, Plan, fine, move
from solver.assignment.problem import Int64Array
from solver.compiled import compiled

NEAREST, FARTHEST = 0.2, 0.8
"""Which part of the way counts as between."""


@compiled
def _cheapest_step(left: Int64Array, goal: Int64Array, plan: Plan, ground: Ground) -> tuple[int, float]:
    """Position in `left` of the item whose move to its place in `goal` costs least, and that cost."""
    chosen, least = -1, np.inf
    for at in range(left.size):
        item = left[at]
        old, new = plan.agent[item], goal[item]
        change = float(ground.cost[new, item] - ground.cost[old, item])
        change += fine(old, -ground.weight[old, item], plan, ground)
        change += fine(new, ground.weight[new, item], plan, ground)
        if change < least:
            chosen, least = at, change
    return chosen, least


@compiled
def relink(plan: Plan, goal: Int64Array, ground: Ground) -> None:
    """Leave `plan` at the least penalised cost between itself and `goal`."""
    left = np.flatnonzero(plan.agent != goal)
    distance, count = left.size, left.size
    change, least, best = 0.0, np.inf, plan.agent.copy()
    for step in range(1, int(FARTHEST * distance) + 1):
        at, price = _cheapest_step(left[:count], goal, plan, ground)
        item = left[at]
        count -= 1
        left[at] = left[count]
        move(item, goal[item], plan, ground)
        change += price
        if step >= int(NEAREST * distance) and change < least:
            least = change
            best[:] = plan.agent
    for item in range(best.size):
        if plan.agent[item] != best[item]:
            move(item, best[item], plan, ground)
