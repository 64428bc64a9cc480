"""Where rounds land: made ready without the writer, stored whole in one short transaction, and forecast from afterwards."""

import logging
from collections.abc import Callable
from typing import TypeVar

from market.clearing.builder import BuiltProblem
from market.clearing.landing import RoundOutcome
from market.desks.desk import Desk
from market.desks.repeating import repeatable
from market.domain.rounds import Round
from market.domain.states import RoundState
from market.persistence.staging import Stage, staging
from market.persistence.store import Store
from market.rounds.forecasts import forecasts_to_note
from market.rounds.landing import PreparedLanding, catch_up, land_round, prepare_landing
from market.rounds.steps import OpenedRound

T = TypeVar("T")
FORECASTS_AT_ONCE = 500
"""Forecasts that are stored in one transaction."""
CATCHING_UP = 3
"""How often what happened meanwhile is worked in without the writer; what still comes after that waits for the landing."""
_logger = logging.getLogger(__name__)


class LandingDesk(Desk):
    """The last step of a round."""

    def _land(self, opened: OpenedRound, built: BuiltProblem, outcome: RoundOutcome) -> Round:
        """What is long is done before and after; what others wait for is one transaction."""
        now = self.clock.now()
        with self.database.reading() as session:
            prepared = prepare_landing(Store(session), opened, built, outcome, self._ids, now)
        for store in prepared.beforehand():
            self._store(store)
        with staging(self.database.engine) as stage:
            prepared = prepared.laid_ready(stage)
            for _ in range(CATCHING_UP):
                with self.database.reading() as session:
                    behind, prepared = prepared, catch_up(Store(session), prepared)
                if prepared is behind:
                    break
            landed, prepared = self._store(lambda work: land_round(work, prepared, self._ids), on=stage)
        if landed.state is RoundState.LANDED:
            self._note_forecasts(prepared)
        return landed

    @repeatable
    def _store(self, store: Callable[[Store], T], on: Stage | None = None) -> T:
        with self._unit_of_work(on=on) as work:
            return store(work)

    def _note_forecasts(self, prepared: PreparedLanding) -> None:
        """The round has landed, whatever becomes of its forecasts: one that fails is logged."""
        try:
            with self.database.reading() as session:
                left = prepared.fit.waiting(prepared.opened)
                notes = forecasts_to_note(Store(session), left, prepared.now)
            for part in notes.in_parts(FORECASTS_AT_ONCE):
                self._store(part.write)
        except Exception:
            _logger.exception("round %s has landed without forecasts", prepared.opened.round.id)
