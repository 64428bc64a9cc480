"""The dive: place jobs stage by stage at the prices, and re-price what is left before the next stage.

Large values go first, each at its least reduced cost among the starts that still fit. Between stages a short
subgradient walk lowers the dual of the residual market: the jobs still to come, against what is still free, leaving
out placements that no longer fit. Prices thus follow the holes that whole jobs really leave.
"""

from __future__ import annotations

import numpy as np

from solver.demand import NOBODY, Prices, guide_of
from solver.fill import fill
from solver.floor import Floor, empty_floor, place_jobs, site_of
from solver.options import Options, prefix_sums, room_left
from solver.outcome import Float64Array
from solver.prices import Market, Stride, descend
from solver.problem import ClearingProblem, Int64Array
from solver.stopwatch import Stopwatch

STAGES = 60
MANY_STAGES = 200
BETWEEN_STAGES = Stride(steps=30, first_length=0.05)
CELLS = 3_000_000_000
"""(option, start) pairs looked at in one dive, at most: larger problems take fewer stages."""


def dive(
    problem: ClearingProblem,
    options: Options,
    prices: Prices,
    order: Int64Array,
    stopwatch: Stopwatch,
    stages: int = STAGES,
) -> Floor:
    """Placements from one dive over the jobs in `order`; when the time is up the rest is filled in at once."""
    starts = int(np.maximum(0, options.last - options.first + 1).sum())
    stages = max(1, min(stages, order.size, CELLS // (BETWEEN_STAGES.steps * max(1, starts))))
    floor, site = empty_floor(problem), site_of(problem)
    waiting, runs = problem.value_micros.copy(), (options.run_offering, options.run_slots)
    first_prices = prices
    for stage in np.array_split(order, stages):
        guide = prefix_sums(guide_of(problem, options, prices))
        place_jobs(stage, problem.value_micros, options, site, guide, floor)
        waiting[stage] = NOBODY
        if stopwatch.is_up():
            break
        room = room_left(problem, runs, floor.free_units, floor.free_watts)
        left = Market(options._replace(run_room=room), waiting, floor.free_units, floor.free_watts)
        prices = descend(problem, left, prices, BETWEEN_STAGES)
    fill(problem, options, floor, first_prices)
    return floor


def plans(problem: ClearingProblem, options: Options) -> list[tuple[str, Int64Array, int]]:
    """Name, order of the jobs that have an option, and stages of the dives worth trying."""
    gang, work = np.zeros(problem.jobs), np.ones(problem.jobs)
    np.maximum.at(gang, options.job, options.gang.astype(np.float64))
    np.maximum.at(work, options.job, (options.gang * options.slots).astype(np.float64))
    value: Float64Array = problem.value_micros.astype(np.float64)
    by_value, by_gang, by_density = (
        _falling(options, key) for key in (value, value * np.sqrt(gang), value / np.sqrt(work))
    )
    return [
        ("dive by value", by_value, STAGES),
        ("dive by value and gang", by_gang, STAGES),
        ("dive by value and work", by_density, STAGES),
        ("long dive by value", by_value, MANY_STAGES),
    ]


def _falling(options: Options, key: Float64Array) -> Int64Array:
    """Jobs that have an option, by falling key; ties to the earlier job."""
    jobs = np.flatnonzero(np.diff(options.job_start) > 0)
    return jobs[np.argsort(-key[jobs], kind="stable")]
