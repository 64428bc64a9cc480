"""A tighter bound on small problems: HiGHS branches and cuts over the placements that prices cannot exclude.

The linear relaxation can be a per cent too generous where gangs are large. Cuts take part of that back. What was left
out by reduced costs is in no clearing better than the incumbent, so the larger of HiGHS' bound and the incumbent's
value bounds the whole problem. It comes from floating point and is trusted, not recomputed.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from solver.exact import Columns, Known, Search, columns_worth_a_look
from solver.floor import worth
from solver.layout import Layout, prefix_sums
from solver.outcome import Float64Array
from solver.problem import ClearingProblem, Int64Array
from solver.stopwatch import Stopwatch

MOST_COLUMNS = 100_000
"""With more placements than this HiGHS does not get past its first relaxation."""
MOST_SECONDS = 40.0
"""Cuts pay in the first half minute; what branching adds afterwards is little."""
LEAST_SECONDS = 5.0
"""With less time than this nothing is proved."""
SLACK = 1e-7
"""Relative allowance for the rounding of a bound that floating point found."""


def tighten(problem: ClearingProblem, layout: Layout, known: Known, stopwatch: Stopwatch) -> Search:
    """The incumbent with the bound that HiGHS proves in the time left, if any.

    SciPy's HiGHS takes a time limit and no callback: who cancels once it runs waits for up to MOST_SECONDS.
    """
    value = worth(problem, layout, known.floor)
    columns = columns_worth_a_look(problem, layout, known, value, MOST_COLUMNS)
    if not 0 < columns.job.size <= MOST_COLUMNS or stopwatch.seconds_left() < LEAST_SECONDS:
        return Search(known.floor, None)
    rows, limits = _rows(problem, layout, columns)
    found = milp(
        -_nets(problem, layout, columns),
        constraints=LinearConstraint(rows, -np.inf, limits),
        integrality=[1] * columns.job.size,
        bounds=Bounds(0, 1),
        options={"time_limit": min(MOST_SECONDS, stopwatch.seconds_left()), "mip_rel_gap": 0.0},
    )
    if found.mip_dual_bound is None or not math.isfinite(found.mip_dual_bound):
        return Search(known.floor, None)
    proven = -found.mip_dual_bound * (1 + SLACK)
    return Search(known.floor, max(value, math.ceil(proven)))


def _nets(problem: ClearingProblem, layout: Layout, columns: Columns) -> Float64Array:
    """(K,) net value of each placement in micros."""
    sums, offering = prefix_sums(problem.unit_cost_micros), layout.offering[columns.candidate]
    end = columns.start + layout.slots[columns.candidate]
    per_unit = sums[offering, end] - sums[offering, columns.start]
    per_scale = layout.fixed_micros[columns.candidate] + layout.units[columns.candidate] * per_unit
    nets: Float64Array = (layout.value_micros[columns.job] - layout.scale[columns.job] * per_scale).astype(
        np.float64
    )
    return nets


def _rows(problem: ClearingProblem, layout: Layout, columns: Columns) -> tuple[csr_array, Float64Array]:
    """Rows of jobs, of offering slots and of node slots (in kilowatts) that could be exceeded at all, and limits."""
    count, slots = columns.job.size, layout.slots[columns.candidate]
    column = np.repeat(np.arange(count), slots)
    within = np.arange(column.size) - np.repeat(np.cumsum(slots) - slots, slots)
    slot = columns.start[column] + within
    offering = layout.offering[columns.candidate][column]
    gang = (layout.scale[columns.job] * layout.units[columns.candidate])[column].astype(np.float64)
    everything = vstack(
        [
            csr_array((np.ones(count), (columns.job, np.arange(count))), shape=(problem.jobs, count)),
            _cells(gang, offering * problem.slots + slot, column, (problem.capacity_units.size, count)),
            _cells(
                gang * layout.watts[offering] / 1000.0,
                layout.node[offering] * problem.slots + slot,
                column,
                (problem.node_power_watts.size, count),
            ),
        ]
    ).tocsr()
    limits = np.concatenate(
        [
            np.ones(problem.jobs),
            problem.capacity_units.ravel().astype(np.float64),
            problem.node_power_watts.ravel() / 1000.0,
        ]
    )
    could_exceed = np.asarray(everything.sum(axis=1)).ravel() > limits
    return everything[could_exceed], limits[could_exceed]


def _cells(amount: Float64Array, row: Int64Array, column: Int64Array, shape: tuple[int, int]) -> csr_array:
    return csr_array((amount, (row, column)), shape=shape)
