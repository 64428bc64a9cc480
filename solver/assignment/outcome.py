"""What solving an assignment problem gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from solver.assignment.problem import Int64Array
from solver.outcome import Status

__all__ = ["AssignmentOutcome", "Milestone", "Status"]


@dataclass(frozen=True)
class Milestone:
    """How things stood after a step."""

    seconds: float
    step: str
    cost: int | None
    lower_bound: int | None


@dataclass(frozen=True, eq=False)
class AssignmentOutcome:
    """An assignment, and what is known about how much better another could be.

    OPTIMAL: nothing costs less. FEASIBLE: `lower_bound` says how much less is possible at most. INFEASIBLE: it was
    proved that no assignment exists. NO_SOLUTION: none was found before the time was up.
    """

    status: Status
    cost: int | None
    """None where there is no assignment"""
    lower_bound: int | None
    """best bound known; where above `certified_bound`, a tree search proved it and it is trusted, not recomputed"""
    certified_bound: int | None
    """what `multiplier` proves in exact integers; anyone can recompute it"""
    multiplier: Int64Array
    """(n,) in thousandths of cost; zeros where none were computed"""
    agent_of_item: Int64Array
    """(n,) who carries the item, -1 throughout where there is no assignment"""
    seconds: float
    history: list[Milestone] = field(default_factory=list)
