"""The one call: clear a batch of jobs, and prove how good the result is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from solver.limits import Limits
from solver.outcome import Clearing, Status, relative_gap
from solver.problem import ClearingProblem
from solver.stopwatch import Stopwatch

if TYPE_CHECKING:
    from solver.demand import Prices
    from solver.exact import Search
    from solver.floor import Floor
    from solver.options import Options


class Progress(NamedTuple):
    """Where the search is: the name of the step just done, seconds so far, value and proven bound in micros."""

    step: str
    seconds: float
    value_micros: int
    bound_micros: int


def clear(
    problem: ClearingProblem,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    *,
    progress: Callable[[Progress], None] | None = None,
) -> Clearing:
    """Best clearing found within the limits, with prices that bound every other; each step is in MODEL.md.

    Always feasible, never worse than any rule of `baselines` that needs nothing but the problem. Repeats itself for
    equal problem, limits and seed unless the seconds run out. `progress` is called after every step.
    """
    # Numba and OR-Tools take seconds to import: only who clears waits for them.
    from solver import baselines, dive, exact, improve, master, prices  # noqa: PLC0415
    from solver.options import build_options  # noqa: PLC0415

    stopwatch = Stopwatch(limits.seconds)
    # 1. Drop what cannot run even alone, or cannot pay.
    options = build_options(problem)
    best = _Best(problem, options, limits, stopwatch, progress)
    # 2. What simple rules find is where we start; no later step may lose it.
    for name, order in baselines.simple_orders(problem, options):
        best.offer(name, baselines.place_by(problem, options, order))
    # 3. Prices: a walk down the dual, then column generation. Each bound is certified in integers as it comes.
    walk = prices.walk_prices(problem, options, stopwatch)
    best.prove("walk", walk.prices, walk.bound_micros)
    if not best.is_enough():
        relaxed = master.relax(problem, options, walk, stopwatch)
        best.prove("relax", relaxed.prices, relaxed.bound_micros)
    # 4. A handful of jobs is searched to the end at once.
    if problem.jobs <= exact.FEW_JOBS and not best.is_proven():
        best.settle(exact.finish(problem, options, best.floor, best.prices, limits, stopwatch))
    # 5. Placements guided by the prices, re-priced on what is left as they go.
    for name, order, stages in dive.plans(problem, options):
        if not best.is_enough():
            best.offer(name, dive.dive(problem, options, best.prices, order, stopwatch, stages))
    # 6. Improve corner by corner.
    if not best.is_enough():
        goal = improve.Goal(best.enough_micros(), limits.seed, stopwatch)
        best.offer("improve", improve.improve(problem, options, best.floor, best.prices, goal))
    # 7. What is still open on a small problem is searched.
    if not best.is_proven() and not stopwatch.is_up():
        best.settle(exact.finish(problem, options, best.floor, best.prices, limits, stopwatch))
    return best.clearing()


class _Best:
    """The best placements and the best prices so far, and how they came about."""

    def __init__(
        self,
        problem: ClearingProblem,
        options: Options,
        limits: Limits,
        stopwatch: Stopwatch,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        """Nothing is placed, prices are zero."""
        from solver.certify import dual_bound  # noqa: PLC0415
        from solver.demand import no_prices  # noqa: PLC0415
        from solver.floor import empty_floor  # noqa: PLC0415

        self._problem, self._options, self._limits = problem, options, limits
        self._stopwatch, self._progress = stopwatch, progress
        self.floor: Floor = empty_floor(problem)
        self.value_micros = 0
        self.prices: Prices = no_prices(problem)
        self.bound_micros = dual_bound(problem, options, *self.prices)
        self.mip_bound_micros: int | None = None
        self._history: list[tuple[float, float, float]] = []

    def offer(self, step: str, floor: Floor) -> None:
        """Keep the placements if they are worth more."""
        from solver.floor import worth  # noqa: PLC0415

        value = worth(self._problem, self._options, floor)
        if value > self.value_micros:
            self.floor, self.value_micros = floor, value
        self._report(step)

    def prove(self, step: str, prices: Prices, bound_micros: int) -> None:
        """Keep the prices if they prove more."""
        if bound_micros < self.bound_micros:
            self.prices, self.bound_micros = prices, bound_micros
        self._report(step)

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
        from solver.floor import placements  # noqa: PLC0415

        chosen, start_slot = placements(self._options, self.floor)
        return Clearing(
            status=Status.OPTIMAL if self.is_proven() else Status.FEASIBLE,
            value_micros=self.value_micros,
            bound_micros=self.bound_micros,
            gap=relative_gap(self.value_micros, self.bound_micros),
            chosen=chosen,
            start_slot=start_slot,
            price_micros=self.prices.unit_micros,
            power_price_micros=self.prices.power_micros,
            seconds=self._stopwatch.seconds(),
            history=np.array(self._history, dtype=np.float64).reshape(-1, 3),
            mip_bound_micros=self.mip_bound_micros,
        )

    def _report(self, step: str) -> None:
        row = Progress(step, self._stopwatch.seconds(), self.value_micros, self.bound_micros)
        self._history.append(row[1:])
        if self._progress:
            self._progress(row)
