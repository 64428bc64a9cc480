"""Congestion prices: whole micros on top of the unit cost, and how they guide a choice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.layout import Layout
from solver.outcome import Float64Array
from solver.problem import LARGEST, ClearingProblem, Int64Array


class Prices(NamedTuple):
    """Congestion prices in whole micros: per unit and slot (O, T), per kilowatt and slot (N, T)."""

    unit_micros: Int64Array
    power_micros: Int64Array


def no_prices(problem: ClearingProblem) -> Prices:
    """Zero everywhere."""
    return Prices(np.zeros_like(problem.capacity_units), np.zeros_like(problem.node_power_watts))


def whole_prices(unit_micros: Float64Array, power_micros: Float64Array) -> Prices:
    """Rounded to whole micros, none negative."""
    return Prices(
        *(np.rint(np.clip(part, 0, 2.0**53)).astype(np.int64) for part in (unit_micros, power_micros))
    )


def share_of(prices: Prices, tenths: int) -> Prices:
    """So many tenths of the prices."""
    return Prices(prices.unit_micros // 10 * tenths, prices.power_micros // 10 * tenths)


def guide_of(problem: ClearingProblem, layout: Layout, prices: Prices) -> Int64Array:
    """(O, T) what one unit costs in a slot with congestion, in micros: the power part is rounded down.

    Guides choose placements and prove nothing, so they are cut off where gang x slots x guide could exceed 64 bits.
    """
    watts = layout.watts.astype(np.float64)[:, None]
    congestion = prices.unit_micros + np.floor(watts * prices.power_micros[layout.node] / 1000)
    largest = np.zeros(problem.offerings)
    gang = float(layout.scale.max(initial=1)) * layout.units * layout.slots.astype(np.float64)
    np.maximum.at(largest, layout.offering, gang)
    ceiling = np.floor(LARGEST / 4 / np.maximum(1.0, largest))[:, None]
    return problem.unit_cost_micros + np.minimum(congestion, ceiling).astype(np.int64)
