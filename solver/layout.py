"""The problem as kernels want it: one named tuple of int64 arrays, and the distinct runs behind the candidates.

Nothing here has a row per (job, candidate): memory grows with jobs and candidates, never with their product.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.compiled import compiled
from solver.problem import ClearingProblem, Int64Array


class Layout(NamedTuple):
    """J jobs, P profiles, C candidates, O offerings, and R runs, a run being a distinct (offering, slots)."""

    profile: Int64Array
    """(J,)"""
    scale: Int64Array
    """(J,)"""
    value_micros: Int64Array
    """(J,)"""
    first: Int64Array
    """(J,) first slot, cut to the horizon."""
    end: Int64Array
    """(J,) end slot, cut to the horizon, and not before the first: a window may be empty, never less."""
    profile_start: Int64Array
    """(P + 1,)"""
    offering: Int64Array
    """(C,)"""
    slots: Int64Array
    """(C,) run time."""
    units: Int64Array
    """(C,) for scale 1."""
    fixed_micros: Int64Array
    """(C,) for scale 1."""
    run: Int64Array
    """(C,) run of the candidate."""
    run_offering: Int64Array
    """(R,)"""
    run_slots: Int64Array
    """(R,)"""
    node: Int64Array
    """(O,)"""
    watts: Int64Array
    """(O,) facility watts of one unit."""


def build_layout(problem: ClearingProblem) -> Layout:
    """Lay the problem out for kernels."""
    run, run_offering, run_slots = _runs(problem)
    first, end = (
        np.minimum(slot.astype(np.int64), problem.slots) for slot in (problem.first_slot, problem.end_slot)
    )
    return Layout(
        profile=problem.job_profile.astype(np.int64),
        scale=problem.job_scale,
        value_micros=problem.value_micros,
        first=first,
        end=np.maximum(first, end),
        profile_start=problem.profile_start,
        offering=problem.candidate_offering.astype(np.int64),
        slots=problem.candidate_slots.astype(np.int64),
        units=problem.candidate_units,
        fixed_micros=problem.candidate_fixed_micros,
        run=run,
        run_offering=run_offering,
        run_slots=run_slots,
        node=problem.offering_node.astype(np.int64),
        watts=problem.facility_watts_per_unit,
    )


def prefix_sums(per_slot: Int64Array) -> Int64Array:
    """(O, T) -> (O, T + 1) with a leading zero: a window's sum is a difference of two entries."""
    sums = np.zeros((per_slot.shape[0], per_slot.shape[1] + 1), dtype=np.int64)
    np.cumsum(per_slot, axis=1, out=sums[:, 1:])
    return sums


def room_of(layout: Layout, free_units: Int64Array, free_watts: Int64Array) -> Int64Array:
    """(R, T) largest gang each run could start in each slot with (O, T) units and (N, T) watts free.

    -1 where the run would not end within the horizon.
    """
    watts = layout.watts[:, None]
    by_power = free_watts[layout.node] // np.maximum(watts, 1)
    gang = np.where(watts > 0, np.minimum(free_units, by_power), free_units)
    room = np.full((layout.run_slots.size, free_units.shape[1]), -1, dtype=np.int64)
    _least_in_windows(np.maximum(gang, 0), layout.run_offering, layout.run_slots, room)
    return room


def _runs(problem: ClearingProblem) -> tuple[Int64Array, Int64Array, Int64Array]:
    stride = int(problem.candidate_slots.max(initial=0)) + 1
    keys = problem.candidate_offering.astype(np.int64) * stride + problem.candidate_slots
    # of many candidates few: looking each up is quicker than sorting them all with their rows
    distinct = np.unique(keys)
    return np.searchsorted(distinct, keys).astype(np.int64), distinct // stride, distinct % stride


@compiled
def _least_in_windows(gang: Int64Array, offering: Int64Array, slots: Int64Array, room: Int64Array) -> None:
    """Fill `room` with the least of `gang` over each run's slots from each start."""
    horizon = gang.shape[1]
    for run in range(offering.size):
        row, length = gang[offering[run]], slots[run]
        for start in range(horizon - length + 1):
            least = row[start]
            for slot in range(start + 1, start + length):
                least = min(least, row[slot])
            room[run, start] = least
