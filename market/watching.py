"""Who watches the exchange at work: told what happened and how long it took, and never able to change it."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from time import perf_counter

from market.domain.errors import MarketError
from market.domain.rounds import Round
from solver import Progress

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step of a round is over: freeze, build, solve, verify, read, land. `failed`: it raised."""

    round_id: str
    step: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True, slots=True)
class RoundEnded:
    """A round is over and stored: landed, refused or failed."""

    round: Round


@dataclass(frozen=True, slots=True)
class OrdersAnswered:
    """A batch of orders is stored: how many are accepted, how many refused by which code."""

    accepted: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Searching:
    """Where the search of a round is that is being solved: value found and bound proven so far, in micro-yuan."""

    round_id: str
    step: str
    seconds: float
    value_micros: int
    bound_micros: int


Seen = StepDone | Searching | RoundEnded | OrdersAnswered
Step = Callable[[str], AbstractContextManager[None]]
"""Within it, one step of one round is done."""


class Watch:
    """Whoever wants to know is told at once, in the thread that did it."""

    def __init__(self) -> None:
        self._watchers: tuple[Callable[[Seen], None], ...] = ()

    def tell_to(self, watcher: Callable[[Seen], None]) -> None:
        """From now on this one is told as well."""
        self._watchers = (*self._watchers, watcher)

    def tell(self, seen: Seen) -> None:
        """A watcher that fails is logged; what it watches goes on, because it is done."""
        for watcher in self._watchers:
            try:
                watcher(seen)
            except Exception:
                _logger.exception("a watcher of the exchange failed on %s", type(seen).__name__)

    def tell_orders(self, answers: Sequence[object]) -> None:
        """Count what orders were answered."""
        refused = Counter(answer.code for answer in answers if isinstance(answer, MarketError))
        self.tell(OrdersAnswered(len(answers) - refused.total(), refused))

    def steps_of(self, round_id: str) -> Step:
        """Times the steps of one round."""

        @contextmanager
        def step(name: str) -> Iterator[None]:
            began, failed = perf_counter(), True
            try:
                yield
                failed = False
            finally:
                self.tell(StepDone(round_id, name, perf_counter() - began, failed))

        return step

    def search_of(self, round_id: str) -> Callable[[Progress], None]:
        """Told of the search of one round."""
        return lambda row: self.tell(
            Searching(round_id, row.step, row.seconds, row.value_micros, row.bound_micros)
        )


@contextmanager
def unwatched(_step: str) -> Iterator[None]:
    """A step that nobody times."""
    yield
