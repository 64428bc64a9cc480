"""The proving half of the search: tree searches over the core, each allowed more nodes than the last."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.assignment.bound import Bound, can_beat
from solver.assignment.core import solve_core
from solver.assignment.elite import Elite, Member
from solver.assignment.problem import AssignmentProblem, BoolArray, Int64Array
from solver.assignment.stop import Stop

CORE_PER_ITEM = 6.0
"""Cells per item beyond which a tree search over the core proves nothing in time."""
FIRST_NODES, NODES_GROW = 200, 4
MERGE_NODES = 100
"""Nodes for the program over the cells of the elite."""


class Proven(NamedTuple):
    """What one attempt gave."""

    member: Member | None
    lower_bound: int | None
    """holds for the whole problem"""
    infeasible: bool = False


class Proof:
    """Remembers how far earlier attempts went."""

    def __init__(self, problem: AssignmentProblem, bound: Bound, stop: Stop) -> None:
        """Nothing was attempted yet."""
        self._problem, self._bound, self._stop = problem, bound, stop
        self._nodes = FIRST_NODES
        self._merged: BoolArray | None = None

    def advance(self, elite: Elite) -> Proven:
        """One more attempt; calls everybody to stop once the best is proved to be so."""
        best = elite.best
        if best is None:
            return self._feasibility()
        cells = can_beat(self._problem, self._bound, best.cost)
        if int(cells.sum()) > CORE_PER_ITEM * self._problem.items:
            return self._merge(elite)
        return self._core(cells, best)

    def _feasibility(self) -> Proven:
        """Ask for any assignment at all, over every cell."""
        everywhere = np.ones(self._problem.cost.shape, np.bool_)
        found = solve_core(self._problem, everywhere, self._stop.seconds_left(), self._nodes)
        self._nodes *= NODES_GROW
        return Proven(self._member(found.agent), found.bound, found.empty)

    def _core(self, cells: BoolArray, best: Member) -> Proven:
        """Search what could be cheaper than the best; where nothing is left, the best is optimal."""
        found = solve_core(self._problem, cells, self._stop.seconds_left(), self._nodes)
        self._nodes *= NODES_GROW
        member = self._member(found.agent)
        cheapest = min(best.cost, member.cost) if member else best.cost
        bound = best.cost if found.empty else found.bound
        bound = None if bound is None else min(bound, cheapest)
        if bound == cheapest:
            self._stop.call()
        return Proven(member, bound)

    def _merge(self, elite: Elite) -> Proven:
        """The best of the elite's cells: an assignment perhaps, never a bound."""
        cells = np.zeros(self._problem.cost.shape, np.bool_)
        items = np.arange(self._problem.items)
        for member in elite.members:
            cells[member.agent, items] = True
        if self._merged is not None and np.array_equal(cells, self._merged):
            return Proven(None, None)
        self._merged = cells
        found = solve_core(self._problem, cells, self._stop.seconds_left(), MERGE_NODES)
        return Proven(self._member(found.agent), None)

    def _member(self, agent: Int64Array | None) -> Member | None:
        if agent is None:
            return None
        return Member(int(self._problem.cost[agent, np.arange(self._problem.items)].sum()), agent)
