"""The elite: a few good, different, feasible assignments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.assignment.problem import Int64Array

MOST = 12


class Member(NamedTuple):
    """One of them."""

    cost: int
    agent: Int64Array


class Elite:
    """Sorted by cost; of equal ones the earlier stays ahead."""

    def __init__(self, members: list[Member] | None = None) -> None:
        """Begin with these."""
        self.members = list(members or [])

    def add(self, cost: int, agent: Int64Array) -> bool:
        """Take the assignment in, unless it is known or worse than all of a full elite."""
        if any(cost == known.cost and np.array_equal(agent, known.agent) for known in self.members):
            return False
        if len(self.members) >= MOST and cost >= self.members[-1].cost:
            return False
        after = sum(known.cost <= cost for known in self.members)
        self.members.insert(after, Member(cost, agent))
        del self.members[MOST:]
        return True

    def copy(self) -> Elite:
        """One that can change on its own."""
        return Elite(self.members)

    @property
    def best(self) -> Member | None:
        """The cheapest, None while empty."""
        return self.members[0] if self.members else None
