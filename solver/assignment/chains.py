"""Ejection chains: shift, swap, and cycles of moves through what the last one left free.

After Yagiura, Ibaraki and Glover, "An Ejection Chain Approach for the Generalized Assignment Problem" (INFORMS
Journal on Computing 2004). Overload is allowed at a penalty per unit that adapts: up where an agent stays
overloaded, down where it fits, so the search swings across the border of what is feasible. A chain lifts one item
out, lets others follow one after the other into the room just left, each the one that gains most at the prices of
the linear relaxation, and puts the lifted item wherever it then fits best.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.assignment.problem import AssignmentProblem, Float64Array, Int64Array
from solver.assignment.relaxation import Relaxed
from solver.compiled import compiled

LINKS = 8
"""Most items that follow the lifted one."""
EPSILON = 1e-7
RISE, FALL = 0.2, 0.05
"""How fast a penalty grows with overload and fades without."""


class Ground(NamedTuple):
    """What stays the same while searching."""

    cost: Int64Array
    """(m, n)"""
    weight: Int64Array
    """(m, n)"""
    capacity: Int64Array
    """(m,)"""
    reduced: Float64Array
    """(m, n) cost + agent price x weight - item price: what a cell loses against the relaxation"""


class Plan(NamedTuple):
    """Who is where, changed in place."""

    agent: Int64Array
    """(n,) agent of the item"""
    load: Int64Array
    """(m,)"""
    penalty: Float64Array
    """(m,) cost of one unit of overload"""


def ground_of(problem: AssignmentProblem, relaxed: Relaxed) -> Ground:
    """Cells that cannot fit even alone are made so dear that no move takes them willingly."""
    reduced = (
        problem.cost + relaxed.agent_price[:, None] * problem.weight - relaxed.item_price[None, :]
    ).astype(np.float64)
    return Ground(problem.cost, problem.weight, problem.capacity, reduced)


@compiled
def plan_of(agent: Int64Array, ground: Ground, penalty: Float64Array) -> Plan:
    """The plan that an assignment is."""
    load = np.zeros(ground.capacity.size, np.int64)
    for item in range(agent.size):
        load[agent[item]] += ground.weight[agent[item], item]
    return Plan(agent.copy(), load, penalty.copy())


@compiled
def overload(plan: Plan, ground: Ground) -> int:
    """Units above capacity, over all agents."""
    return int(np.maximum(plan.load - ground.capacity, 0).sum())


@compiled
def cost_of(plan: Plan, ground: Ground) -> int:
    """Cost of the plan without penalties."""
    total = 0
    for item in range(plan.agent.size):
        total += ground.cost[plan.agent[item], item]
    return total


@compiled
def fine(agent: int, change: int, plan: Plan, ground: Ground) -> float:
    """How the penalty of an agent changes with its load."""
    over = plan.load[agent] - ground.capacity[agent]
    return float(plan.penalty[agent] * (max(0, over + change) - max(0, over)))


@compiled
def move(item: int, to: int, plan: Plan, ground: Ground) -> None:
    """Put the item elsewhere."""
    old = plan.agent[item]
    plan.load[old] -= ground.weight[old, item]
    plan.load[to] += ground.weight[to, item]
    plan.agent[item] = to


@compiled
def _best_swap(item: int, plan: Plan, ground: Ground) -> tuple[int, float]:
    """The partner whose exchange with the item changes penalised cost most, and the change."""
    here = plan.agent[item]
    partner, least = -1, -EPSILON
    for other in range(plan.agent.size):
        there = plan.agent[other]
        if there != here:
            change = float(
                ground.cost[there, item]
                + ground.cost[here, other]
                - ground.cost[here, item]
                - ground.cost[there, other]
            )
            change += fine(here, ground.weight[here, other] - ground.weight[here, item], plan, ground)
            change += fine(there, ground.weight[there, item] - ground.weight[there, other], plan, ground)
            if change < least:
                partner, least = other, change
    return partner, least


@compiled
def _best_home(item: int, plan: Plan, ground: Ground) -> tuple[int, float]:
    """The agent where an item now nowhere costs least, penalties included, and that cost."""
    home, least = -1, np.inf
    for agent in range(plan.load.size):
        price = ground.cost[agent, item] + fine(agent, ground.weight[agent, item], plan, ground)
        if price < least:
            home, least = agent, price
    return home, least


@compiled
def _follower(hole: int, barred: Int64Array, mark: int, plan: Plan, ground: Ground) -> tuple[int, float]:
    """The item that gains most at the relaxation's prices by moving into the hole, and its change of cost."""
    over = plan.load[hole] - ground.capacity[hole]
    chosen, least = -1, np.inf
    for item in range(plan.agent.size):
        agent = plan.agent[item]
        if agent != hole and barred[item] != mark:
            excess = over + ground.weight[hole, item]
            score = ground.reduced[hole, item] - ground.reduced[agent, item]
            if excess > 0:
                score += plan.penalty[hole] * excess
            if score < least:
                chosen, least = item, score
    if chosen < 0:
        return -1, 0.0
    agent = plan.agent[chosen]
    change = float(ground.cost[hole, chosen] - ground.cost[agent, chosen])
    change += fine(hole, ground.weight[hole, chosen], plan, ground)
    change += fine(agent, -ground.weight[agent, chosen], plan, ground)
    return chosen, change


