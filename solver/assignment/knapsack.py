"""One agent's knapsack, exactly: dynamic programming over its capacity (Bellman 1957).

Vast capacities are shrunk: an agent's weights and capacity are divided by one whole number and rounded down. What fits
before fits after, so the shrunk knapsack earns at least as much, and every bound made of it still holds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.assignment.problem import AssignmentProblem, Int64Array
from solver.compiled import compiled

MOST_CELLS = 4_000_000
"""Items x room of the largest table; beyond it the room is shrunk."""
LEAST_ROOM, MOST_ROOM = 64, 20_000
"""However few items or many: no room is shrunk below the first, every room beyond the second is."""
NOTHING = -(2**62)


class Knapsacks(NamedTuple):
    """Weights and room of every agent, shrunk where the room is vast."""

    weight: Int64Array
    """(m, n)"""
    room: Int64Array
    """(m,)"""


def divisors_of(problem: AssignmentProblem) -> Int64Array:
    """(m,) what to divide weights and room by, 1 wherever the room is small enough."""
    room = np.minimum(problem.capacity, problem.weight.sum(axis=1))
    most = min(MOST_ROOM, max(LEAST_ROOM, MOST_CELLS // problem.items))
    return np.asarray(-(-np.maximum(room, 1) // most), dtype=np.int64)


def knapsacks_of(problem: AssignmentProblem) -> Knapsacks:
    """The agents' knapsacks; room beyond what all items together weigh is left out."""
    room = np.minimum(problem.capacity, problem.weight.sum(axis=1))
    divisor = divisors_of(problem)
    return Knapsacks(problem.weight // divisor[:, None], room // divisor)


@compiled
def pack(profit: Int64Array, weight: Int64Array, room: int, chosen: Int64Array) -> int:
    """Most profit that fits; `chosen` (n,) becomes 1 for what is packed, 0 elsewhere."""
    chosen[:] = 0
    items = np.flatnonzero((profit > 0) & (weight <= room))
    best = np.zeros(room + 1, np.int64)
    taken = np.zeros((items.size, room + 1), np.uint8)
    for at in range(items.size):
        heavy, gain, row = weight[items[at]], profit[items[at]], taken[at]
        for used in range(room, heavy - 1, -1):
            with_it = best[used - heavy] + gain
            if with_it > best[used]:
                best[used] = with_it
                row[used] = 1
    used = room
    for at in range(items.size - 1, -1, -1):
        if taken[at, used]:
            chosen[items[at]] = 1
            used -= weight[items[at]]
    return int(best[room])


@compiled
def _tables(
    profit: Int64Array, weight: Int64Array, room: int, items: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """Best profit per room of the items before each one, and of those from it on."""
    count = items.size
    before = np.zeros((count + 1, room + 1), np.int64)
    after = np.zeros((count + 1, room + 1), np.int64)
    for at in range(count):
        item = items[at]
        heavy, gain = weight[item], profit[item]
        before[at + 1, :heavy] = before[at, :heavy]
        for used in range(heavy, room + 1):
            before[at + 1, used] = max(before[at, used], before[at, used - heavy] + gain)
    for at in range(count - 1, -1, -1):
        item = items[at]
        heavy, gain = weight[item], profit[item]
        after[at, :heavy] = after[at + 1, :heavy]
        for used in range(heavy, room + 1):
            after[at, used] = max(after[at + 1, used], after[at + 1, used - heavy] + gain)
    return before, after


@compiled
def force(
    profit: Int64Array, weight: Int64Array, room: int, loss_in: Int64Array, loss_out: Int64Array
) -> None:
    """What it costs to force each item in, and to keep it out: `loss_in` and `loss_out` (n,), never negative.

    An item that cannot be packed at all has the loss `-NOTHING`. Tables of what comes before and after an item tell
    the best knapsack around it without solving each anew.
    """
    items = np.flatnonzero((profit > 0) & (weight <= room))
    before, after = _tables(profit, weight, room, items)
    most = before[items.size, room]
    loss_out[:] = 0
    for item in range(profit.size):
        loss_in[item] = -NOTHING
        if weight[item] <= room:
            loss_in[item] = most - profit[item] - before[items.size, room - weight[item]]
    for at in range(items.size):
        item = items[at]
        without, inside = NOTHING, NOTHING
        left = room - weight[item]
        for used in range(room + 1):
            without = max(without, before[at, used] + after[at + 1, room - used])
        for used in range(left + 1):
            inside = max(inside, before[at, used] + after[at + 1, left - used])
        loss_in[item] = most - inside - profit[item]
        loss_out[item] = most - without
