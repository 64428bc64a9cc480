"""A problem written out, one column per placement: what monolithic models need and our solver never makes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import csr_array

from solver.compiled import compiled
from solver.problem import ClearingProblem, Int32Array, Int64Array

MICROS_PER_YUAN = 1e6
MOST_COLUMNS = 4_000_000
"""Monoliths are not run on more placements than this; at 4 million their models alone take gigabytes."""


class TooManyColumns(Exception):
    """The problem has more placements than a monolith is given."""

    def __init__(self, columns: int) -> None:
        super().__init__(f"too large ({columns:,} columns)")
        self.columns = columns


class Columns(NamedTuple):
    """K placements that fit alone and are worth something, by job, candidate and start."""

    job: Int64Array
    candidate: Int64Array
    start: Int64Array
    net_micros: Int64Array
    gang: Int64Array
    slots: Int64Array


class Rows(NamedTuple):
    """Limits on columns: at most one a job, then units and watts where all columns together would exceed them."""

    matrix: csr_array
    """(rows, K)"""
    limit: npt.NDArray[np.float64]
    job_rows: int
    unit_row: Int64Array
    """(U,) flat (offering, slot) of the unit rows."""
    power_row: Int64Array
    """(W,) flat (node, slot) of the power rows, which come last."""


def count_columns(problem: ClearingProblem) -> int:
    """How many (job, candidate, start) there are in the windows, fitting or not."""
    shape = (problem.slots + 1, problem.slots + 1)
    first = np.minimum(problem.first_slot, problem.slots)
    end = np.minimum(problem.end_slot, problem.slots)
    width = np.maximum(0, end - first)
    per_width = np.zeros((problem.profiles, shape[0]), dtype=np.int64)
    np.add.at(per_width, (problem.job_profile, width), 1)
    profile = np.repeat(np.arange(problem.profiles), np.diff(problem.profile_start))
    starts = np.maximum(0, np.arange(shape[0])[None, :] - problem.candidate_slots[:, None] + 1)
    return int((per_width[profile] * starts).sum())


def list_columns(problem: ClearingProblem, most: int = MOST_COLUMNS) -> Columns:
    """Every placement that fits alone and is worth something; raises TooManyColumns above `most` in the windows."""
    columns = count_columns(problem)
    if columns > most:
        raise TooManyColumns(columns)
    sizes = np.diff(problem.profile_start)[problem.job_profile]
    job, within = _spread(sizes)
    candidate = problem.profile_start[problem.job_profile[job]] + within
    end = np.minimum(problem.end_slot[job].astype(np.int64), problem.slots)
    starts = np.maximum(0, end - problem.candidate_slots[candidate] - problem.first_slot[job] + 1)
    pair, offset = _spread(starts)
    job, candidate = job[pair], candidate[pair]
    start = problem.first_slot[job] + offset
    gang = problem.job_scale[job] * problem.candidate_units[candidate]
    run, room = _room(problem)
    sums = np.zeros((problem.offerings, problem.slots + 1), dtype=np.int64)
    np.cumsum(problem.unit_cost_micros, axis=1, out=sums[:, 1:])
    slots = problem.candidate_slots[candidate].astype(np.int64)
    offering = problem.candidate_offering[candidate]
    cost = gang * (sums[offering, start + slots] - sums[offering, start])
    cost += problem.job_scale[job] * problem.candidate_fixed_micros[candidate]
    net = problem.value_micros[job] - cost
    keep = (net > 0) & (gang <= room[run[candidate], start])
    return Columns(*(part[keep] for part in (job, candidate, start, net, gang, slots)))


def build_rows(problem: ClearingProblem, columns: Columns) -> Rows:
    """The constraint matrix."""
    offering = problem.candidate_offering[columns.candidate].astype(np.int64)
    node = problem.offering_node[offering].astype(np.int64)
    column, offset = _spread(columns.slots)
    slot = columns.start[column] + offset
    jobs, job_row = np.unique(columns.job, return_inverse=True)
    gang = columns.gang[column].astype(np.float64)
    units = _Block(offering[column] * problem.slots + slot, gang, problem.capacity_units)
    watts = gang * problem.facility_watts_per_unit[offering][column]
    power = _Block(node[column] * problem.slots + slot, watts, problem.node_power_watts)
    parts = [(job_row, np.arange(columns.job.size), np.ones(columns.job.size))]
    limits = [np.ones(jobs.size)]
    row_sets, at = [], jobs.size
    for block in (units, power):
        rows, entries, row, limit = block.binding()
        parts.append((row + at, column[entries], block.amount[entries]))
        limits.append(limit)
        row_sets.append(rows)
        at += rows.size
    data = [np.concatenate([part[axis] for part in parts]) for axis in range(3)]
    matrix = csr_array((data[2], (data[0], data[1])), shape=(at, columns.job.size))
    return Rows(matrix, np.concatenate(limits), int(jobs.size), row_sets[0], row_sets[1])


class _Block(NamedTuple):
    """Entries of one family of rows: which cell each asks of, how much, and (cells) what there is."""

    cell: Int64Array
    amount: npt.NDArray[np.float64]
    available: Int64Array

    def binding(self) -> tuple[Int64Array, Int64Array, Int64Array, npt.NDArray[np.float64]]:
        """Cells that could be exceeded; the entries in them, their row, and the rows' limits."""
        available = self.available.ravel().astype(np.float64)
        asked = np.bincount(self.cell, self.amount, minlength=available.size)
        rows = np.flatnonzero(asked > available)
        number = np.full(available.size, -1, dtype=np.int64)
        number[rows] = np.arange(rows.size)
        entries = np.flatnonzero(number[self.cell] >= 0)
        return rows, entries, number[self.cell[entries]], available[rows]


