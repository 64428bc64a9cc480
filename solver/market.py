"""The market in prices: its dual, evaluated by shards, over the jobs that wait and what is free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.classes import ClassBook
from solver.demand import Demand
from solver.layout import Layout, room_of
from solver.outcome import Float64Array
from solver.problem import ClearingProblem, Int64Array
from solver.shards import LocalShards, ShardPool


class Free(NamedTuple):
    """What is free: (O, T) units and (N, T) watts."""

    units: Int64Array | Float64Array
    watts: Int64Array | Float64Array


class SoftPrices(NamedTuple):
    """Prices as the descent has them: micros per unit and slot (O, T), per kilowatt and slot (N, T)."""

    unit: Float64Array
    power: Float64Array


@dataclass
class Market:
    """Who waits, what is free, and the shards that know what the waiting jobs ask for."""

    problem: ClearingProblem
    layout: Layout
    book: ClassBook
    pool: ShardPool
    free: Free

    def open_to(self, waiting: npt.NDArray[np.bool_], free: Free) -> None:
        """From now on these jobs, (J,) true, meet this much free."""
        self.free = free
        self.pool.assign(self.book.classes_of(waiting), room_of(self.layout, *free))

    def open_to_sample(self, every: int) -> None:
        """From now on one job in so many meets its share of what the empty floor has; room stays what it is."""
        whole = Free(self.problem.capacity_units, self.problem.node_power_watts)
        self.pool.assign(self.book.classes_of(self.book.sample(every)), room_of(self.layout, *whole))
        self.free = Free(whole.units / every, whole.watts / every)

    def open_to_all(self) -> None:
        """From now on all jobs meet all that the empty floor has."""
        everyone = np.ones(self.problem.jobs, dtype=np.bool_)
        self.open_to(everyone, Free(self.problem.capacity_units, self.problem.node_power_watts))

    def ask(self, prices: SoftPrices, softness: float) -> Demand:
        """What the waiting jobs ask for at the prices."""
        per_kilowatt = prices.power[self.layout.node]
        cost = (
            self.problem.unit_cost_micros + prices.unit + self.layout.watts[:, None] / 1000.0 * per_kilowatt
        )
        sums = np.zeros((cost.shape[0], cost.shape[1] + 1))
        np.cumsum(cost, axis=1, out=sums[:, 1:])
        return self.pool.ask(sums, softness)

    def bound(self, prices: SoftPrices) -> float:
        """D at the prices, in floats: good enough to rank prices, not to prove."""
        return self.worth_of_free(prices) + self.ask(prices, 0.0).surplus_micros

    def worth_of_free(self, prices: SoftPrices) -> float:
        """What everything free would fetch at the prices."""
        return float((self.free.units * prices.unit).sum() + (self.free.watts / 1000.0 * prices.power).sum())


@contextmanager
def open_market(problem: ClearingProblem, layout: Layout, room: Int64Array, workers: int) -> Iterator[Market]:
    """A market where all jobs wait and nothing is taken; its shards are let go at the end."""
    pool = LocalShards(layout, workers)
    try:
        free = Free(problem.capacity_units, problem.node_power_watts)
        market = Market(problem, layout, ClassBook(layout, room), pool, free)
        classes = market.book.classes_of(np.ones(problem.jobs, dtype=np.bool_))
        pool.assign(classes, room)
        nothing = SoftPrices(np.zeros(free.units.shape), np.zeros(free.watts.shape))
        market.book.learn_heat(classes, market.ask(nothing, 0.0).least_cost)
        market.open_to_all()
        yield market
    finally:
        pool.close()
