"""Where a clearing is computed: here, or in a process of its own so that nobody waits for it."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process

from market.domain.errors import Unavailable
from solver import Clearing, ClearingProblem, Limits, clear

Solve = Callable[[ClearingProblem, Limits], Clearing]


def solve_here(problem: ClearingProblem, limits: Limits, earlier: Clearing | None = None) -> Clearing:
    """Solve in this process, from an earlier clearing of a problem much like it if given."""
    return clear(problem, limits, earlier=earlier)


class SolverProcess:
    """One process that solves; it is started at the first problem and lives until closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = _start_pool()

    def __call__(self, problem: ClearingProblem, limits: Limits, earlier: Clearing | None = None) -> Clearing:
        """Solve over there, wait here; `Unavailable` if the process is closed or dies, which replaces it."""
        pool = self._open_pool()
        try:
            return pool.submit(clear, problem, limits, earlier=earlier).result()
        except BrokenProcessPool as error:
            self._replace(pool)
            raise Unavailable(
                "solver_died", "the solver process ended while it solved; nothing landed, clear again"
            ) from error

    def require_usable(self) -> None:
        """`Unavailable` when no problem could be handed over any more."""
        self._open_pool()

    def close(self) -> None:
        """End the process; a problem under way is finished first."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()

    def _open_pool(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                raise Unavailable("solver_closed", "the solver process is closed: the exchange is stopping")
            return self._pool

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is broken:
                self._pool = _start_pool()
        broken.shutdown(wait=False)


def _start_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=1, mp_context=get_context("spawn"), initializer=_depend_on_the_parent
    )


def _depend_on_the_parent() -> None:
    """Ctrl-C reaches the whole process group, but only the exchange ends its solver: by closing it, or by dying."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, name="parent-watch", daemon=True).start()


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
