"""Where clearings are computed in a thread that stands back, on an engine that may be a cluster."""

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from market.clearing.reporting import Cancelled, Report
from market.domain.errors import Unavailable
from solver import Clearing, ClearingProblem, ClusterError, Engine, Limits, clear

if TYPE_CHECKING:
    from solver.shards import OpenPool

T = TypeVar("T")
_logger = logging.getLogger(__name__)


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
        try:
            closing = self._thread.submit(self._opened.close)
        except RuntimeError:
            return  # closed before
        with self._thread:
            closing.result()

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
