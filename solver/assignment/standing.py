"""Where a search stands: the best assignment, the best bound, and how they came about."""

from __future__ import annotations

import numpy as np

from solver.assignment.bound import Bound
from solver.assignment.elite import Elite, Member
from solver.assignment.outcome import AssignmentOutcome, Milestone, Status
from solver.assignment.problem import AssignmentProblem, Int64Array
from solver.assignment.stop import Stop


class Standing:
    """Changed by the one thread that leads the search, read by the outcome."""

    def __init__(self, problem: AssignmentProblem, stop: Stop, target: int | None) -> None:
        """Nothing is known yet."""
        self.problem, self.stop, self.target = problem, stop, target
        self.best: Member | None = None
        self.bound: Bound | None = None
        self.refuted = False
        self._trusted: int | None = None
        self._history: list[Milestone] = []

    @property
    def lower_bound(self) -> int | None:
        """The better of what multipliers prove and what a tree search proved."""
        known = [
            bound for bound in (self._trusted, self.bound.cost if self.bound else None) if bound is not None
        ]
        return max(known, default=None)

    def cost_or(self, otherwise: int) -> int:
        """Cost of the best assignment; `otherwise` while there is none."""
        return self.best.cost if self.best else otherwise

    def found(self, elite: Elite, step: str) -> None:
        """Note the best of an elite."""
        if elite.best and (self.best is None or elite.best.cost < self.best.cost):
            self.best = elite.best
        self._note(step)

    def proved(self, bound: Bound) -> None:
        """Note the bound of the multipliers."""
        self.bound = bound
        self._note("bound")

    def trusted(self, lower_bound: int | None) -> None:
        """Note a bound that a tree search proved."""
        if lower_bound is not None:
            self._trusted = lower_bound if self._trusted is None else max(lower_bound, self._trusted)

    def is_proven(self) -> bool:
        """Whether nothing costs less than the best."""
        return self.best is not None and self.lower_bound is not None and self.best.cost <= self.lower_bound

    def is_over(self) -> bool:
        """Whether there is nothing left to do or no time left to do it."""
        enough = self.best is not None and self.target is not None and self.best.cost <= self.target
        return enough or self.refuted or self.is_proven() or self.stop.is_up()

    def enough(self) -> int:
        """A cost that no search need go below."""
        known = [cost for cost in (self.lower_bound, self.target) if cost is not None]
        return max(known, default=-(2**62))

    def outcome(self) -> AssignmentOutcome:
        """What is known now."""
        if self.best is None:
            return self._without(Status.INFEASIBLE if self.refuted else Status.NO_SOLUTION)
        return AssignmentOutcome(
            status=Status.OPTIMAL if self.is_proven() else Status.FEASIBLE,
            cost=self.best.cost,
            lower_bound=self.lower_bound,
            certified_bound=self.bound.cost if self.bound else None,
            multiplier=self._multiplier(),
            agent_of_item=self.best.agent,
            seconds=self.stop.seconds(),
            history=self._history,
        )

    def infeasible(self, step: str) -> AssignmentOutcome:
        """No assignment exists; `step` proved it."""
        self._note(step)
        return self._without(Status.INFEASIBLE)

    def _without(self, status: Status) -> AssignmentOutcome:
        proven = status is Status.NO_SOLUTION
        return AssignmentOutcome(
            status=status,
            cost=None,
            lower_bound=self.lower_bound if proven else None,
            certified_bound=self.bound.cost if self.bound and proven else None,
            multiplier=self._multiplier(),
            agent_of_item=np.full(self.problem.items, -1, np.int64),
            seconds=self.stop.seconds(),
            history=self._history,
        )

    def _multiplier(self) -> Int64Array:
        return self.bound.multiplier if self.bound else np.zeros(self.problem.items, np.int64)

    def _note(self, step: str) -> None:
        cost = self.best.cost if self.best else None
        self._history.append(Milestone(round(self.stop.seconds(), 3), step, cost, self.lower_bound))
