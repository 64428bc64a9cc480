"""The market in prices: its dual, evaluated by shards, over the jobs that wait and what is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.classes import ClassBook, Classes
from solver.demand import Demand
from solver.layout import Layout, room_of
from solver.outcome import Float64Array
from solver.problem import ClearingProblem, Int64Array
from solver.shards import ShardPool

RAREST_SAMPLE = 20
"""Samples take at least one job in so many: thinner ones leave out the rare profiles, and with them their prices."""


def sample_every(jobs: int, sample_jobs: int) -> int:
    """One job in how many makes a sample of about `sample_jobs`."""
    return max(1, min(RAREST_SAMPLE, jobs // sample_jobs))


class Free(NamedTuple):
    """What is free: (O, T) units and (N, T) watts."""

    units: Float64Array
    watts: Float64Array


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
    places: int
    """How many candidates x starts all classes have together: what one evaluation looks at while everybody waits."""

    def open_to(
        self, waiting: npt.NDArray[np.bool_], units: Int64Array, watts: Int64Array, share: float = 1.0
    ) -> None:
        """From now on these jobs, (J,) true, meet this share of (O, T) units and (N, T) watts; room is for the whole."""
        self.free = Free(units.astype(np.float64) * share, watts.astype(np.float64) * share)
        self.pool.assign(self.book.classes_of(waiting), room_of(self.layout, units, watts))

    def open_to_sample(self, every: int) -> None:
        """From now on one job in so many meets its share of what the empty floor has."""
        sample = self.book.sample(every)
        self.open_to(sample, self.problem.capacity_units, self.problem.node_power_watts, 1.0 / every)

    def ask(self, prices: SoftPrices, softness: float) -> Demand:
        """What the waiting jobs ask for at the prices."""
        return self.pool.ask(self._cost_sums(prices), softness)

    def least_costs(self, prices: SoftPrices) -> Float64Array:
        """(K,) what each waiting class costs at least for scale 1 at the prices."""
        return self.pool.least_costs(self._cost_sums(prices))

    def bound(self, prices: SoftPrices) -> float:
        """D at the prices, in floats: good enough to rank prices, not to prove."""
        return self.worth_of_free(prices) + self.ask(prices, 0.0).surplus_micros

    def worth_of_free(self, prices: SoftPrices) -> float:
        """What everything free would fetch at the prices."""
        return float((self.free.units * prices.unit).sum() + (self.free.watts / 1000.0 * prices.power).sum())

    def _cost_sums(self, prices: SoftPrices) -> Float64Array:
        """(O, T + 1) prefix sums of what a unit costs, prices included."""
        per_kilowatt = prices.power[self.layout.node]
        cost = (
            self.problem.unit_cost_micros + prices.unit + self.layout.watts[:, None] / 1000.0 * per_kilowatt
        )
        sums = np.zeros((cost.shape[0], cost.shape[1] + 1))
        np.cumsum(cost, axis=1, out=sums[:, 1:])
        return sums


@contextmanager
def open_market(
    problem: ClearingProblem, layout: Layout, room: Int64Array, open_pool: Callable[[], ShardPool]
) -> Iterator[Market]:
    """A market where all jobs wait and nothing is taken; its shards are let go at the end."""
    with closing(open_pool()) as pool:
        capacity, power = problem.capacity_units, problem.node_power_watts
        free = Free(capacity.astype(np.float64), power.astype(np.float64))
        book = ClassBook(layout, room)
        classes = book.classes_of(np.ones(problem.jobs, dtype=np.bool_))
        market = Market(problem, layout, book, pool, free, _places(layout, classes))
        pool.assign(classes, room)
        nothing = SoftPrices(np.zeros(capacity.shape), np.zeros(power.shape))
        market.book.learn_least_cost(classes, market.least_costs(nothing))
        yield market


def _places(layout: Layout, classes: Classes) -> int:
    """Candidates x starts of all classes; run times are taken as one slot."""
    candidates = np.diff(layout.profile_start)[classes.profile]
    return int((candidates * (classes.end - classes.first)).sum())
