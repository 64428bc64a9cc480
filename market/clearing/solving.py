"""Where a clearing is computed: here, in a thread that stands back, or in a process of its own."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar, cast

from market.clearing.reporting import Cancelled, Report
from market.clearing.solve_on import SolveOn
from market.clearing.solver_process import SolverProcess
from solver import Clearing, ClearingProblem, Limits, clear

T = TypeVar("T")
S = TypeVar("S", bound=Callable[..., Clearing])
Solve = Callable[[ClearingProblem, Limits], Clearing]


def solve_here(
    problem: ClearingProblem,
    limits: Limits,
    earlier: Clearing | None = None,
    report: Report | None = None,
    cancelled: Cancelled | None = None,
) -> Clearing:
    """Solve in this process, from an earlier clearing of a problem much like it if given."""
    return clear(problem, limits, earlier=earlier, progress=report, cancelled=cancelled)


def reporting(solve: S, report: Report, cancelled: Cancelled | None = None) -> S:
    """The same, telling of itself while it solves, and ending early once it is `cancelled`; a solver of somebody else's
    solves in silence to its end.
    """
    if solve is solve_here or isinstance(solve, SolveOn | SolverProcess):
        return cast("S", partial(solve, report=report, cancelled=cancelled))
    return solve


def apart(solve: Solve, work: Callable[..., T]) -> Callable[..., T]:
    """The same work, where the solver has a thread that stands back: there."""
    return partial(solve.lend, work) if isinstance(solve, SolveOn) else work


def make_ready(solve: Solve) -> None:
    """Before a round is opened for it; `Unavailable` `cluster_unavailable` where a cluster is needed that is not there."""
    if isinstance(solve, SolveOn):
        solve.connect()
