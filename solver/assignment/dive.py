"""Price-directed dive: fix what the knapsacks agree on, re-price what is left, and go on.

The subgradient steps of the bound, averaged, are nearly the optimal mixture of knapsacks (the volume algorithm of
Barahona and Anbil 2000), a relaxation far tighter than the linear one. The items it is surest of are fixed, their
room is taken, and the multipliers of the rest climb again. Begun with only some items free, it is the repair half of
a large neighbourhood search.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.assignment.bound import GRAIN, evaluate
from solver.assignment.chains import Ground
from solver.assignment.knapsack import Knapsacks
from solver.assignment.problem import Float64Array, Int64Array
from solver.assignment.stop import Stop
from solver.compiled import compiled

KEEP = 0.93
"""How much of the average each step keeps."""
COOLING = 0.985
"""How the stride shrinks from step to step."""
MEMORY = 0.6


class Start(NamedTuple):
    """Where a dive begins."""

    multiplier: Int64Array
    """(n,) in grains, as the bound found them"""
    divisor: Int64Array
    """(m,) what weights are divided by, as in `divisors_of`"""
    seed: int


class Style(NamedTuple):
    """How a dive goes."""

    steps: int
    """subgradient steps between two fixings"""
    share: float
    """how much of what is free is fixed at a time"""
    noise: float
    """how far chance may shift what is surest"""
    reach: float
    """length of the first stride, in grains of the bound"""


@compiled
def _mixture(
    cost: Int64Array, knapsacks: Knapsacks, multiplier: Float64Array, style: Style
) -> tuple[Float64Array, Float64Array]:
    """Best multipliers met, and (m, n) the average of what the knapsacks packed on the way."""
    items = cost.shape[1]
    count, chosen = np.zeros(items, np.int64), np.zeros(cost.shape, np.int64)
    average, direction = np.zeros(cost.shape), np.zeros(items)
    here, best, most = multiplier.copy(), multiplier.copy(), -(2**62)
    stride = style.reach
    for _ in range(style.steps):
        grains = evaluate(np.rint(here).astype(np.int64), cost, knapsacks, count, chosen)
        if grains > most:
            most = grains
            best[:] = here
        average = KEEP * average + (1.0 - KEEP) * chosen
        direction = (1.0 - count) + MEMORY * direction
        here += stride / max(1.0, float((direction * direction).sum())) * direction
        stride *= COOLING
    return best, average


@compiled
def _fix(
    free: Int64Array, average: Float64Array, style: Style, ground: Ground, agent: Int64Array, room: Int64Array
) -> int:
    """Put the surest of the free items where the mixture has them, as far as they fit; return how many."""
    surest, where = np.zeros(free.size), np.zeros(free.size, np.int64)
    for at in range(free.size):
        for candidate in range(room.size):
            share = average[candidate, at]
            if share > 0:
                share += style.noise * np.random.random()
            if share > surest[at]:
                surest[at], where[at] = share, candidate
    wanted, fixed = max(1, int(style.share * free.size)), 0
    for at in np.argsort(-surest):
        if fixed >= wanted or surest[at] <= 0:
            break
        heavy = ground.weight[where[at], free[at]]
        if heavy <= room[where[at]]:
            agent[free[at]] = where[at]
            room[where[at]] -= heavy
            fixed += 1
    return fixed


@compiled
def _place_rest(agent: Int64Array, room: Int64Array, multiplier: Float64Array, ground: Ground) -> None:
    """Put what the mixture left over where it fits at least cost, or else where it overloads least."""
    for item in np.flatnonzero(agent < 0):
        home, least, excess = 0, np.inf, np.inf
        for candidate in range(room.size):
            over = float(max(0, ground.weight[candidate, item] - room[candidate]))
            price = ground.cost[candidate, item] - multiplier[item] / GRAIN
            if over < excess or (over == excess and price < least):
                home, least, excess = candidate, price, over
        agent[item] = home
        room[home] = max(0, room[home] - ground.weight[home, item])


@compiled
def _advance(
    agent: Int64Array,
    room: Int64Array,
    price: Float64Array,
    ground: Ground,
    divisor: Int64Array,
    style: Style,
) -> int:
    """Price the free items against the room left, fix the surest; return how many."""
    free = np.flatnonzero(agent < 0)
    if free.size == 0:
        return 0
    cost = np.ascontiguousarray(ground.cost[:, free])
    weight = np.ascontiguousarray(ground.weight[:, free])
    within = np.empty_like(room)
    for row in range(room.size):
        within[row] = min(room[row], weight[row].sum()) // divisor[row]
        weight[row] //= divisor[row]
    best, average = _mixture(cost, Knapsacks(weight, within), price[free], style)
    price[free] = best
    return _fix(free, average, style, ground, agent, room)


@compiled
def _room_left(agent: Int64Array, ground: Ground) -> Int64Array:
    room = ground.capacity.copy()
    for item in range(agent.size):
        if agent[item] >= 0:
            room[agent[item]] -= ground.weight[agent[item], item]
    return np.maximum(room, 0)


@compiled
def _sow(seed: int) -> None:
    np.random.seed(seed)


def dive(agent: Int64Array, start: Start, ground: Ground, style: Style, stop: Stop) -> Int64Array:
    """Complete an assignment in which -1 stands for a free item; others keep their place.

    What fits nowhere in the end is placed all the same: whoever called repairs it.
    """
    _sow(start.seed)
    agent, price = agent.copy(), start.multiplier.astype(np.float64)
    room = _room_left(agent, ground)
    while not stop.is_up() and _advance(agent, room, price, ground, start.divisor, style):
        pass
    _place_rest(agent, room, price, ground)
    return agent