def _spread(sizes: npt.NDArray[np.integer]) -> tuple[Int64Array, Int64Array]:
    """For every item `sizes` times: its index, and 0, 1, 2, … within it."""
    sizes = sizes.astype(np.int64)
    index = np.repeat(np.arange(sizes.size, dtype=np.int64), sizes)
    within = np.arange(index.size, dtype=np.int64) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return index, within


def _room(problem: ClearingProblem) -> tuple[Int64Array, Int64Array]:
    """(C,) run of each candidate, and (R, T) the largest gang each run could start in a slot with nothing else there."""
    watts = problem.facility_watts_per_unit[:, None]
    by_power = problem.node_power_watts[problem.offering_node] // np.maximum(watts, 1)
    alone = np.where(watts > 0, np.minimum(problem.capacity_units, by_power), problem.capacity_units)
    stride = int(problem.candidate_slots.max(initial=0)) + 1
    keys = problem.candidate_offering.astype(np.int64) * stride + problem.candidate_slots
    runs, run = np.unique(keys, return_inverse=True)
    room = np.full((runs.size, problem.slots), -1, dtype=np.int64)
    for length in np.unique(runs % stride).tolist():
        rows = np.flatnonzero(runs % stride == length)
        if length <= problem.slots:
            least = sliding_window_view(alone, length, axis=1).min(axis=2)
            room[rows, : problem.slots - length + 1] = least[runs[rows] // stride]
    return run.astype(np.int64), room


def place_columns(
    problem: ClearingProblem, columns: Columns, order: Int64Array
) -> tuple[Int32Array, Int32Array]:
    """(J,) candidate and (J,) start: columns taken in `order` where their job is free and they still fit."""
    taken = np.full(problem.jobs, -1, dtype=np.int64)
    offering = problem.candidate_offering[columns.candidate].astype(np.int64)
    node = problem.offering_node[offering].astype(np.int64)
    watts = columns.gang * problem.facility_watts_per_unit[offering]
    free_units, free_watts = problem.capacity_units.copy(), problem.node_power_watts.copy()
    _take_in_order(order, tuple(columns), (offering, node, watts), (free_units, free_watts), taken)
    placed = taken >= 0
    chosen, start = np.full((2, problem.jobs), -1, dtype=np.int32)
    chosen[placed] = columns.candidate[taken[placed]]
    start[placed] = columns.start[taken[placed]]
    return chosen, start


@compiled
def _take_in_order(
    order: Int64Array,
    columns: tuple[Int64Array, ...],
    place: tuple[Int64Array, Int64Array, Int64Array],
    free: tuple[Int64Array, Int64Array],
    taken: Int64Array,
) -> None:
    """See place_columns; `columns` as the fields of Columns, `place` is offering, node and watts of each."""
    job, start, gang, slots = columns[0], columns[2], columns[4], columns[5]
    for column in order:
        if taken[job[column]] >= 0:
            continue
        units, watts = free[0][place[0][column]], free[1][place[1][column]]
        fits = True
        for slot in range(start[column], start[column] + slots[column]):
            if units[slot] < gang[column] or watts[slot] < place[2][column]:
                fits = False
                break
        if fits:
            taken[job[column]] = column
            for slot in range(start[column], start[column] + slots[column]):
                units[slot] -= gang[column]
                watts[slot] -= place[2][column]