@compiled
def _chain(item: int, barred: Int64Array, mark: int, links: int, plan: Plan, ground: Ground) -> bool:
    """Try a chain that begins with lifting the item; keep it if penalised cost falls, undo it if not."""
    start = plan.agent[item]
    moved, origin = np.empty(links, np.int64), np.empty(links, np.int64)
    change = -ground.cost[start, item] + fine(start, -ground.weight[start, item], plan, ground)
    plan.load[start] -= ground.weight[start, item]
    barred[item] = mark
    hole, count = start, 0
    home, price = _best_home(item, plan, ground)
    while count < links and not (change + price < -EPSILON and home >= 0):
        other, step = _follower(hole, barred, mark, plan, ground)
        if other < 0:
            break
        moved[count], origin[count] = other, plan.agent[other]
        barred[other] = mark
        move(other, hole, plan, ground)
        hole = origin[count]
        change += step
        count += 1
        home, price = _best_home(item, plan, ground)
    if change + price < -EPSILON:
        plan.load[home] += ground.weight[home, item]
        plan.agent[item] = home
        return True
    for at in range(count - 1, -1, -1):
        move(moved[at], origin[at], plan, ground)
    plan.load[start] += ground.weight[start, item]
    return False


@compiled
def descend(plan: Plan, ground: Ground, links: int) -> None:
    """Shift, swap and chain until no item finds anything better (numpy's seeded generator orders the items)."""
    items = plan.agent.size
    barred = np.zeros(items, np.int64)
    mark, idle = 0, 0
    while idle < items:
        for item in np.random.permutation(items):
            idle += 1
            mark += 1
            partner, _ = _best_swap(item, plan, ground)
            if partner >= 0:
                here, there = plan.agent[item], plan.agent[partner]
                move(item, there, plan, ground)
                move(partner, here, plan, ground)
                idle = 0
            elif _chain(item, barred, mark, links, plan, ground):
                idle = 0
            if idle >= items:
                break


@compiled
def adapt(plan: Plan, ground: Ground) -> None:
    """Raise the penalties where there is overload, lower them all where there is none."""
    worst = 0.0
    for agent in range(plan.load.size):
        worst = max(worst, (plan.load[agent] - ground.capacity[agent]) / max(1, ground.capacity[agent]))
    for agent in range(plan.load.size):
        share = (plan.load[agent] - ground.capacity[agent]) / max(1, ground.capacity[agent])
        if worst > 0 and share > 0:
            plan.penalty[agent] *= 1.0 + RISE * share / worst
        elif worst <= 0:
            plan.penalty[agent] *= 1.0 - FALL
