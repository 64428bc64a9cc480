"""The clearings that a what-if is made of, one after another, each judged like a round's."""

from typing import Protocol

from market.clearing.solver_process import ClearingCancelled
from market.clearing.solving import reporting
from market.domain.errors import Unavailable
from market.whatif.watching import Asker, GivenUp, Part, PartDone, PartSearched
from solver import Clearing, ClearingProblem, Limits, verify


class SolveFrom(Protocol):
    """Clears a problem, from an earlier clearing of one much like it if given."""

    def __call__(
        self, problem: ClearingProblem, limits: Limits, earlier: Clearing | None = None
    ) -> Clearing: ...


class Clearings:
    """So many of them under the same limits. Whoever asked is told of each; when they have gone there are no more."""

    def __init__(self, solve: SolveFrom, limits: Limits, of: int, asker: Asker) -> None:
        self._solve = solve
        self._limits = limits
        self._of = of
        self._asker = asker
        self._begun = 0

    def clear(self, name: str, problem: ClearingProblem, earlier: Clearing | None = None) -> Clearing:
        """The next one; `GivenUp` when whoever asked has gone, before it or meanwhile."""
        self._require_asker()
        self._begun += 1
        part = Part(self._begun, self._of, name)
        solve = reporting(
            self._solve, lambda row: self._asker.tell(PartSearched(part, row)), self._asker.has_gone
        )
        try:
            clearing = solve(problem, self._limits, earlier)
        except ClearingCancelled:
            raise GivenUp from None
        self._require_asker()
        _judge(problem, clearing)
        self._asker.tell(PartDone(part, clearing.seconds, clearing.gap))
        return clearing

    def _require_asker(self) -> None:
        if self._asker.has_gone():
            raise GivenUp


def _judge(problem: ClearingProblem, clearing: Clearing) -> None:
    verification = verify(problem, clearing)
    if not verification.ok:
        first = verification.violations[0].code
        raise Unavailable("clearing_refused", f"the judge refused a scenario's clearing: {first}")
