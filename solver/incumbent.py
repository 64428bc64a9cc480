"""The incumbent: the best placements and the best prices so far, and how they came about."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solver.certify import dual_bound
from solver.exact import Search
from solver.floor import Floor, empty_floor, worth
from solver.layout import Layout, room_of
from solver.limits import Limits
from solver.outcome import Clearing, Status, relative_gap
from solver.prices import Prices, no_prices
from solver.problem import ClearingProblem
from solver.progress import Progress
from solver.stopwatch import Stopwatch


class Incumbent:
    """What `clear` would answer if it had to answer now; no later step may lose it."""

    def __init__(
        self,
        problem: ClearingProblem,
        layout: Layout,
        limits: Limits,
        stopwatch: Stopwatch,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        """Nothing is placed, prices are zero."""
        self.problem, self.layout, self._limits = problem, layout, limits
        self._stopwatch, self._progress = stopwatch, progress
        self.room = room_of(layout, problem.capacity_units, problem.node_power_watts)
        self.floor: Floor = empty_floor(problem)
        self.value_micros = 0
        self.prices: Prices = no_prices(problem)
        self.bound_micros = dual_bound(problem, layout, self.room, *self.prices)
        self.mip_bound_micros: int | None = None
        self._history: list[tuple[float, float, float]] = []

    def offer(self, step: str, floor: Floor) -> None:
        """Keep the placements if they are worth more."""
        value = worth(self.problem, self.layout, floor)
        if value > self.value_micros:
            self.floor, self.value_micros = floor, value
        self._report(step)

    def prove(self, step: str, prices: Prices) -> None:
        """Certify the prices in integers; keep them if they prove more."""
        bound = dual_bound(self.problem, self.layout, self.room, *prices)
        if bound < self.bound_micros:
            self.prices, self.bound_micros = prices, bound
        self._report(step)

    def foretell(self, step: str) -> Callable[[int], None]:
        """How a step tells of a value that it has found and will offer when it is done."""
        return lambda value: self._report(step, max(value, self.value_micros))

    def settle(self, found: Search) -> None:
        """Keep what the exact finish found and proved."""
        if found.bound_micros is not None:
            self.mip_bound_micros = min(found.bound_micros, self.bound_micros)
        self.offer("exact", found.floor)

    def is_proven(self) -> bool:
        """Whether the prices, or a complete search, leave nothing to gain."""
        return self.value_micros in {self.bound_micros, self.mip_bound_micros}

    def is_enough(self) -> bool:
        """Whether to stop: the gap is reached, or nothing is left to gain, or the time is up."""
        return self.is_proven() or self.value_micros >= self.enough_micros() or self._stopwatch.is_up()

    def enough_micros(self) -> int:
        """Least value within the gap asked for."""
        return self.bound_micros - int(self._limits.gap * self.bound_micros)

    def clearing(self) -> Clearing:
        """The result."""
        return Clearing(
            status=Status.OPTIMAL if self.is_proven() else Status.FEASIBLE,
            value_micros=self.value_micros,
            bound_micros=self.bound_micros,
            gap=relative_gap(self.value_micros, self.bound_micros),
            chosen=self.floor.candidate.astype(np.int32),
            start_slot=self.floor.start.astype(np.int32),
            price_micros=self.prices.unit_micros,
            power_price_micros=self.prices.power_micros,
            seconds=self._stopwatch.seconds(),
            history=np.array(self._history, dtype=np.float64).reshape(-1, 3),
            mip_bound_micros=self.mip_bound_micros,
        )

    def _report(self, step: str, value: int | None = None) -> None:
        found = self.value_micros if value is None else value
        row = Progress(step, self._stopwatch.seconds(), found, self.bound_micros)
        self._history.append(row[1:])
        if self._progress:
            self._progress(row)
