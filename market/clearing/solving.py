"""Where a clearing is computed: here, or in a process of its own so that nobody waits for it."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, TypeVar, cast

from market.clearing.depending import depend_on_parent
from market.clearing.reporting import GLANCE_SECONDS, Report, Tell, follow, forget, tell_through, unreported
from market.domain.errors import Unavailable
from solver import Clearing, ClearingProblem, ClusterError, Engine, Limits, clear

if TYPE_CHECKING:
    from solver.shards import OpenPool

T = TypeVar("T")
S = TypeVar("S", bound=Callable[..., Clearing])
Solve = Callable[[ClearingProblem, Limits], Clearing]
Cancelled = Callable[[], bool]
"""Whether nobody wants the clearing any more; once it is true it stays so."""
_logger = logging.getLogger(__name__)


def solve_here(
    problem: ClearingProblem,
    limits: Limits,
    earlier: Clearing | None = None,
    report: Report | None = None,
    cancelled: Cancelled | None = None,
) -> Clearing:
    """Solve in this process, from an earlier clearing of a problem much like it if given."""
    return clear(problem, limits, earlier=earlier, progress=report, cancelled=cancelled)


class SolveOn:
    """Solves in this process; the work of large problems is done where the engine says.

    It is done in a thread that stands back for everybody else on the same cores (0 to 19, as nice(1) counts; where niceness
    is not a thread's but a process's, all of it does). A cluster is connected once, at the first problem at the latest, and
    for as long as this is open; from that thread alone, since what Ray starts ends with the thread that started it.
    """

    def __init__(self, engine: Engine, niceness: int = 0) -> None:
        self._engine, self._opened = engine, ExitStack()
        self._open_pool: OpenPool | None = None
        self._thread = ThreadPoolExecutor(1, "solver", initializer=os.nice, initargs=(niceness,))

    def __call__(
        self,
        problem: ClearingProblem,
        limits: Limits,
        report: Report | None = None,
        cancelled: Cancelled | None = None,
    ) -> Clearing:
        """`Unavailable` `cluster_unavailable` where a cluster cannot."""
        return self.lend(self._clear, problem, limits, report, cancelled)

    def warm(self) -> None:
        """Load what solves, and connect a cluster, in the thread that stands back, and wait for nothing."""
        self._thread.submit(self._load)

    def connect(self) -> None:
        """Connect a cluster now, if there is one to connect and it was not; `Unavailable` `cluster_unavailable`."""
        if self._engine.is_elsewhere and self._open_pool is None:
            self.lend(self._connected, "no round was opened, ask again when it is there")

    def lend(self, work: Callable[..., T], *given: Any) -> T:
        """Have other long work done in the thread that stands back."""
        return self._thread.submit(work, *given).result()

    def close(self) -> None:
        """Let go of the cluster, after what is under way."""
        with self._thread:
            self.lend(self._opened.close)

    def _clear(
        self,
        problem: ClearingProblem,
        limits: Limits,
        report: Report | None,
        cancelled: Cancelled | None,
    ) -> Clearing:
        nothing = "nothing landed, clear again"
        pool = self._connected(nothing)
        with _cluster_needed(nothing):
            return clear(problem, limits, progress=report, cancelled=cancelled, open_pool=pool)

    def _connected(self, consequence: str) -> "OpenPool":
        """Where it cannot be opened, whoever asks next tries again."""
        if self._open_pool is None:
            with _cluster_needed(consequence):
                self._open_pool = self._opened.enter_context(self._engine.open())
        return self._open_pool

    def _load(self) -> None:
        import_module("solver.steps")
        try:
            self._connected("rounds are refused until it is there")
        except Unavailable as error:
            _logger.warning("%s", error.message)


@contextmanager
def _cluster_needed(consequence: str) -> Iterator[None]:
    """Tells of a cluster that cannot as `Unavailable` `cluster_unavailable`, and what comes of it."""
    try:
        yield
    except ClusterError as error:
        raise Unavailable("cluster_unavailable", f"{error.message}; {consequence} ({error.code})") from error


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
