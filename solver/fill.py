"""Serve who is left: the last step of every way to place jobs, always within every limit."""

from __future__ import annotations

import numpy as np

from solver.compiled import compiled
from solver.floor import Floor, place_in_order
from solver.layout import Layout, prefix_sums
from solver.outcome import Float64Array
from solver.prices import Prices, guide_of, no_prices, share_of
from solver.problem import ClearingProblem, Int64Array


def fill(problem: ClearingProblem, layout: Layout, floor: Floor, prices: Prices) -> None:
    """Serve who is left, largest share of value gained first, at the prices, at half of them, at none."""
    for level in (prices, share_of(prices, 5), no_prices(problem)):
        guide = guide_of(problem, layout, level)
        waiting = np.flatnonzero(floor.candidate < 0)
        gain = gain_at(layout, waiting, guide)
        order = waiting[gain > 0][np.argsort(-gain[gain > 0], kind="stable")]
        place_in_order(layout, floor, order, guide)


def gain_at(layout: Layout, jobs: Int64Array, guide_micros: Int64Array) -> Float64Array:
    """For each of the jobs, value less least guided cost with nothing else running, as a share of value."""
    gain = np.zeros(jobs.size)
    _gain(jobs, layout, prefix_sums(guide_micros), gain)
    return gain


@compiled
def _gain(jobs: Int64Array, layout: Layout, guide_sums: Int64Array, gain: Float64Array) -> None:
    for index in range(jobs.size):
        job = jobs[index]
        value, scale, profile = layout.value_micros[job], layout.scale[job], layout.profile[job]
        best = 0
        for candidate in range(layout.profile_start[profile], layout.profile_start[profile + 1]):
            sums, length = guide_sums[layout.offering[candidate]], layout.slots[candidate]
            for start in range(layout.first[job], layout.end[job] - length + 1):
                per_unit = sums[start + length] - sums[start]
                cost = scale * (layout.fixed_micros[candidate] + layout.units[candidate] * per_unit)
                best = max(best, value - cost)
        gain[index] = best / max(1, value)
