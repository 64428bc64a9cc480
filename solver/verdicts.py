"""What became of candidates of jobs that were not placed, as columns: one row for each job and candidate of it.

Jobs that may run at the same offering for as long are judged together: a matrix of their rows by the starts of a window,
in integers throughout.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from solver.outcome import Clearing
from solver.problem import ClearingProblem, Int64Array

Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
VerdictCode = Literal["TOO_LATE", "TOO_LARGE", "PRICED_OUT", "NO_CAPACITY", "NO_POWER", "FITS"]
"""FITS: there is room, and it pays. TOO_LATE: no start in the window. TOO_LARGE: above the free capacity or power of
every window even alone. PRICED_OUT: the cost alone reaches the job's value. NO_CAPACITY, NO_POWER: others hold the
units, or the node's power, in every window that would pay."""
CODES: tuple[VerdictCode, ...] = ("TOO_LATE", "TOO_LARGE", "PRICED_OUT", "NO_CAPACITY", "NO_POWER", "FITS")
TOO_LATE, TOO_LARGE, PRICED_OUT, NO_CAPACITY, NO_POWER, FITS = range(len(CODES))
NONE = -1
"""Stands where there is no such start."""
CELLS_AT_ONCE = 1_000_000
DEAREST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class CandidateVerdict:
    """What became of one candidate of one job. Slots are None where no such start exists."""

    candidate: int
    code: VerdictCode
    best_start: int | None
    """Start of least cost with nothing else running; the earliest of equals."""
    cost_micros: int | None
    """Cost there: fixed cost, and unit cost of its slots."""
    fitting_start: int | None
    """Start of least cost among those that fit into what the clearing left free."""
    fitting_cost_micros: int | None
    """Cost there."""
    congestion_micros: int | None
    """What the clearing's prices add at `best_start`, rounded up."""
    blocking_offering_slots: tuple[int, ...] = ()
    """Slots from `best_start` on in which the offering lacks free units."""
    blocking_node_slots: tuple[int, ...] = ()
    """Slots from `best_start` on in which the node lacks free power."""


@dataclass(frozen=True)
class Free:
    """What a clearing left: units (O, T) and facility watts (N, T)."""

    units: Int64Array
    watts: Int64Array


