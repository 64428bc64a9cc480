"""Starting from an earlier clearing: keep what is still right, and re-clear the rest from the old prices.

Jobs are matched by index. A placement is kept where it is still allowed, still pays, and is at the polished prices
about the best its job could have; everyone else waits, and a short dive places them on what is left.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solver.compiled import compiled
from solver.descent import Leg, descend
from solver.dive import Plan, dive, value_order
from solver.errors import ClearingError
from solver.fill import fill, gain_at
from solver.floor import Floor, empty_floor, fits, put, remove
from solver.incumbent import Incumbent
from solver.layout import Layout, prefix_sums
from solver.market import Market, SoftPrices, open_market
from solver.outcome import Clearing
from solver.prices import Prices, guide_of, whole_prices
from solver.problem import ClearingProblem, Int64Array
from solver.quasi_newton import no_curvature
from solver.shards import ShardPool
from solver.stopwatch import Stopwatch

POLISH = (Leg(3e-4, 12), Leg(1e-4, 10), Leg(3e-5, 8))
"""How the old prices are brought up to date."""
REGRET = 5e-3
"""A placement may stay behind its job's best by this share of the value and still be kept."""
STAGES, BETWEEN = 8, Leg(1e-3, 6)


def start_from(
    earlier: Clearing, best: Incumbent, open_pool: Callable[[], ShardPool], stopwatch: Stopwatch
) -> None:
    """Offer what the earlier clearing gives: its placements, and those again at its prices, polished if need be."""
    problem, layout = best.problem, best.layout
    old = earlier_prices(problem, earlier)
    best.prove("earlier prices", old)
    best.offer("earlier placements", _kept_and_filled(problem, layout, earlier, old))
    if best.is_enough():
        return
    with open_market(problem, layout, best.room, open_pool) as market:
        prices = SoftPrices(old.unit_micros.astype(np.float64), old.power_micros.astype(np.float64))
        best.offer("placed again", place_again(market, earlier, prices, stopwatch))
        if not best.is_enough():
            prices = _polish(market, prices, stopwatch)
            best.prove("polished prices", whole_prices(*prices))
            best.offer("placed at polished prices", place_again(market, earlier, prices, stopwatch))


def _polish(market: Market, prices: SoftPrices, stopwatch: Stopwatch) -> SoftPrices:
    """The prices, descended a little in the market as it is now."""
    market.open_to_sample(1)
    best, least, curvature = prices, market.bound(prices), no_curvature()
    for leg in POLISH:
        prices = descend(market, prices, leg, curvature, stopwatch)
        bound = market.bound(prices)
        if bound < least:
            best, least = prices, bound
    return best


def place_again(market: Market, earlier: Clearing, prices: SoftPrices, stopwatch: Stopwatch) -> Floor:
    """Placements kept where they are still right, the rest dived for."""
    problem, layout = market.problem, market.layout
    guide = guide_of(problem, layout, whole_prices(*prices))
    floor = kept(problem, layout, earlier)
    _take_off_regretted(layout, prefix_sums(guide), _best_gain(layout, guide), floor)
    plan = Plan("dive again", value_order(layout), STAGES, BETWEEN)
    return dive(market, prices, plan, stopwatch, floor)


def _kept_and_filled(problem: ClearingProblem, layout: Layout, earlier: Clearing, prices: Prices) -> Floor:
    floor = kept(problem, layout, earlier)
    fill(problem, layout, floor, prices)
    return floor


def kept(problem: ClearingProblem, layout: Layout, earlier: Clearing) -> Floor:
    """The earlier placements that are still possible and still pay, taken by job as long as they fit."""
    floor = empty_floor(problem)
    jobs = min(problem.jobs, earlier.chosen.size, earlier.start_slot.size)
    chosen, start = earlier.chosen[:jobs].astype(np.int64), earlier.start_slot[:jobs].astype(np.int64)
    _put_possible(chosen, start, layout, prefix_sums(problem.unit_cost_micros), floor)
    return floor


def earlier_prices(problem: ClearingProblem, earlier: Clearing) -> Prices:
    """The earlier prices; ClearingError where they belong to a market of another shape."""
    if (
        earlier.price_micros.shape != problem.capacity_units.shape
        or earlier.power_price_micros.shape != problem.node_power_watts.shape
    ):
        raise ClearingError(
            "WRONG_SHAPE", "the earlier clearing has other offerings, nodes or slots: start without it"
        )
    # Below zero a price proves nothing.
    return Prices(np.maximum(earlier.price_micros, 0), np.maximum(earlier.power_price_micros, 0))


def _best_gain(layout: Layout, guide: Int64Array) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return gain_at(layout, np.arange(layout.profile.size, dtype=np.int64), guide)


@compiled
def _put_possible(
    chosen: Int64Array, start: Int64Array, layout: Layout, cost_sums: Int64Array, floor: Floor
) -> None:
    for job in range(chosen.size):
        candidate, begin, profile = chosen[job], start[job], layout.profile[job]
        known = layout.profile_start[profile] <= candidate < layout.profile_start[profile + 1]
        if known and layout.first[job] <= begin and begin + layout.slots[candidate] <= layout.end[job]:
            offering, end = layout.offering[candidate], begin + layout.slots[candidate]
            gang, sums = layout.scale[job] * layout.units[candidate], cost_sums[offering]
            cost = layout.scale[job] * layout.fixed_micros[candidate] + gang * (sums[end] - sums[begin])
            free_units, free_watts = floor.free_units[offering], floor.free_watts[layout.node[offering]]
            watts = gang * layout.watts[offering]
            if cost < layout.value_micros[job] and fits(free_units, free_watts, gang, watts, begin, end):
                put(job, candidate, begin, layout, floor)


@compiled
def _take_off_regretted(
    layout: Layout,
    guide_sums: Int64Array,
    best: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    floor: Floor,
) -> None:
    """Take placements off that stay behind their job's best gain, as a share of value, by more than REGRET."""
    for job in range(layout.profile.size):
        candidate, begin = floor.candidate[job], floor.start[job]
        if candidate >= 0:
            sums, end = guide_sums[layout.offering[candidate]], begin + layout.slots[candidate]
            per_scale = layout.fixed_micros[candidate] + layout.units[candidate] * (sums[end] - sums[begin])
            gain = (layout.value_micros[job] - layout.scale[job] * per_scale) / max(
                1, layout.value_micros[job]
            )
            if gain < best[job] - REGRET:
                remove(job, layout, floor)
