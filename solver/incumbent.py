"""The incumbent: the best placements and the best prices so far of one market."""

from __future__ import annotations

from collections.abc import Callable

from solver.certify import dual_bound_millis, rounded_up
from solver.exact import Search
from solver.floor import Floor, empty_floor, worth
from solver.layout import build_layout, room_of
from solver.prices import Prices, no_prices
from solver.problem import ClearingProblem
from solver.stopwatch import Stopwatch


class Incumbent:
    """What `clear` would answer for this market if it had to answer now; no later step may lose it."""

    def __init__(
        self, problem: ClearingProblem, gap: float, stopwatch: Stopwatch, tell: Callable[[str, int], None]
    ) -> None:
        """Nothing is placed, prices are zero. `tell` hears of every step, and of the value it brought or will bring."""
        self.problem, self.layout = problem, build_layout(problem)
        self.gap, self.stopwatch = gap, stopwatch
        self._tell = tell
        self.room = room_of(self.layout, problem.capacity_units, problem.node_power_watts)
        self.floor: Floor = empty_floor(problem)
        self.value_micros = 0
        self.prices: Prices = no_prices(problem)
        self.bound_millis = self._bound_millis(self.prices)
        self.mip_bound_micros: int | None = None

    @property
    def bound_micros(self) -> int:
        """What the prices prove, rounded up."""
        return rounded_up(self.bound_millis)

    def offer(self, step: str, floor: Floor) -> None:
        """Keep the placements if they are worth more."""
        value = worth(self.problem, self.layout, floor)
        if value > self.value_micros:
            self.floor, self.value_micros = floor, value
        self._tell(step, self.value_micros)

    def prove(self, step: str, prices: Prices) -> None:
        """Certify the prices in integers; keep them if they prove more."""
        millis = self._bound_millis(prices)
        if rounded_up(millis) < self.bound_micros:
            self.prices, self.bound_millis = prices, millis
        self._tell(step, self.value_micros)

    def foretell(self, step: str) -> Callable[[int], None]:
        """How a step tells of a value that it has found and will offer when it is done."""
        return lambda value: self._tell(step, max(value, self.value_micros))

    def settle(self, found: Search) -> None:
        """Keep what the exact finish found and proved."""
        if found.bound_micros is not None:
            self.mip_bound_micros = min(found.bound_micros, self.bound_micros)
        self.offer("exact", found.floor)

    def is_proven(self) -> bool:
        """Whether the prices, or a complete search, leave nothing to gain."""
        return self.value_micros in {self.bound_micros, self.mip_bound_micros}

    def is_good(self) -> bool:
        """Whether the gap is reached, or nothing is left to gain."""
        return self.is_proven() or self.value_micros >= self.enough_micros()

    def is_enough(self) -> bool:
        """Whether to stop: it is good, or the time is up."""
        return self.is_good() or self.stopwatch.is_up()

    def enough_micros(self) -> int:
        """Least value within the gap aimed at."""
        return self.bound_micros - int(self.gap * self.bound_micros)

    def _bound_millis(self, prices: Prices) -> int:
        return dual_bound_millis(self.problem, self.layout, self.room, *prices)
