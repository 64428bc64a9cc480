"""The whole that parts make: who of them is still open, what they have together, and the clearing they add up to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from solver.certify import rounded_up
from solver.incumbent import Incumbent
from solver.limits import Limits
from solver.outcome import Clearing, Status, relative_gap
from solver.parts import Part, earlier_of
from solver.problem import ClearingProblem
from solver.progress import Progress
from solver.shards import OpenPool, open_local
from solver.side_by_side import TimeShares, effort_of, side_by_side
from solver.steps import Attempt, Step, resume
from solver.stopwatch import Stopwatch


class Whole:
    """A problem in parts that do not touch: each is cleared alone, and what counts is their sum.

    Who is open is asked between steps only, where all have come equally far: so the answer depends on nobody's pace.
    """

    def __init__(
        self,
        problem: ClearingProblem,
        parts: list[Part],
        limits: Limits,
        stopwatch: Stopwatch,
        *,
        progress: Callable[[Progress], None] | None = None,
        open_pool: OpenPool | None = None,
    ) -> None:
        """Nothing is placed. `progress` is called by one thread at a time, in whichever the step is."""
        self._problem, self._parts, self._limits, self._stopwatch = problem, parts, limits, stopwatch
        self._progress, self._telling = progress, threading.Lock()
        pool = open_pool or open_local
        # The shards of a cluster are for one market at a time.
        self._lanes = limits.workers if pool is open_local else 1
        self._history: list[tuple[float, float, float]] = []
        self._values = [0] * len(parts)
        self.attempts = [
            Attempt(
                Incumbent(part.problem, limits.gap, stopwatch, self._teller(number)),
                limits,
                pool,
                share=part.jobs.size / max(1, problem.jobs) if len(parts) > 1 else 1.0,
            )
            for number, part in enumerate(parts)
        ]

    def resume(self, earlier: Clearing) -> None:
        """Every part begins with what an earlier clearing says about it. ClearingError where that is of another shape."""
        for attempt, part in zip(self.attempts, self._parts, strict=True):
            attempt.earlier = earlier_of(self._problem, part, earlier)
        self.take(resume, self.attempts)

    def take(self, step: Step, attempts: Sequence[Attempt], time_share: float = 1.0) -> None:
        """These take the step, side by side, in at most this share of the seconds left."""
        efforts = [effort_of(attempt.best.problem.jobs) for attempt in attempts]
        stopwatch = self._stopwatch if time_share == 1.0 else self._stopwatch.part(time_share)
        shares = TimeShares(stopwatch, efforts, self._lanes)

        def work(of: tuple[Attempt, float]) -> None:
            attempt, effort = of
            attempt.best.stopwatch = shares.begin(effort)
            step(attempt)
            shares.end(effort)

        side_by_side(work, list(zip(attempts, efforts, strict=True)), self._lanes, self._stopwatch.call_off)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the shards that are still open, as they are where a step has failed."""
        for attempt in self.attempts:
            attempt.opened.close()

    def clearing(self) -> Clearing:
        """What the parts add up to."""
        bests = [attempt.best for attempt in self.attempts]
        value, bound = sum(best.value_micros for best in bests), rounded_up(self._bound_millis())
        mip_bound = None
        if any(best.mip_bound_micros is not None for best in bests):
            proven = ((best.mip_bound_micros, best.bound_micros) for best in bests)
            mip_bound = min(bound, sum(above if mip is None else mip for mip, above in proven))
        chosen, start = (np.full(self._problem.jobs, -1, dtype=np.int32) for _ in range(2))
        price, power = (
            np.zeros_like(array) for array in (self._problem.capacity_units, self._problem.node_power_watts)
        )
        for part, best in zip(self._parts, bests, strict=True):
            placed = np.flatnonzero(best.floor.candidate >= 0)
            chosen[part.jobs[placed]] = part.candidates[best.floor.candidate[placed]]
            start[part.jobs[placed]] = best.floor.start[placed]
            price[part.offerings] = best.prices.unit_micros
            power[part.nodes[part.capped]] = best.prices.power_micros[part.capped]
        return Clearing(
            status=Status.OPTIMAL if all(best.is_proven() for best in bests) else Status.FEASIBLE,
            value_micros=value,
            bound_micros=bound,
            gap=relative_gap(value, bound),
            chosen=chosen,
            start_slot=start,
            price_micros=price,
            power_price_micros=power,
            seconds=self._stopwatch.seconds(),
            history=np.array(self._history, dtype=np.float64).reshape(-1, 3),
            mip_bound_micros=mip_bound,
        )

    def open_attempts(self) -> list[Attempt]:
        """Who has to go on, and at what gap to aim, for the whole to have what was asked for; nobody once it has."""
        bests = [attempt.best for attempt in self.attempts]
        value, bound = sum(best.value_micros for best in bests), rounded_up(self._bound_millis())
        if value >= self._enough(bound) or self._stopwatch.is_up():
            return []
        going = [attempt for attempt in self.attempts if not attempt.best.is_good()]
        done = [best for best in bests if best.is_good()]
        # What those who are done leave of their gap is for the others.
        left = sum(best.value_micros - self._enough(best.bound_micros) for best in done)
        for attempt in going:
            attempt.best.gap = self._limits.gap + max(0, left) / sum(each.best.bound_micros for each in going)
        return going

    def _enough(self, bound_micros: int) -> int:
        return bound_micros - int(self._limits.gap * bound_micros)

    def _bound_millis(self) -> int:
        return sum(attempt.best.bound_millis for attempt in self.attempts)

    def _teller(self, number: int) -> Callable[[str, int], None]:
        def tell(step: str, value_micros: int) -> None:
            with self._telling:
                self._values[number] = value_micros
                bound = rounded_up(self._bound_millis())
                row = Progress(step, self._stopwatch.seconds(), sum(self._values), bound)
                self._history.append(row[1:])
                if self._progress:
                    self._progress(row)

        return tell
