"""A process that solves, so that nobody waits for it."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any

from market.clearing.depending import depend_on_parent
from market.clearing.reporting import (
    GLANCE_SECONDS,
    Cancelled,
    Report,
    Tell,
    follow,
    forget,
    tell_through,
    unreported,
)
from market.domain.errors import Unavailable
from solver import Clearing, ClearingProblem, Limits, clear


class ClearingCancelled(Exception):
    """It was cancelled before it began."""


def _wanted() -> bool:
    return False


class SolverProcess:
    """One process that solves; it is started at the first problem and lives until closed.

    `niceness` (0 to 19) is how far it stands back for whoever answers requests on the same cores.
    """

    def __init__(self, niceness: int = 0) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._niceness = niceness
        self._worker: _Worker | None = _Worker(niceness)

    def __call__(
        self,
        problem: ClearingProblem,
        limits: Limits,
        earlier: Clearing | None = None,
        report: Report | None = None,
        cancelled: Cancelled | None = None,
    ) -> Clearing:
        """Solve over there, wait here until it is done and those before; `Unavailable` if the process is closed or dies,
        which replaces it.

        `report` is called here, while it waits.
        """
        look = cancelled or _wanted
        with self._replaced_if_dead(), self._in_turn(look):
            with self._lock:  # so that nobody ends a process that is just being started
                worker = self._living_worker()
                forget(worker.reports)
                number = worker.next_number()
                clearing = worker.pool.submit(_clear_and_tell, problem, limits, earlier, number)
            follow(clearing, worker.reports, report or unreported, lambda: worker.stop_if(look(), number))
            return clearing.result()

    @contextmanager
    def _in_turn(self, cancelled: Cancelled) -> Iterator[None]:
        """When the one before is over; `ClearingCancelled` for whoever is cancelled meanwhile."""
        while not self._turn.acquire(timeout=GLANCE_SECONDS):
            if cancelled():
                raise ClearingCancelled
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _replaced_if_dead(self) -> Iterator[None]:
        try:
            yield
        except BrokenProcessPool as error:
            self.require_usable()  # `exchange_stopped` if that is why; another one for the next problem otherwise
            raise Unavailable(
                "solver_died", "the solver process ended while it solved; nothing landed, clear again"
            ) from error

    def require_usable(self) -> None:
        """`Unavailable` when no problem could be handed over any more; a process that has died is replaced."""
        with self._lock:
            self._living_worker()

    def close(self) -> None:
        """End the process; a problem under way is finished first."""
        worker = self._give_up_worker()
        if worker is not None:
            worker.pool.shutdown()

    def abandon(self) -> None:
        """End the process at once; whoever waits for a clearing is told `exchange_stopped`."""
        worker = self._give_up_worker()
        if worker is not None:
            worker.kill()
            worker.pool.shutdown()

    def _living_worker(self) -> "_Worker":
        if self._worker is None:
            raise Unavailable(
                "exchange_stopped",
                "the exchange is stopping and solves no more; nothing landed, clear again when it is back",
            )
        if self._worker.has_died():
            self._worker.pool.shutdown(wait=False)
            self._worker = _Worker(self._niceness)
        return self._worker

    def _give_up_worker(self) -> "_Worker | None":
        with self._lock:
            worker, self._worker = self._worker, None
        return worker


class _Worker:
    """A pool of one process, which can also be looked at and killed."""

    def __init__(self, niceness: int) -> None:
        self._context = _RememberingContext()
        self.reports, self._told = Pipe(duplex=False)
        self._stopped = self._context.RawValue("q", 0)
        self._given_out = 0
        self.pool = ProcessPoolExecutor(
            max_workers=1,
            mp_context=self._context,
            initializer=_begin_solving,
            initargs=(niceness, self._told, self._stopped),
        )

    def next_number(self) -> int:
        """For one more clearing that can be stopped."""
        self._given_out += 1
        return self._given_out

    def stop_if(self, cancelled: bool, number: int) -> None:  # noqa: FBT001 - an answer, passed on
        """End that clearing early, if it is still going on."""
        if cancelled:
            self._stopped.value = number

    def has_died(self) -> bool:
        """Whether its process was started and is no more: as soon as that is so, not when it is next needed."""
        return any(process.exitcode is not None for process in self._context.started)

    def kill(self) -> None:
        """End it, whatever it is doing."""
        for process in self._context.started:
            process.kill()


class _RememberingContext(SpawnContext):
    """Starts fresh processes, and remembers them."""

    def __init__(self) -> None:
        self.started: list[BaseProcess] = []

    def Process(self, *args: Any, **options: Any) -> BaseProcess:  # type: ignore[override]  # noqa: N802 - its name
        """Called by the pool, which starts what it is given at once."""
        process = super().Process(*args, **options)
        self.started.append(process)
        return process


_tell: Tell
"""In the solver process: what goes through its pipe."""
_stopped: Any
"""In the solver process: the number of the clearing that was stopped last, as the parent says."""


def _begin_solving(niceness: int, told: Connection, stopped: Any) -> None:
    global _tell, _stopped  # a worker has nothing else to keep them in
    _tell, _stopped = tell_through(told), stopped
    os.nice(niceness)
    depend_on_parent()


def _clear_and_tell(
    problem: ClearingProblem, limits: Limits, earlier: Clearing | None, number: int
) -> Clearing:
    def cancelled() -> bool:
        return bool(_stopped.value == number)

    try:
        return clear(problem, limits, earlier=earlier, progress=_tell, cancelled=cancelled)
    finally:
        _tell(None)
