"""One worker's search: dive, free a part and dive again, recombine, relink; ejection chains polish every result.

Counted in tries, drawn from a seeded generator: what it finds depends on the clock only by where it is cut off.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.assignment.chains import (
    LINKS,
    Ground,
    Plan,
    adapt,
    cost_of,
    descend,
    overload,
    plan_of,
)
from solver.assignment.dive import Start, Style, dive
from solver.assignment.elite import Elite
from solver.assignment.problem import Float64Array, Int64Array
from solver.assignment.relink import relink
from solver.assignment.stop import Stop
from solver.compiled import compiled

REPAIRS = 40
"""Most times penalties are raised to drive out overload."""
SEEDS = 2**31 - 1
FULL_DIVES = 3
"""Dives from nothing before parts are freed."""
STEPS = (30, 60)
SHARES = (0.05, 0.1, 0.2)
REACH = 2.0
"""First stride of a dive, in units of the costs' scale."""


class Field(NamedTuple):
    """What every try needs."""

    ground: Ground
    multiplier: Int64Array
    """(n,) in grains, from the bound"""
    divisor: Int64Array
    """(m,) shrinks knapsacks"""
    penalty: Float64Array
    """(m,) where the cost of overload begins"""
    stride: float
    """first stride of a dive, in grains"""


@compiled
def _polish(plan: Plan, ground: Ground, seed: int, repairs: int) -> bool:
    """Ejection chains, with rising penalties until nothing is overloaded; whether that succeeded."""
    np.random.seed(seed)
    descend(plan, ground, LINKS)
    for _ in range(repairs):
        if overload(plan, ground) == 0:
            return True
        adapt(plan, ground)
        descend(plan, ground, LINKS)
    return overload(plan, ground) == 0


def polish(agent: Int64Array, field: Field, seed: int, elite: Elite) -> bool:
    """Improve and repair the assignment and offer it to the elite; whether it was taken."""
    plan = plan_of(agent, field.ground, field.penalty)
    if overload(plan, field.ground) == 0:
        elite.add(int(cost_of(plan, field.ground)), agent)
    if not _polish(plan, field.ground, seed, REPAIRS):
        return False
    return elite.add(int(cost_of(plan, field.ground)), plan.agent)


def explore(
    field: Field, elite: Elite, tries: int, rng: np.random.Generator, until: tuple[Stop, int]
) -> Elite:
    """Make `tries` tries unless told to stop or at a cost low enough; the given elite is left alone."""
    elite = elite.copy()
    stop, enough = until
    for _ in range(tries):
        if stop.is_up() or (elite.best is not None and elite.best.cost <= enough):
            break
        agent = _relinked(field, elite, rng) if rng.random() < 0.2 else None
        if agent is None:
            agent = dive(
                _partly_free(field, elite, rng), _start(field, rng), field.ground, _style(field, rng), stop
            )
        polish(agent, field, int(rng.integers(SEEDS)), elite)
    return elite


def dive_from_nothing(field: Field, rng: np.random.Generator, stop: Stop, elite: Elite) -> Elite:
    """The elite with a few full dives more."""
    elite = elite.copy()
    for _ in range(FULL_DIVES):
        if stop.is_up():
            break
        nothing = np.full(field.multiplier.size, -1, np.int64)
        agent = dive(nothing, _start(field, rng), field.ground, _style(field, rng), stop)
        polish(agent, field, int(rng.integers(SEEDS)), elite)
    return elite


def _start(field: Field, rng: np.random.Generator) -> Start:
    return Start(field.multiplier, field.divisor, int(rng.integers(SEEDS)))


def _style(field: Field, rng: np.random.Generator) -> Style:
    return Style(
        steps=int(rng.choice(STEPS)),
        share=float(rng.choice(SHARES)),
        noise=float(0.2 * rng.random()),
        reach=field.stride,
    )


def _pick(elite: Elite, rng: np.random.Generator) -> Int64Array:
    """One of the elite, the better the likelier."""
    at = int(len(elite.members) * rng.random() ** 2)
    return elite.members[at].agent


def _relinked(field: Field, elite: Elite, rng: np.random.Generator) -> Int64Array | None:
    """What lies between two of the elite; None where they are too few or too near."""
    if len(elite.members) < 2:
        return None
    first, second = rng.choice(len(elite.members), size=2, replace=False)
    here, goal = elite.members[int(first)].agent, elite.members[int(second)].agent
    if int((here != goal).sum()) < 4:
        return None
    plan = plan_of(here, field.ground, field.penalty)
    relink(plan, goal, field.ground)
    return plan.agent


def _partly_free(field: Field, elite: Elite, rng: np.random.Generator) -> Int64Array:
    """One of the elite with -1 for some items: of a few agents, at random, or where two of the elite differ."""
    items, agents = field.multiplier.size, field.ground.capacity.size
    if not elite.members:
        return np.full(items, -1, np.int64)
    agent = _pick(elite, rng).copy()
    way = rng.integers(3)
    if way == 0:
        most = max(2, agents // 2)
        emptied = rng.choice(agents, size=min(agents, int(rng.integers(2, most + 1))), replace=False)
        agent[np.isin(agent, emptied)] = -1
    elif way == 1:
        count = int(rng.integers(min(items, 10), max(11, items // 2) + 1))
        agent[rng.choice(items, size=min(items, count), replace=False)] = -1
    else:
        agent[agent != _pick(elite, rng)] = -1
        emptied = rng.choice(agents, size=min(agents, 2), replace=False)
        agent[np.isin(agent, emptied)] = -1
    return agent
