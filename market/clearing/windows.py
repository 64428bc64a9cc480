"""Every start of every candidate of one order, all at once: what it costs, and whether what is free has room for it.

The same answers as `solver.explain` gives candidate by candidate, for a market in which nothing else is placed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.clearing.builder import BuiltProblem

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NO_COST = np.iinfo(np.int64).max
"""Stands for the cost of what cannot be."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Columns over candidates C, and (C, T) over their starts. Costs in micro-yuan, of the whole order."""

    offering: Ints
    """(C,) row of the offering."""
    slots: Ints
    """(C,) run time there."""
    cost: Ints
    """(C, T) what the objective charges; `NO_COST` where it would not be over by the end of the horizon."""
    room: Bools
    """(C, T) whether units and power are free all over the window."""

    @classmethod
    def of(cls, built: BuiltProblem) -> "Windows":
        """The windows of the only order of a problem, whatever its own window and limit price."""
        problem = built.problem
        offering = problem.candidate_offering.astype(np.int64)
        slots = problem.candidate_slots.astype(np.int64)
        scale = int(problem.job_scale[0])
        parts = scale * problem.candidate_units
        watts = parts * problem.facility_watts_per_unit[offering]
        ends = np.arange(problem.slots) + slots[:, None]
        within = ends <= problem.slots
        ends = np.minimum(ends, problem.slots)
        unit_cost = _sums(problem.unit_cost_micros[offering], ends)
        cost = scale * problem.candidate_fixed_micros[:, None] + parts[:, None] * unit_cost
        good = problem.capacity_units[offering] >= parts[:, None]
        good &= problem.node_power_watts[problem.offering_node[offering]] >= watts[:, None]
        free = np.equal(_sums(good.astype(np.int64), ends), slots[:, None])
        return cls(offering, slots, np.where(within, cost, NO_COST), free & within)

    def between(self, first: int, end: int) -> Bools:
        """(C, T) the starts from slot `first` on that are over by slot `end`."""
        start = np.arange(self.cost.shape[1])
        return (start >= first) & (start + self.slots[:, None] <= end)

    def cheapest(self, allowed: Bools) -> tuple[Ints, Ints]:
        """(C,) start of least cost among the allowed, the earliest of equals, and the cost there, `NO_COST` if none."""
        cost = np.where(allowed, self.cost, NO_COST)
        start = np.argmin(cost, axis=1)
        return start, cost[np.arange(len(start)), start]


def _sums(per_slot: Ints, ends: Ints) -> Ints:
    """(C, T) sums over the window that begins at each slot."""
    running = np.zeros((per_slot.shape[0], per_slot.shape[1] + 1), dtype=np.int64)
    np.cumsum(per_slot, axis=1, out=running[:, 1:])
    sums: Ints = np.take_along_axis(running, ends, axis=1) - running[:, :-1]
    return sums
