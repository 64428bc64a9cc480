"""The dual, descended: prices at which what is asked for fits into what is free.

The soft dual (see `demand`) is smooth and convex; projected L-BFGS takes it
down while the softness falls, as in Nesterov's smoothing (2005). Prices are scaled by sqrt(cost / capacity), which
makes the curvature of all of them about the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.market import Market, SoftPrices, sample_every
from solver.outcome import Float64Array
from solver.problem import ClearingProblem
from solver.quasi_newton import Curvature, minimise, no_curvature
from solver.stopwatch import Stopwatch


class Leg(NamedTuple):
    """One leg of the descent: how soft, and how many evaluations."""

    softness: float
    evaluations: int


COOLING = (
    *(Leg(5e-2, 12), Leg(1e-2, 20), Leg(2e-3, 30)),
    *(Leg(8e-4, 20), Leg(3e-4, 20), Leg(1e-4, 25), Leg(3e-5, 25)),
)
PATIENCE = 5
"""Where evaluations are cheap, up to so many times as many are made: few jobs leave kinks, few classes sharp valleys."""
PATIENT_PLACES = 1_600_000
"""So many places, looked at in about 5 ms, allow the usual number of evaluations; fewer places allow more."""
ROUGH_LEGS = 5
"""So many legs are walked on a sample where there are many jobs: they need not be exact, and are many times cheaper."""
SAMPLE_JOBS = 20_000
"""About so many jobs make a sample."""


def cool_down(market: Market, stopwatch: Stopwatch, share: float = 1.0) -> SoftPrices:
    """Prices from zero, softness falling; the best met by their hard dual, in case a leg lost ground.

    A market that is a share of a larger one gets as many evaluations as that would: parts take no longer than the whole.
    """
    prices = SoftPrices(np.zeros(market.free.units.shape), np.zeros(market.free.watts.shape))
    jobs = max(1, market.problem.jobs)
    every = sample_every(jobs, SAMPLE_JOBS)
    patience = min(PATIENCE, max(1, int(PATIENT_PLACES * share) // max(1, market.places)))
    legs = [Leg(leg.softness, patience * leg.evaluations) for leg in COOLING]
    market.open_to_sample(every)
    curvature = no_curvature()
    for leg in legs[:ROUGH_LEGS]:
        prices = descend(market, prices, leg, curvature, stopwatch)
    market.open_to_sample(1)
    best, least = prices, market.bound(prices)
    for leg in legs[ROUGH_LEGS:]:
        if stopwatch.is_up():
            break
        prices = descend(market, prices, leg, curvature, stopwatch)
        bound = market.bound(prices)
        if bound < least:
            best, least = prices, bound
    return best


def descend(
    market: Market, prices: SoftPrices, leg: Leg, curvature: Curvature, stopwatch: Stopwatch
) -> SoftPrices:
    """Lower the market's soft dual from these prices, for so many evaluations, with and for what is learnt of it."""
    coordinates, kilowatts = _Coordinates(market.problem), market.layout.watts[:, None] / 1000.0

    def soft_dual(point: Float64Array) -> tuple[float, Float64Array]:
        at = coordinates.prices(point)
        demand = market.ask(at, leg.softness)
        draw = np.zeros(market.free.watts.shape)
        np.add.at(draw, market.layout.node, demand.units * kilowatts)
        slope = coordinates.slope(market.free.units - demand.units, market.free.watts / 1000.0 - draw)
        return (market.worth_of_free(at) + demand.surplus_micros) / coordinates.value, slope

    start = coordinates.point(prices)
    if not start.size:
        return prices
    return coordinates.prices(minimise(soft_dual, start, leg.evaluations, curvature, stopwatch.is_up))


class _Coordinates:
    """Prices as one vector of numbers that matter alike: only those that could be positive, each scaled."""

    def __init__(self, problem: ClearingProblem) -> None:
        kilowatts = problem.facility_watts_per_unit / 1000.0
        self._unit_priced = problem.capacity_units > 0
        draw = np.zeros(problem.node_power_watts.shape)
        np.add.at(draw, problem.offering_node, problem.capacity_units * kilowatts[:, None])
        self._power_priced = draw > problem.node_power_watts / 1000.0
        cost = np.maximum(np.abs(problem.unit_cost_micros.astype(np.float64)), 1.0)
        unit = np.sqrt(cost / np.maximum(problem.capacity_units, 1))
        typical = (cost.mean() if cost.size else 1.0) / max(kilowatts.mean() if kilowatts.size else 1.0, 1e-6)
        power = np.sqrt(typical / np.maximum(problem.node_power_watts / 1000.0, 1.0))
        self.value = max(float(problem.value_micros.sum(dtype=np.float64)), 1.0)
        self._scale = self._join(unit, power) * np.sqrt(self.value)

    def point(self, prices: SoftPrices) -> Float64Array:
        """Where these prices are."""
        point: Float64Array = self._join(prices.unit, prices.power) / self._scale
        return point

    def prices(self, point: Float64Array) -> SoftPrices:
        """The prices at a point."""
        micros = point * self._scale
        unit, power = np.zeros(self._unit_priced.shape), np.zeros(self._power_priced.shape)
        of_units = int(self._unit_priced.sum())
        unit[self._unit_priced], power[self._power_priced] = micros[:of_units], micros[of_units:]
        return SoftPrices(unit, power)

    def slope(self, unit: Float64Array, power: Float64Array) -> Float64Array:
        """The slope of the dual over its value, from its slopes in prices."""
        slope: Float64Array = self._join(unit, power) * (self._scale / self.value)
        return slope

    def _join(self, unit: Float64Array, power: Float64Array) -> Float64Array:
        return np.concatenate([unit[self._unit_priced], power[self._power_priced]])
