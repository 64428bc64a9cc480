"""The one call: clear a batch of jobs, and prove how good the result is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from solver.limits import Limits
from solver.outcome import Clearing
from solver.problem import ClearingProblem
from solver.progress import Progress
from solver.stopwatch import Stopwatch

if TYPE_CHECKING:
    from solver.shards import OpenPool

MOST_FOR_PRICES = 0.5
"""Share of the seconds that the prices may take where time is short: placements need the rest."""


def clear(
    problem: ClearingProblem,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    *,
    progress: Callable[[Progress], None] | None = None,
    earlier: Clearing | None = None,
    cancelled: Callable[[], bool] | None = None,
    open_pool: OpenPool | None = None,
) -> Clearing:
    """Best clearing found within the limits, with prices that bound every other; each step is in MODEL.md.

    Always feasible; never worse than the rules of `baselines.simple_orders` (of many jobs only value density), unless it
    is stopped before they are through. Repeats itself for equal problem, limits and seed unless the seconds run out.
    `progress` is called after every step, and often while step 5 improves. `earlier` is a clearing of a problem much
    like this one (jobs by the same index): what it got right is kept, and where that is enough for `limits.gap` nothing
    is cleared anew.

    `cancelled` is asked often, and from other threads too; once it answers true, and it must go on to, the best so far
    is returned as if the seconds had run out. HiGHS alone cannot be called back: `tighten` ends when its time does.

    `open_pool` says where demand is evaluated: on threads of this process, unless an `Engine` or another pool is given.
    Of equal limits, `shards` included, the clearing is the same wherever that is. Raises ClusterError where a cluster
    does not answer.
    """
    # Numba and OR-Tools take seconds to import: only who clears waits for them.
    from solver import baselines, descent, dive, exact, improve, tighten, warm  # noqa: PLC0415
    from solver.incumbent import Incumbent  # noqa: PLC0415
    from solver.layout import build_layout  # noqa: PLC0415
    from solver.market import open_market  # noqa: PLC0415
    from solver.prices import whole_prices  # noqa: PLC0415
    from solver.shards import open_local  # noqa: PLC0415

    stopwatch, layout = Stopwatch(limits.seconds, cancelled), build_layout(problem)
    best = Incumbent(problem, layout, limits, stopwatch, progress)
    open_shards = partial(open_pool or open_local, layout, limits)
    # 0. What an earlier clearing got right is kept; only where that is not enough is it priced anew.
    if earlier is not None:
        warm.start_from(earlier, best, open_shards, stopwatch)
        if best.is_enough():
            return best.clearing()
    # 1. What simple rules find is where we start; no later step may lose it.
    for name, order in stopwatch.until_up(baselines.simple_orders(problem, layout)):
        best.offer(name, baselines.place_by(problem, layout, order))
    with open_market(problem, layout, best.room, open_shards) as market:
        # 2. Prices at which what is asked for fits into what is free, certified in integers.
        prices = descent.cool_down(market, stopwatch.part(MOST_FOR_PRICES))
        best.prove("prices", whole_prices(*prices))
        # 3. A handful of jobs is searched to the end at once.
        if problem.jobs <= exact.FEW_JOBS and not best.is_proven():
            best.settle(exact.finish(problem, layout, best, limits, stopwatch))
        # 4. Place jobs at the prices, much work first, re-pricing what is left as we go.
        for plan in dive.plans(layout, market.places):
            if not best.is_enough():
                best.offer(plan.name, dive.dive(market, prices, plan, stopwatch))
    # 5. Improve corner by corner.
    if problem.jobs <= improve.MOST_JOBS and not best.is_enough():
        goal = improve.Goal(best.enough_micros(), limits.seed, stopwatch, best.foretell("improve"))
        best.offer("improve", improve.improve(problem, layout, best.floor, best.prices, goal))
    # 6. What is still open on a small problem is searched; where that is too much, its bound is tightened.
    if problem.jobs <= exact.MOST_JOBS and not best.is_enough():
        best.settle(exact.finish(problem, layout, best, limits, stopwatch))
        if best.mip_bound_micros is None:
            best.settle(tighten.tighten(problem, layout, best, stopwatch))
    return best.clearing()
