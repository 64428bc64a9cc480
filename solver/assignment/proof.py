"""The proving half of the search: tree searches over the core, each allowed more nodes than the last."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.assignment.bound import Bound, can_beat
from solver.assignment.core import solve_core
from solver.assignment.elite import Elite, Member
from solver.assignment.problem import AssignmentProblem, BoolArray, Int64Array
from solver.assignment.stop import Stop

CORE_PER_ITEM = 5.0
"""Cells per item beyond which a tree search over the core proves nothing in time."""
FIRST_NODES, NODES_GROW = 400, 4
MERGE_NODES = 100
"""Nodes for the program over the cells of the elite."""

ROUNDS_PER_CELL = 1.5e-5
"""Rounds of searching that a node takes per cell, measured; so that proof and search meet at about the same time."""
MOST_ROUNDS = 60


class Proven(NamedTuple):
    """What one attempt gave."""

    member: Member | None
    lower_bound: int | None
    """holds for the whole problem"""
    infeasible: bool = False


class Attempt(NamedTuple):
    """A tree search about to be made."""

    cells: BoolArray
    """(m, n) where items may go"""
    nodes: int
    best: Member | None
    """the incumbent to beat"""
    complete: bool
    """whether everything cheaper than the incumbent lies within the cells"""

    def rounds(self) -> int:
        """How many rounds of searching it takes about as long as."""
        return int(np.clip(self.nodes * int(self.cells.sum()) * ROUNDS_PER_CELL, 1, MOST_ROUNDS))


class Proof:
    """Remembers how far earlier attempts went."""

    def __init__(self, problem: AssignmentProblem, bound: Bound, stop: Stop) -> None:
        """Nothing was attempted yet."""
        self._problem, self._bound, self._stop = problem, bound, stop
        self._nodes = FIRST_NODES
        self._merged: BoolArray | None = None

    def plan(self, elite: Elite) -> Attempt | None:
        """The next attempt; None where it would be the last one again."""
        best = elite.best
        if best is None:
            return self._deeper(np.ones(self._problem.cost.shape, np.bool_), None)
        cells = can_beat(self._problem, self._bound, best.cost)
        if int(cells.sum()) <= CORE_PER_ITEM * self._problem.items:
            return self._deeper(cells, best)
        return self._merging(elite, best)

    def _deeper(self, cells: BoolArray, best: Member | None) -> Attempt:
        """Over all that matters, with more nodes than last time."""
        nodes, self._nodes = self._nodes, self._nodes * NODES_GROW
        return Attempt(cells, nodes, best, complete=True)

    def _merging(self, elite: Elite, best: Member) -> Attempt | None:
        """Over the elite's cells: good for an assignment perhaps, never for a bound."""
        cells = np.zeros(self._problem.cost.shape, np.bool_)
        items = np.arange(self._problem.items)
        for member in elite.members:
            cells[member.agent, items] = True
        if self._merged is not None and np.array_equal(cells, self._merged):
            return None
        self._merged = cells
        return Attempt(cells, MERGE_NODES, best, complete=False)

    def make(self, attempt: Attempt) -> Proven:
        """Search; call everybody to stop once an assignment is proved to be the best."""
        found = solve_core(self._problem, attempt.cells, self._stop.seconds_left(), attempt.nodes)
        member = self._member(found.agent)
        if not attempt.complete:
            return Proven(member, None)
        if attempt.best is None:
            return Proven(member, found.bound, infeasible=found.empty)
        cheapest = min(attempt.best.cost, member.cost) if member else attempt.best.cost
        bound = attempt.best.cost if found.empty else found.bound
        bound = None if bound is None else min(bound, cheapest)
        if bound == cheapest:
            self._stop.call()
        return Proven(member, bound)

    def _member(self, agent: Int64Array | None) -> Member | None:
        if agent is None:
            return None
        return Member(int(self._problem.cost[agent, np.arange(self._problem.items)].sum()), agent)
