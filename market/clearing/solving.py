"""Where a clearing is computed: here, or in a process of its own so that nobody waits for it."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from solver import Clearing, ClearingProblem, Limits, clear

Solve = Callable[[ClearingProblem, Limits], Clearing]


def solve_here(problem: ClearingProblem, limits: Limits) -> Clearing:
    """Solve in this process."""
    return clear(problem, limits)


class SolverProcess:
    """One process that solves; it is started at the first problem and lives until closed."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))

    def __call__(self, problem: ClearingProblem, limits: Limits) -> Clearing:
        """Solve over there, wait here."""
        return self._pool.submit(clear, problem, limits).result()

    def close(self) -> None:
        """End the process; a problem under way is finished first."""
        self._pool.shutdown()
