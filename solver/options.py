"""Options: the (job, candidate) pairs that could run if nothing else did, and be worth more than they cost.

Everything later works on options only. What is left out here changes neither the best clearing nor the dual bound:
a placement above the free capacity or power of one of its slots is no placement, and one whose cost reaches the
job's value at zero prices never pays at higher ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.compiled import compiled
from solver.problem import ClearingProblem, Int64Array


class Options(NamedTuple):
    """Q options sorted by job, then candidate; R runs, a run being a distinct (offering, slots).

    A named tuple, because kernels take it as it is.
    """

    job_start: Int64Array
    """(J + 1,) options of job j are job_start[j] .. job_start[j + 1] - 1."""
    job: Int64Array
    """(Q,)"""
    candidate: Int64Array
    """(Q,)"""
    offering: Int64Array
    """(Q,)"""
    slots: Int64Array
    """(Q,) run time."""
    gang: Int64Array
    """(Q,) units taken in every slot: scale x units."""
    fixed_micros: Int64Array
    """(Q,) scale x fixed cost."""
    first: Int64Array
    """(Q,) first start that could run alone."""
    last: Int64Array
    """(Q,) last start that could run alone; in between `run_room` decides."""
    alone_net_micros: Int64Array
    """(Q,) value less least cost, at zero prices; positive."""
    run: Int64Array
    """(Q,) row of `run_room`."""
    run_offering: Int64Array
    """(R,)"""
    run_slots: Int64Array
    """(R,)"""
    run_room: Int64Array
    """(R, T) largest gang that fits from this start with nothing else running; -1 where the run would not end in time."""


def build_options(problem: ClearingProblem) -> Options:
    """Drop what cannot run even alone, or cannot pay, and lay out the rest."""
    sizes = np.diff(problem.profile_start)[problem.job_profile]
    job = np.repeat(np.arange(problem.jobs, dtype=np.int64), sizes)
    ends = np.cumsum(sizes)
    within = np.arange(job.size, dtype=np.int64) - np.repeat(ends - sizes, sizes)
    candidate = problem.profile_start[problem.job_profile[job]] + within
    slots = problem.candidate_slots[candidate].astype(np.int64)
    run_of_candidate, runs = _runs(problem)
    in_window = Options(
        job_start=np.concatenate(([0], ends)).astype(np.int64),
        job=job,
        candidate=candidate,
        offering=problem.candidate_offering[candidate].astype(np.int64),
        slots=slots,
        gang=problem.job_scale[job] * problem.candidate_units[candidate],
        fixed_micros=problem.job_scale[job] * problem.candidate_fixed_micros[candidate],
        first=problem.first_slot[job].astype(np.int64),
        last=np.minimum(problem.end_slot[job].astype(np.int64), problem.slots) - slots,
        alone_net_micros=np.zeros(job.size, dtype=np.int64),
        run=run_of_candidate[candidate],
        run_offering=runs[0],
        run_slots=runs[1],
        run_room=room_left(problem, runs, problem.capacity_units, problem.node_power_watts),
    )
    _tighten(in_window, problem.value_micros, prefix_sums(problem.unit_cost_micros))
    return _only(in_window, np.flatnonzero(in_window.alone_net_micros > 0))


def _only(options: Options, keep: Int64Array) -> Options:
    """The options at the rising positions `keep`."""
    kept = [name for name in Options._fields if name != "job_start" and not name.startswith("run_")]
    columns = {name: getattr(options, name)[keep] for name in kept}
    jobs = np.arange(options.job_start.size)
    return options._replace(job_start=np.searchsorted(columns["job"], jobs).astype(np.int64), **columns)


def prefix_sums(per_slot: Int64Array) -> Int64Array:
    """(O, T) -> (O, T + 1) with a leading zero: a window's sum is a difference of two entries."""
    sums = np.zeros((per_slot.shape[0], per_slot.shape[1] + 1), dtype=np.int64)
    np.cumsum(per_slot, axis=1, out=sums[:, 1:])
    return sums


def room_left(
    problem: ClearingProblem, runs: tuple[Int64Array, Int64Array], units: Int64Array, watts: Int64Array
) -> Int64Array:
    """(R, T) largest gang each run (offering, slots) could start in each slot, where `units` (O, T) and `watts` (N, T)
    are free; -1 where it would not end within the horizon."""
    offering, slots = runs
    watts_per_unit = problem.facility_watts_per_unit[:, None]
    by_power = watts[problem.offering_node] // np.maximum(watts_per_unit, 1)
    alone = np.where(watts_per_unit > 0, np.minimum(units, by_power), units)
    room = np.full((offering.size, problem.slots), -1, dtype=np.int64)
    _least_in_windows(alone, offering, slots, room)
    return room


def _runs(problem: ClearingProblem) -> tuple[Int64Array, tuple[Int64Array, Int64Array]]:
    """(C,) run of each candidate, and the distinct runs: (R,) offering, (R,) slots."""
    stride = int(problem.candidate_slots.max(initial=0)) + 1
    keys = problem.candidate_offering.astype(np.int64) * stride + problem.candidate_slots
    distinct, run = np.unique(keys, return_inverse=True)
    return run.astype(np.int64), (distinct // stride, distinct % stride)


@compiled
def _least_in_windows(alone: Int64Array, offering: Int64Array, slots: Int64Array, room: Int64Array) -> None:
    """Fill `room` with the least of `alone` over each run's slots from each start."""
    horizon = alone.shape[1]
    for run in range(offering.size):
        row, length = alone[offering[run]], slots[run]
        for start in range(horizon - length + 1):
            least = row[start]
            for slot in range(start + 1, start + length):
                least = min(least, row[slot])
            room[run, start] = least


@compiled
def _tighten(options: Options, value: Int64Array, cost_sums: Int64Array) -> None:
    """Narrow `first` and `last` to starts that could run alone and set `alone_net_micros`, all in place."""
    for option in range(options.job.size):
        found_first, found_last, best = 1, 0, 0
        row, length = cost_sums[options.offering[option]], options.slots[option]
        room = options.run_room[options.run[option]]
        for start in range(options.first[option], options.last[option] + 1):
            if room[start] >= options.gang[option]:
                cost = row[start + length] - row[start]
                if found_first > found_last:
                    found_first, best = start, cost
                found_last = start
                best = min(best, cost)
        options.first[option], options.last[option] = found_first, found_last
        if found_first <= found_last:
            spent = options.fixed_micros[option] + options.gang[option] * best
            options.alone_net_micros[option] = value[options.job[option]] - spent
