"""The what-if desk: reads the market, clears it in another shape, stores nothing."""

from collections.abc import Sequence

from market.clearing.snapshot import MarketSnapshot
from market.domain.clock import Clock
from market.domain.parties import Actor, Role
from market.domain.scopes import Scope
from market.persistence.database import Database
from market.persistence.store import Store
from market.whatif.alteration import AS_IS, Alteration
from market.whatif.books import book_of_round, open_book
from market.whatif.clearings import SolveFrom
from market.whatif.comparison import ScenarioOutcome, compare
from market.whatif.replay import Replay, read_recorded, replay
from market.whatif.sweep import Sweep, sweep
from market.whatif.watching import PATIENT, Asker
from solver import Limits


class WhatIf:
    """Operators only: a book shows everybody's orders. Safe between threads."""

    def __init__(self, database: Database, clock: Clock, solve: SolveFrom) -> None:
        self._database = database
        self._clock = clock
        self._solve = solve

    def compare(
        self,
        actor: Actor,
        round_id: str | None,
        alterations: Sequence[Alteration],
        limits: Limits,
        asker: Asker = PATIENT,
    ) -> list[ScenarioOutcome]:
        """The book as it is, and each alteration of it; `round_id` None is the open book."""
        snapshot = self._book(actor, round_id)
        return compare(snapshot, [AS_IS, *alterations], self._solve, limits, asker)

    def sweep(
        self, actor: Actor, round_id: str | None, points: int, limits: Limits, asker: Asker = PATIENT
    ) -> Sweep:
        """The Pareto front of spend, latency and carbon for the work that the book places."""
        return sweep(self._book(actor, round_id), points, self._solve, limits, asker)

    def replay(self, actor: Actor, round_id: str, asker: Asker = PATIENT) -> Replay:
        """A landed round cleared again from its record."""
        actor.require(Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            recorded = read_recorded(Store(session), round_id)
        return replay(recorded, self._solve, asker)

    def _book(self, actor: Actor, round_id: str | None) -> MarketSnapshot:
        actor.require(Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            work = Store(session)
            return open_book(work, self._clock.now()) if round_id is None else book_of_round(work, round_id)
