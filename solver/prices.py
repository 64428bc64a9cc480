"""A first price for every scarce hour: a projected subgradient walk on the dual, and the placements met on the way.

The dual D(p, w) of MODEL.md is convex; demand less capacity is a subgradient. Steps fall like 1 / k (Shor 1985; Held,
Wolfe and Crowder 1974). The walk ends within about half a percent of the least bound, and the placements that were
best on its later part are the columns the master program starts from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from solver.certify import dual_bound
from solver.demand import Prices, Response, no_prices, respond, whole_prices
from solver.options import Options
from solver.outcome import Float64Array
from solver.problem import ClearingProblem, Int64Array
from solver.stopwatch import Stopwatch

STEPS = 600
CELLS = 4_000_000_000
"""(option, start) pairs looked at in a whole walk, at most: larger problems take fewer steps."""
PERIOD = 12
"""The step length is halved after this many steps, cut to a third after twice as many, and so on."""
KEEP_FROM = 0.4
"""Placements are kept from this part of the walk on."""


class Market(NamedTuple):
    """What is for sale and to whom: all of the problem, or what a dive has left of it."""

    options: Options
    value_micros: Int64Array
    """(J,) value of each job; far below zero for jobs that no longer ask."""
    units: Int64Array
    """(O, T) free."""
    watts: Int64Array
    """(N, T) free."""


class Walk(NamedTuple):
    """Where the walk came to."""

    prices: Prices
    """The best met."""
    bound_micros: int
    """What they prove."""
    columns: dict[tuple[int, int], None]
    """(option, start) that were some job's best on the later part; an ordered set."""


def walk_prices(problem: ClearingProblem, options: Options, stopwatch: Stopwatch) -> Walk:
    """Descend from zero prices; stops early only when the time is up."""
    columns: dict[tuple[int, int], None] = {}
    starts = int(np.maximum(0, options.last - options.first + 1).sum())
    steps = min(STEPS, max(30, CELLS // max(1, starts)))

    def keep_columns(step: int, response: Response) -> bool:
        if step >= KEEP_FROM * steps:
            placed = np.flatnonzero(response.option >= 0)
            pairs = zip(response.option[placed].tolist(), response.start[placed].tolist(), strict=True)
            columns.update(dict.fromkeys(pairs))
        return not stopwatch.is_up()

    market = Market(options, problem.value_micros, problem.capacity_units, problem.node_power_watts)
    prices = descend(problem, market, no_prices(problem), Stride(steps, 0.5), keep_columns)
    return Walk(prices, dual_bound(problem, options, *prices), columns)


class Stride(NamedTuple):
    """How far to walk: number of steps, and length of the first in mean net values per unit and slot."""

    steps: int
    first_length: float


def descend(
    problem: ClearingProblem,
    market: Market,
    prices: Prices,
    stride: Stride,
    go_on: Callable[[int, Response], bool] = lambda _step, _response: True,
) -> Prices:
    """The best prices met on a walk from `prices`; `go_on` sees every step's response and may end the walk."""
    scale, power_scale = price_scales(problem, market.options)
    unit, power = (part.astype(np.float64) for part in prices)
    capacity, watts = (np.maximum(free, 1).astype(np.float64) for free in (market.units, market.watts))
    best, best_dual = prices, np.inf
    for step in range(stride.steps):
        prices = whole_prices(unit, power)
        response = respond(problem, market.options, prices, market.value_micros)
        dual = _dual(market, prices, response)
        if dual < best_dual:
            best, best_dual = prices, dual
        if not go_on(step, response):
            break
        length = stride.first_length / (1 + step / PERIOD)
        excess = np.clip((response.units - market.units) / capacity, -1, 2)
        unit = np.maximum(0.0, unit + length * scale * excess)
        excess = np.clip((response.watts - market.watts.astype(np.float64)) / watts, -1, 2)
        power = np.maximum(0.0, power + length * power_scale * excess)
    return best


def _dual(market: Market, prices: Prices, response: Response) -> float:
    """D at the prices, in floats: good enough to rank them."""
    units = float((market.units * prices.unit_micros.astype(np.float64)).sum())
    watts = float((market.watts * (prices.power_micros / 1000.0)).sum())
    return units + watts + float(response.net_micros.sum(dtype=np.float64))


def price_scales(problem: ClearingProblem, options: Options) -> tuple[Float64Array, Float64Array]:
    """(O, 1) and (N, 1): the net value a unit, or a kilowatt, brings per slot, on average over the options there."""
    density = options.alone_net_micros / np.maximum(1, options.gang * options.slots)
    offering = options.offering
    count = np.bincount(offering, minlength=problem.offerings)
    scale = np.bincount(offering, weights=density, minlength=problem.offerings) / np.maximum(1, count)
    kilowatts = np.maximum(1e-3, problem.facility_watts_per_unit / 1000.0)
    node = problem.offering_node
    node_count = np.bincount(node, weights=count, minlength=problem.nodes)
    node_sum = np.bincount(node, weights=count * scale / kilowatts, minlength=problem.nodes)
    return scale[:, None], (node_sum / np.maximum(1, node_count))[:, None]
