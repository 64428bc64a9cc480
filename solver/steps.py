"""The steps by which one market is cleared; their numbers are those of MODEL.md.

Each takes the market on from where the one before has left it. Between two of them it is looked at as a part of the
whole: whether it has enough, and how much time is its.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from solver import baselines, descent, dive, exact, improve, tighten, warm
from solver.incumbent import Incumbent
from solver.limits import Limits
from solver.market import Market, SoftPrices, open_market
from solver.outcome import Clearing
from solver.prices import whole_prices
from solver.shards import OpenPool, ShardPool


@dataclass
class Attempt:
    """One market, the best so far, and what steps work with."""

    best: Incumbent
    limits: Limits
    open_pool: OpenPool
    share: float = 1.0
    """Of all jobs, those of this market."""
    earlier: Clearing | None = None
    market: Market | None = None
    """Open from when prices are looked for until all are placed."""
    prices: SoftPrices | None = None
    """Those that dives begin with."""
    opened: ExitStack = field(default_factory=ExitStack)
    """What has to be closed, wherever it ends."""

    def open_shards(self) -> ShardPool:
        """Where demand is evaluated."""
        return self.open_pool(self.best.layout, self.limits)


Step = Callable[[Attempt], None]


def resume(attempt: Attempt) -> None:
    """0. What an earlier clearing got right is kept, and re-priced where that is not enough."""
    if attempt.earlier is not None:
        warm.start_from(attempt.earlier, attempt.best, attempt.open_shards, attempt.best.stopwatch)


def follow_rules(attempt: Attempt) -> None:
    """1. What simple rules find is where we start; no later step may lose it."""
    best = attempt.best
    for name, order in best.stopwatch.until_up(baselines.simple_orders(best.problem, best.layout)):
        best.offer(name, baselines.place_by(best.problem, best.layout, order))


def find_prices(attempt: Attempt) -> None:
    """2. Prices at which what is asked for fits into what is free, certified in integers."""
    best = attempt.best
    opening = open_market(best.problem, best.layout, best.room, attempt.open_shards)
    attempt.market = attempt.opened.enter_context(opening)
    attempt.prices = descent.cool_down(attempt.market, best.stopwatch, attempt.share)
    best.prove("prices", whole_prices(*attempt.prices))


def place(attempt: Attempt) -> None:
    """3 and 4. A handful of jobs is searched to the end; others are placed at the prices, much work first, re-pricing
    what is left as we go.
    """
    best, market, prices = attempt.best, attempt.market, attempt.prices
    if market is None or prices is None:
        raise RuntimeError("nothing is placed before there are prices")
    with attempt.opened:
        if best.problem.jobs <= exact.FEW_JOBS and not best.is_proven():
            best.settle(exact.finish(best.problem, best.layout, best, attempt.limits, best.stopwatch))
        for plan in dive.plans(best.layout, market.places):
            if not best.is_enough():
                best.offer(plan.name, dive.dive(market, prices, plan, best.stopwatch))


def improve_corners(attempt: Attempt) -> None:
    """5. Improve corner by corner."""
    best = attempt.best
    if best.problem.jobs <= improve.MOST_JOBS:
        goal = improve.Goal(
            best.enough_micros(), attempt.limits.seed, best.stopwatch, best.foretell("improve")
        )
        floor = improve.improve(best.problem, best.layout, best.floor, best.prices, goal)
        best.offer("improve", floor)


def finish(attempt: Attempt) -> None:
    """6. What is still open on a small problem is searched; where that is too much, its bound is tightened."""
    best, limits, stopwatch = attempt.best, attempt.limits, attempt.best.stopwatch
    if best.problem.jobs <= exact.MOST_JOBS:
        best.settle(exact.finish(best.problem, best.layout, best, limits, stopwatch))
        if best.mip_bound_micros is None:
            best.settle(tighten.tighten(best.problem, best.layout, best, stopwatch))