class Verdicts:
    """Rows in the sequence of the jobs that were asked for, and of the candidates of each."""

    def __init__(self, problem: ClearingProblem, clearing: Clearing, free: Free, jobs: Int64Array) -> None:
        """Judge them; none of `jobs` may hold any of what is not free."""
        self._problem, self._clearing, self._free = problem, clearing, free
        profile = problem.job_profile[jobs]
        begin, end = problem.profile_start[profile], problem.profile_start[profile + 1]
        self.first_row: Int64Array = np.concatenate(([0], np.cumsum(end - begin)))
        """(jobs + 1,) where the rows of each job begin."""
        within = np.arange(self.first_row[-1]) - np.repeat(self.first_row[:-1], end - begin)
        self.job: Int64Array = np.repeat(jobs, end - begin).astype(np.int64)
        self.candidate: Int64Array = np.repeat(begin, end - begin) + within
        self.offering: Int64Array = problem.candidate_offering[self.candidate].astype(np.int64)
        self._length: Int64Array = problem.candidate_slots[self.candidate].astype(np.int64)
        self._gang: Int64Array = problem.job_scale[self.job] * problem.candidate_units[self.candidate]
        self.code = np.full(len(self.job), TOO_LATE, dtype=np.int8)
        self.units_alone = np.zeros(len(self.job), dtype=np.bool_)
        """Whether, of units alone and with nothing else running, there would be enough at some start."""
        self.best_start, self.fitting_start = self._blank(NONE), self._blank(NONE)
        self.cost_micros, self.fitting_cost_micros = self._blank(DEAREST), self._blank(DEAREST)
        for rows in self._alike():
            self._judge(rows)

    def row(self, row: int) -> CandidateVerdict:
        """One of them, with what stood in its way."""
        candidate, code = int(self.candidate[row]), CODES[self.code[row]]
        best, fitting = int(self.best_start[row]), int(self.fitting_start[row])
        if best == NONE:
            return CandidateVerdict(candidate, code, None, None, None, None, None)
        fits = fitting != NONE
        return CandidateVerdict(
            candidate,
            code,
            best,
            int(self.cost_micros[row]),
            fitting if fits else None,
            int(self.fitting_cost_micros[row]) if fits else None,
            self.congestion_micros(np.array([row]))[0],
            *self.blocking_slots(row),
        )

    def slots(self, rows: Int64Array) -> Int64Array:
        """Run time of some rows."""
        return self._length[rows]

    def congestion_micros(self, rows: Int64Array) -> list[int]:
        """What the clearing's prices add at the best start of each of some rows, rounded up; there must be one."""
        offering, begin = self.offering[rows], self.best_start[rows]
        node, end = self._problem.offering_node[offering].astype(np.int64), begin + self._length[rows]
        gang = self._gang[rows].astype(object)
        watts = gang * self._problem.facility_watts_per_unit[offering].astype(object)
        millis = 1000 * gang * _exact_sums(self._clearing.price_micros, offering, begin, end)
        millis += watts * _exact_sums(self._clearing.power_price_micros, node, begin, end)
        found: list[int] = (-(-millis // 1000)).tolist()
        return found

    def blocking_slots(self, row: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Slots from the best start on in which the offering lacks free units, and the node free power."""
        offering, node, gang, watts = self._needs(row)
        window = self._best_window(row)
        short = self._free.units[offering, window] < gang, self._free.watts[node, window] < watts
        units, power = ((np.flatnonzero(slots) + window.start).tolist() for slots in short)
        return tuple(units), tuple(power)

    def _blank(self, value: int) -> Int64Array:
        return np.full(len(self.job), value, dtype=np.int64)

    def _alike(self) -> Iterator[Int64Array]:
        """Rows of one offering and one length, some at a time, without those that come too late."""
        problem = self._problem
        last = np.minimum(problem.end_slot[self.job], problem.slots) - self._length
        there = np.flatnonzero(last >= problem.first_slot[self.job])
        there = there[np.lexsort((self._length[there], self.offering[there]))]
        at = self.offering[there], self._length[there]
        cuts = np.flatnonzero((np.diff(at[0]) != 0) | (np.diff(at[1]) != 0)) + 1
        most = max(1, CELLS_AT_ONCE // max(problem.slots, 1))
        for rows in np.split(there, cuts) if there.size else ():
            yield from (rows[begin : begin + most] for begin in range(0, len(rows), most))

    def _judge(self, rows: Int64Array) -> None:
        problem, job = self._problem, self.job[rows]
        offering, length = int(self.offering[rows[0]]), int(self._length[rows[0]])
        node = int(problem.offering_node[offering])
        first = problem.first_slot[job].astype(np.int64)
        last = np.minimum(problem.end_slot[job], problem.slots) - length
        start = np.arange(first.min(), last.max() + 1)
        hours = slice(int(start[0]), int(start[-1]) + length)
        gang = self._gang[rows, None]
        watts = gang * int(problem.facility_watts_per_unit[offering])
        least_units, least_watts, free_units, free_watts = _least(
            (
                problem.capacity_units[offering, hours],
                problem.node_power_watts[node, hours],
                self._free.units[offering, hours],
                self._free.watts[node, hours],
            ),
            length,
        )
        units_alone = (start >= first[:, None]) & (start <= last[:, None]) & (least_units >= gang)
        room = units_alone & (least_watts >= watts)
        units_fit = room & (free_units >= gang)
        fits = units_fit & (free_watts >= watts)
        fixed = problem.job_scale[job] * problem.candidate_fixed_micros[self.candidate[rows]]
        cost = fixed[:, None] + gang * _window_sums(problem.unit_cost_micros[offering, hours], length)
        self.units_alone[rows] = units_alone.any(axis=1)
        self.code[rows] = _codes(room, units_fit, fits, cost < problem.value_micros[job, None])
        self.best_start[rows], self.cost_micros[rows] = _cheapest(cost, room, start)
        self.fitting_start[rows], self.fitting_cost_micros[rows] = _cheapest(cost, fits, start)

    def _needs(self, row: int) -> tuple[int, int, int, int]:
        """Offering, node, units and facility watts of one row."""
        offering, gang = int(self.offering[row]), int(self._gang[row])
        watts = gang * int(self._problem.facility_watts_per_unit[offering])
        return offering, int(self._problem.offering_node[offering]), gang, watts

    def _best_window(self, row: int) -> slice:
        best = int(self.best_start[row])
        return slice(best, best + int(self._length[row]))


def _exact_sums(per_slot: Int64Array, row: Int64Array, begin: Int64Array, end: Int64Array) -> Objects:
    """Sums over slots of some rows of (rows, T), as Python integers: exact at any size."""
    rows, at = np.unique(row, return_inverse=True)
    sums = np.zeros((len(rows), per_slot.shape[1] + 1), dtype=object)
    np.cumsum(per_slot[rows].astype(object), axis=1, out=sums[:, 1:])
    found: Objects = sums[at, end] - sums[at, begin]
    return found


def _window_sums(per_slot: Int64Array, length: int) -> Int64Array:
    """For every start of a window of `length` slots: the sum over it."""
    sums = np.concatenate(([0], np.cumsum(per_slot)))
    return sums[length:] - sums[:-length]


def _least(per_slot: Sequence[Int64Array], length: int) -> Int64Array:
    """Of each, for every start of a window of `length` slots: the least in it."""
    windows = np.lib.stride_tricks.sliding_window_view(np.stack(per_slot), length, axis=1)
    least: Int64Array = windows.min(axis=2)
    return least


def _codes(room: Bools, units_fit: Bools, fits: Bools, pays: Bools) -> npt.NDArray[np.int8]:
    """By row; the closest that any start comes to being taken."""
    code = np.where(room.any(axis=1), PRICED_OUT, TOO_LARGE)
    for closer, starts in ((NO_CAPACITY, room), (NO_POWER, units_fit), (FITS, fits)):
        code = np.where((starts & pays).any(axis=1), closer, code)
    return code.astype(np.int8)


def _cheapest(cost: Int64Array, allowed: Bools, start: Int64Array) -> tuple[Int64Array, Int64Array]:
    """By row: the start of least cost that is allowed, the earliest of equals, and that cost; else NONE and DEAREST."""
    there = np.where(allowed, cost, DEAREST)
    at = there.argmin(axis=1)
    found = allowed.any(axis=1)
    least: Int64Array = there[np.arange(len(at)), at]
    return np.where(found, start[at], NONE), least
