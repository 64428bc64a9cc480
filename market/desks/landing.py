"""Where rounds land: made ready without the writer, stored whole in one short transaction, and forecast from afterwards."""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import takewhile
from threading import Event
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
from market.rounds.landing import (
    FittedLanding,
    PreparedLanding,
    catch_up,
    fit_landing,
    land_round,
    prepare_landing,
)
from market.rounds.steps import OpenedRound

T = TypeVar("T")
FORECASTS_AT_ONCE = 500
"""Forecasts that are stored in one transaction where others wait for it."""
AT_ONCE_BESIDE_OTHERS = 2_000
"""The same, and explanations, where others write meanwhile: whoever takes the round over waits for those that are being
stored, half a second or so, and nobody else does."""
CATCHING_UP = 3
"""How often what happened meanwhile is worked in without the writer; what still comes after that waits for the landing."""
_logger = logging.getLogger(__name__)


class LandingDesk(Desk):
    """The last step of a round."""

    def _land(self, opened: OpenedRound, built: BuiltProblem, outcome: RoundOutcome) -> Round:
        """What is long is done before and after; what others wait for is one transaction."""
        now = self.clock.now()
        with ExitStack() as stored, self.database.reading() as session:
            fitted = fit_landing(Store(session), opened, built, outcome, now)
            stored.enter_context(self._storing(fitted))
            prepared = prepare_landing(Store(session), fitted, self._ids)
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

    @contextmanager
    def _storing(self, fitted: FittedLanding) -> Iterator[None]:
        """What is stored beforehand is, by the end of this: beside it, where others may write meanwhile."""
        if self.database.has_one_writer:
            yield
            self._store_each(fitted.beforehand())
            return
        with self._storing_beside(fitted.beforehand(AT_ONCE_BESIDE_OTHERS)):
            yield

    @contextmanager
    def _storing_beside(self, stores: Iterable[Callable[[Store], None]]) -> Iterator[None]:
        """They are stored while something else is done.

        Where that fails, no more is stored: the round's end would only remove it. Where storing fails, as of a round that
        was taken over, the other is finished first: nobody waits for it.
        """
        given_up = Event()
        with ThreadPoolExecutor(1, "stores beforehand") as beside:
            stored = beside.submit(self._store_each, takewhile(lambda _: not given_up.is_set(), stores))
            try:
                yield
            except BaseException as error:
                given_up.set()
                if (also := stored.exception()) is not None:
                    error.add_note(f"what was stored beside failed as well: {also!r}")
                raise
            stored.result()

    def _store_each(self, stores: Iterable[Callable[[Store], None]]) -> None:
        for store in stores:
            self._store(store)

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
            at_once = FORECASTS_AT_ONCE if self.database.has_one_writer else AT_ONCE_BESIDE_OTHERS
            for part in notes.in_parts(at_once):
                self._store(part.write)
        except Exception:
            _logger.exception("round %s has landed without forecasts", prepared.opened.round.id)
