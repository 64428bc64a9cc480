"""The one call: clear a batch of jobs, and prove how good the result is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    `progress` is called after every step, and often while step 5 improves; where the problem falls into markets that do
    not touch (`parts`), by the threads that clear them, one at a time, of what they have together. `earlier` is a
    clearing of a problem much like this one (jobs by the same index): what it got right is kept, and where that is
    enough for `limits.gap` nothing is cleared anew.

    `cancelled` is asked often, and from other threads too; once it answers true, and it must go on to, the best so far
    is returned as if the seconds had run out. HiGHS alone cannot be called back: `tighten` ends when its time does.

    `open_pool` says where demand is evaluated: on threads of this process, unless an `Engine` or another pool is given.
    Of equal limits, `shards` included, the clearing is the same wherever that is. Raises ClusterError where a cluster
    does not answer.
    """
    # Numba and OR-Tools take seconds to import: only who clears waits for them.
    from solver import steps  # noqa: PLC0415
    from solver.parts import find_parts  # noqa: PLC0415
    from solver.whole import Whole  # noqa: PLC0415

    stopwatch = Stopwatch(limits.seconds, cancelled)
    # Markets that do not touch take every step side by side; most problems are one market.
    parts = find_parts(problem)
    with Whole(problem, parts, limits, stopwatch, progress=progress, open_pool=open_pool) as whole:
        going: Sequence[steps.Attempt] = whole.attempts
        # 0. What an earlier clearing got right is kept; only where that is not enough is it priced anew.
        if earlier is not None:
            whole.resume(earlier)
            going = whole.open_attempts()
        # 1. What simple rules find is where we start; no later step may lose it.
        whole.take(steps.follow_rules, going)
        # 2. Prices at which what is asked for fits into what is free, certified in integers.
        whole.take(steps.find_prices, going, MOST_FOR_PRICES)
        # 3, 4. Search a handful of jobs to the end; place others at the prices, re-pricing what is left as we go.
        whole.take(steps.place, going)
        # 5. Improve corner by corner.
        whole.take(steps.improve_corners, whole.open_attempts())
        # 6. What is still open on a small problem is searched; where that is too much, its bound is tightened.
        whole.take(steps.finish, whole.open_attempts())
        return whole.clearing()
