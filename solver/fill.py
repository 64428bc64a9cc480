"""Serve who is left: the last step of every way to place jobs, always within every limit."""

from __future__ import annotations

import numpy as np

from solver.demand import Prices, guide_of, no_prices, respond
from solver.floor import Floor, place_in_order
from solver.options import Options
from solver.problem import ClearingProblem, Int64Array


def fill(problem: ClearingProblem, options: Options, floor: Floor, prices: Prices) -> None:
    """Serve who is left, most reduced value first, at the prices, at half of them, at none."""
    half = Prices(prices.unit_micros // 2, prices.power_micros // 2)
    for level in (prices, half, no_prices(problem)):
        order = surplus_order(problem, options, level)
        place_in_order(problem, options, floor, order, guide_of(problem, options, level))


def surplus_order(problem: ClearingProblem, options: Options, prices: Prices) -> Int64Array:
    """(J,) jobs by falling surplus at the prices as a share of value; ties to the earlier job."""
    surplus = respond(problem, options, prices).net_micros / np.maximum(1, problem.value_micros)
    return np.argsort(-surplus, kind="stable")
