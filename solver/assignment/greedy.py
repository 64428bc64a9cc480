"""Greedy by regret: who would lose most by not getting the best home goes first (Martello and Toth 1981)."""

from __future__ import annotations

import numpy as np

from solver.assignment.chains import Ground
from solver.assignment.problem import Int64Array
from solver.compiled import compiled


@compiled
def _two_best(item: int, room: Int64Array, ground: Ground) -> tuple[int, float, float]:
    """The agent with room where the item loses least, that loss, and the loss at the second best."""
    home, least, second = -1, np.inf, np.inf
    for agent in range(room.size):
        if ground.weight[agent, item] <= room[agent]:
            loss = ground.reduced[agent, item]
            if loss < least:
                home, least, second = agent, loss, least
            elif loss < second:
                second = loss
    return home, least, second


@compiled
def construct(ground: Ground) -> Int64Array:
    """(n,) an assignment; items that fit nowhere any more overload the agent they overload least."""
    items = ground.cost.shape[1]
    agent, room = np.full(items, -1, np.int64), ground.capacity.copy()
    for _ in range(items):
        chosen, home, most = -1, -1, -np.inf
        for item in range(items):
            if agent[item] < 0:
                here, least, second = _two_best(item, room, ground)
                regret = second - least if here >= 0 else -1.0
                if chosen < 0 or regret > most:
                    chosen, home, most = item, here, regret
        if home < 0:
            home = int(np.argmin(ground.weight[:, chosen] - room))
        agent[chosen] = home
        room[home] -= ground.weight[home, chosen]
    return agent
