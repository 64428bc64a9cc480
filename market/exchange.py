"""The exchange: the main path of the market.

An order's way through the house: `submit_orders` puts it in the book, `clear_round` decides, and what was
granted or refused is read through `market.enquiries.desk`. Every public method is one unit of work: it checks who
asks, changes the market in one transaction, and either all of it is stored or nothing. What is not on the main path is
done at the desks in `market.desks`.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from time import perf_counter
from typing import Any

from market.access.tenancy import own_order
from market.clearing.landing import read_outcome
from market.clearing.moves import clear_market
from market.clearing.request import RoundRequest
from market.clearing.solving import Solve, apart, make_ready, solve_here
from market.conditions import require
from market.desks.access import AccessDesk
from market.desks.catalogue import CatalogueDesk
from market.desks.deliveries import DeliveryDesk
from market.desks.intake import IntakeDesk
from market.desks.landing import LandingDesk
from market.desks.promises import PromiseDesk
from market.desks.repeating import repeatable
from market.desks.running import RunningDesk
from market.desks.treasury import TreasuryDesk
from market.desks.webhooks import WebhookDesk
from market.domain.clock import Clock
from market.domain.errors import Conflict, MarketError, Unavailable
from market.domain.orders import Order, TimeInForce
from market.domain.parties import Actor, Role
from market.domain.rounds import Round
from market.domain.scopes import Scope
from market.domain.states import AllocationState, Cause, OrderState, RoundState
from market.idempotency import AnsweredBefore, Once, refuse_answered
from market.ordering.amendment import amend
from market.ordering.spot import place_at_once, wants_place_at_once
from market.ordering.submission import Submission, open_draft
from market.persistence.database import Database
from market.persistence.store import Store
from market.rounds.steps import (
    EXCHANGE_STOPPED,
    OpenedRound,
    abandon_round,
    as_stored,
    closed,
    failure_of,
    freeze_market,
    sight_market,
)
from market.settlement.books import Books
from market.watching import RoundEnded, StepDone, Watch
from solver import Verification, verify

__all__ = ["AnsweredBefore", "Exchange", "Once", "OpenedRound", "RoundRequest", "Submission"]

_logger = logging.getLogger(__name__)


class Exchange(
    CatalogueDesk,
    RunningDesk,
    TreasuryDesk,
    PromiseDesk,
    AccessDesk,
    IntakeDesk,
    WebhookDesk,
    DeliveryDesk,
    LandingDesk,
):
    """The market's front desk. Safe between threads: each call has a session of its own."""

    def __init__(self, database: Database, clock: Clock, solve: Solve = solve_here, pepper: str = "") -> None:
        super().__init__(database, clock, pepper)
        self._solve = solve
        self._rounds_refused = False
        self.watch = Watch()

    # The main path

    def submit_orders(
        self, actor: Actor, submissions: Sequence[Submission | MarketError], once: Once | None = None
    ) -> list[Order | MarketError]:
        """Put orders in the book; each is answered on its own: the order, or why it was refused."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.ORDERS)
        answers = self._take_in(actor, submissions, once)
        self.watch.tell_orders(answers)
        return answers

    def clear_round(self, actor: Actor, request: RoundRequest, once: Once | None = None) -> Round:
        """Clear the open book against what is free: all of it lands, or nothing does."""
        opened = self.open_round(actor, request, once)  # 1. freeze the market, claim the place for a round
        return self.finish_round(opened)

    def finish_round(self, opened: OpenedRound) -> Round:
        """Steps 2 to 6 of a round, for whoever does not want to wait between 1 and 2."""
        with self._ending_round(opened.round):
            ended = self._clear_and_land(opened)
        self.watch.tell(RoundEnded(ended))
        return ended

    def _clear_and_land(self, opened: OpenedRound) -> Round:
        step, report = self.watch.steps_of(opened.round.id), self.watch.search_of(opened.round.id)
        cleared = clear_market(
            opened.snapshot, opened.limits, self._solve, step, report
        )  # 2. build, 3. solve
        built, clearing = cleared.built, cleared.clearing
        opened = replace(opened, snapshot=built.snapshot, limits=cleared.limits)
        with step("verify"):
            judge = apart(self._solve, verify)
            verification = judge(built.problem, clearing)  # 4. the judge, who trusts nothing of 3
        if not verification.ok:
            return self._refuse_round(opened.round, verification)
        with step("read"):
            now = self.clock.now()
            read = apart(self._solve, read_outcome)
            outcome = read(built, clearing, opened.round.id, self._ids, now)  # 5. back again
        with step("land"):
            return self._land(opened, built, outcome)  # 6. one transaction: it lands whole or not at all

    @repeatable
    def cancel_order(
        self,
        actor: Actor,
        order_id: str,
        once: Once | None = None,
        *,
        only_if: Callable[[Order], bool] | None = None,
    ) -> Order:
        """Take an order back: out of the book, or out of its allocation, with an hour's notice paid."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.ORDERS)
        now = self.clock.now()
        self._take_forward([order_id], now)  # what is over is over
        with self._unit_of_work(actor, once) as work:
            order = own_order(work, actor, order_id, held=True)
            require(only_if, order)
            work.orders.move(
                [order], OrderState.CANCELLED, now, Cause.CANCELLED, actor.key_id, "cancelled by its buyer"
            )
            allocation = work.rounds.live_allocation_of(order_id)
            order, paid = Books(work, self._ids, now).cancel(order, allocation, now)
            if paid is not None:
                work.rounds.move_allocation(paid, AllocationState.CANCELLED, ended_at=now)
            work.answer = {"order_id": order_id}
        return replace(order, state=OrderState.CANCELLED)

    @repeatable
    def submit_draft(
        self,
        actor: Actor,
        order_id: str,
        once: Once | None = None,
        *,
        only_if: Callable[[Order], bool] | None = None,
    ) -> Order:
        """Put a draft in the book: checked as it stands now, queued as of now."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.ORDERS)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            work.promises.hold_capacity()  # whether it is immediate is sure only once it is held: too late to ask
            draft = own_order(work, actor, order_id, held=True)
            require(only_if, draft)
            order = open_draft(work, self._directory.read(work.session), draft, self._ids, now)
            work.orders.move([draft], OrderState.OPEN, now, Cause.SUBMITTED, actor.key_id, "submitted")
            work.orders.requeue(order)
            (order,) = Books(work, self._ids, now).accept([order])
            if wants_place_at_once(order):
                order, _ = place_at_once(work, work.catalogue(), order, self._ids, now, actor.key_id)
            work.answer = {"order_id": order_id}
        return order

    @repeatable
    def amend_order(
        self,
        actor: Actor,
        order_id: str,
        changes: Mapping[str, Any],
        *,
        only_if: Callable[[Order], bool] | None = None,
    ) -> Order:
        """Change terms of an order that is a draft or in the book; the hold follows the limit."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.ORDERS)
        now = self.clock.now()
        with self._unit_of_work(actor) as work:
            if changes.get("time_in_force") is TimeInForce.IMMEDIATE:
                work.promises.hold_capacity()
            order = own_order(work, actor, order_id, held=True)
            require(only_if, order)
            amendment = amend(work, self._directory.read(work.session), order, changes, self._ids, now)
            after = amendment.after
            if "limit_price_micros" in changes:
                after = Books(work, self._ids, now).amend(after, after.terms.limit_price_micros)
            if amendment.changed or after.held_micros != order.held_micros:
                told = amendment.told() or "what is held follows the limit"
                work.orders.write(after, now, Cause.AMENDED, actor.key_id, told)
            if "time_in_force" in changes and wants_place_at_once(after):
                after, _ = place_at_once(work, work.catalogue(), after, self._ids, now, actor.key_id)
        return after

    @repeatable
    def remember_question(self, actor: Actor, once: Once) -> None:
        """Bind an idempotency key to a question that changed nothing; `AnsweredBefore` where it was bound to it."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        with self._unit_of_work(actor, once) as work:
            work.answer = {}

    # Steps of a round

    @repeatable
    def open_round(self, actor: Actor, request: RoundRequest, once: Once | None = None) -> OpenedRound:
        """Freeze the market, and claim the one place for a clearing round; a dead exchange's is taken over."""
        actor.require(Role.OPERATOR, scope=Scope.ROUNDS)
        self.require_taking_rounds()
        self.keep_time()
        began, now = perf_counter(), self.clock.now()
        with self.database.reading() as session:
            if once is not None:
                refuse_answered(Store(session), once)
            sighting = sight_market(Store(session), request, now)
        make_ready(self._solve)  # where it cannot be, no round is opened to fail of it
        with ExitStack() as undo:
            with self._unit_of_work(actor, once) as work:
                if not self.database.round_lock.take():
                    raise Conflict(
                        "round_in_progress", "another round is clearing; try again when it is done"
                    )
                undo.callback(self.database.round_lock.release)
                abandon_round(work, now)
                opened = freeze_market(work, request, self._ids, now, sighting)
                work.answer = {"round_id": opened.round.id}
            undo.pop_all()  # stored: `finish_round` gives the place back
        self.watch.tell(StepDone(opened.round.id, "freeze", perf_counter() - began))
        return opened

    def take_no_more_rounds(self) -> None:
        """The exchange is stopping: whoever asks for a round is refused; one that clears goes on."""
        self._rounds_refused = True

    def require_taking_rounds(self) -> None:
        """`Unavailable` `exchange_stopping` where no more rounds are taken."""
        if self._rounds_refused:
            raise Unavailable(
                "exchange_stopping", "the exchange is stopping: ask for a round again when it is back"
            )

    @repeatable
    def abandon_interrupted_round(self, failure: str = EXCHANGE_STOPPED) -> Round | None:
        """A round that nobody clears any more has failed, as `failure` says; one that clears elsewhere goes on."""
        with ExitStack() as undo, self._unit_of_work() as work:
            if work.rounds.in_progress() is None or not self.database.round_lock.take():
                return None
            undo.callback(self.database.round_lock.release)
            return abandon_round(work, self.clock.now(), failure)

    @repeatable
    def _close(self, ended: Round) -> None:
        with self._unit_of_work() as work:
            work.rounds.close(ended)

    def _refuse_round(self, opened: Round, verification: Verification) -> Round:
        """The judge said no: nothing lands, and the round names the first violation."""
        first = verification.violations[0]
        failure = f"clearing_refused: {first.code}"
        refused = closed(opened, RoundState.REFUSED, self.clock.now(), failure=failure)
        self._close(refused)
        _logger.error("the judge refused round %s: %s", opened.id, verification.violations)
        return refused

    @contextmanager
    def _ending_round(self, opened: Round) -> Iterator[None]:
        """Close the round as failed when a step raises (the error goes on to the caller); free its place.

        One that has ended already is left, and told, as it ended: another exchange took it over, or it had landed as this
        broke off.
        """
        try:
            yield
        except BaseException as error:
            ended = closed(opened, RoundState.FAILED, self.clock.now(), failure=failure_of(error))
            try:
                self._close(ended)
            except Conflict as over:
                error.add_note(over.message)
                ended = as_stored(self.database, opened.id)
            self.watch.tell(RoundEnded(ended))
            raise
        finally:
            self.database.round_lock.release()
