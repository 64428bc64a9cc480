"""The dive: place jobs stage by stage at the prices, and re-price what is left before the next stage.

Much work goes first, each job at its least reduced cost among the starts that still fit. Between stages the prices of
the residual market are descended a little further: the jobs still waiting, against what is still free, leaving out
placements that no longer fit. Prices thus follow the holes that whole jobs really leave.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.compiled import compiled
from solver.descent import Leg, descend
from solver.fill import fill
from solver.floor import Floor, empty_floor, place_in_order
from solver.layout import Layout
from solver.market import Market, SoftPrices, sample_every
from solver.outcome import Float64Array
from solver.prices import guide_of, whole_prices
from solver.problem import Int64Array
from solver.quasi_newton import no_curvature
from solver.stopwatch import Stopwatch

SEVERAL_JOBS, MANY_JOBS = 5_000, 50_000
MANY_PLACES = 5_000_000
"""Above so many candidates x starts an evaluation is slow, however few the jobs."""
SAMPLE_JOBS = 20_000
"""Between stages prices are descended on a sample of about so many jobs, against its share of what is free."""


MOST_FOR_STAGES = 0.85
"""Share of the seconds left that the stages may take: filling in those who are left takes time as well."""


class Plan(NamedTuple):
    """How to dive: which jobs first, in how many stages, and how prices are descended in between."""

    name: str
    order: Int64Array
    stages: int
    between: Leg


def plans(layout: Layout, places: int) -> list[Plan]:
    """The dives worth trying, the best first; larger problems afford fewer and shorter ones."""
    jobs, by_value = layout.profile.size, value_order(layout)
    if jobs > MANY_JOBS or places > MANY_PLACES:
        return [
            Plan("dive by value", by_value, 24, Leg(1e-3, 8)),
            Plan("dive by value, slowly", by_value, 60, Leg(1e-3, 10)),
        ]
    if jobs > SEVERAL_JOBS:
        return [
            Plan("dive by value", by_value, 60, Leg(1e-3, 10)),
            Plan("dive by work", work_order(layout), 60, Leg(1e-3, 10)),
        ]
    return [
        Plan("dive by work", work_order(layout), 60, Leg(2e-3, 10)),
        Plan("dive by value", by_value, 60, Leg(1e-3, 16)),
    ]


def dive(
    market: Market, prices: SoftPrices, plan: Plan, stopwatch: Stopwatch, floor: Floor | None = None
) -> Floor:
    """Placements from one dive from these prices, on an empty floor or one where some jobs already run.

    When most of the time is gone the rest is filled in at once.
    """
    problem, layout, stopwatch = market.problem, market.layout, stopwatch.part(MOST_FOR_STAGES)
    floor, at_first = floor or empty_floor(problem), whole_prices(*prices)
    waiting = floor.candidate < 0
    stages = _stages(layout, plan.order[waiting[plan.order]], plan.stages)
    every = sample_every(problem.jobs, SAMPLE_JOBS)
    among, curvature = market.book.sample(every), no_curvature()
    for number, stage in enumerate(stages, start=1):
        place_in_order(layout, floor, stage, guide_of(problem, layout, whole_prices(*prices)))
        waiting[stage] = False
        if stopwatch.is_up() or number == len(stages):
            break
        market.open_to(waiting & among, floor.free_units, floor.free_watts, 1.0 / every)
        prices = descend(market, prices, plan.between, curvature, stopwatch)
    fill(problem, layout, floor, at_first)
    return floor


def work_order(layout: Layout) -> Int64Array:
    """(J,) jobs by falling work of their least candidate (scale x units x slots); ties to the earlier job."""
    return np.argsort(-_work(layout), kind="stable").astype(np.int64)


def value_order(layout: Layout) -> Int64Array:
    """(J,) jobs by falling value; ties to the earlier job."""
    return np.argsort(-layout.value_micros, kind="stable").astype(np.int64)


def _stages(layout: Layout, order: Int64Array, stages: int) -> list[Int64Array]:
    """The order cut into stages of about equal work."""
    if not order.size:
        return []
    done = np.cumsum(_work(layout)[order])
    cuts = np.searchsorted(done, done[-1] * np.arange(1, stages) / stages, side="left") + 1
    return [stage for stage in np.split(order, np.unique(np.minimum(cuts, order.size))) if stage.size]


def _work(layout: Layout) -> Float64Array:
    per_scale = np.zeros(layout.profile_start.size - 1)
    _least_work(layout, per_scale)
    return layout.scale * per_scale[layout.profile]


@compiled
def _least_work(layout: Layout, per_scale: Float64Array) -> None:
    for profile in range(per_scale.size):
        begin, past = layout.profile_start[profile], layout.profile_start[profile + 1]
        if past > begin:
            least = layout.units[begin] * layout.slots[begin]
            for candidate in range(begin + 1, past):
                least = min(least, layout.units[candidate] * layout.slots[candidate])
            per_scale[profile] = least
