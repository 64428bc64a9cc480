"""The exchange: the main path of the market, and the only place that commits.

An order's way through the house: `submit_orders` puts it in the book, `clear_round` decides, and what was
granted or refused is read through `market.enquiries`. Every public method is one unit of work: it checks who
asks, changes the market in one transaction, and either all of it is stored or nothing.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from market.checks import check_node, check_offering
from market.clearing.builder import build_problem
from market.clearing.landing import read_outcome
from market.clearing.request import RoundRequest
from market.clearing.solving import Solve, SolverProcess, solve_here
from market.domain.clock import Clock
from market.domain.errors import Conflict, InvalidInput, MarketError, NotAuthenticated, NotFound
from market.domain.ids import IdSource
from market.domain.offerings import Offering
from market.domain.orders import Order
from market.domain.parties import Actor, ApiKey, Buyer, Provider, Role
from market.domain.places import Node, Region, modelled_distances
from market.domain.policy import Policy
from market.domain.rounds import Round
from market.domain.states import (
    OFFERING_MOVES,
    AllocationState,
    OfferingState,
    OrderState,
    RoundState,
    advance,
)
from market.idempotency import AnsweredBefore, Once, refuse_repetition, remember
from market.keys import hash_secret, new_secret
from market.persistence.database import Database
from market.persistence.store import Store
from market.round_steps import OpenedRound, abandon_round, closed, failure_of, freeze_market, land_round
from market.scenario import Scenario
from market.submission import Submission, accept_order, remembered_answer
from market.tenancy import own_offering, own_order
from solver import Verification, verify

__all__ = ["AnsweredBefore", "Exchange", "Once", "OpenedRound", "RoundRequest", "Submission"]

_logger = logging.getLogger(__name__)


class UnitOfWork(Store):
    """A store whose changes are committed together, with the answer to remember them by."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.answer: Mapping[str, Any] = {}


class Exchange:
    """The market's front desk. Safe between threads: each call has a session of its own."""

    def __init__(self, database: Database, clock: Clock, solve: Solve = solve_here, pepper: str = "") -> None:
        self.database = database
        self.clock = clock
        self._solve = solve
        self._pepper = pepper
        self._ids = IdSource()

    # The main path

    def submit_orders(
        self, actor: Actor, submissions: Sequence[Submission | MarketError], once: Once | None = None
    ) -> list[Order | MarketError]:
        """Put orders in the book; each is answered on its own: the order, or why it was refused."""
        actor.require(Role.BUYER, Role.OPERATOR)
        now = self.clock.now()
        with self._unit_of_work(once) as work:
            catalogue = work.catalogue()
            answers = [accept_order(work, catalogue, one, self._ids, now) for one in submissions]
            accepted = [answer for answer in answers if isinstance(answer, Order)]
            work.orders.add(accepted, actor.key_id)
            work.answer = {"orders": [remembered_answer(answer) for answer in answers]}
        return answers

    def clear_round(self, actor: Actor, request: RoundRequest, once: Once | None = None) -> Round:
        """Clear the open book against what is free: all of it lands, or nothing does."""
        opened = self.open_round(actor, request, once)  # 1. freeze the market, claim the place for a round
        return self.finish_round(opened)

    def finish_round(self, opened: OpenedRound) -> Round:
        """Steps 2 to 6 of a round, for whoever does not want to wait between 1 and 2."""
        with self._ending_round(opened.round):
            built = build_problem(opened.snapshot)  # 2. the market as arrays
            clearing = self._solve(built.problem, opened.limits)  # 3. who runs where, when, with a bound
            verification = verify(built.problem, clearing)  # 4. the judge, who trusts nothing of 3
            if not verification.ok:
                return self._refuse_round(opened.round, verification)
            now = self.clock.now()
            outcome = read_outcome(built, clearing, opened.round.id, self._ids, now)  # 5. back again
            with self._unit_of_work() as work:  # 6. one transaction: it lands whole or not at all
                return land_round(work, opened, built, outcome, self.clock.now())

    def cancel_order(self, actor: Actor, order_id: str, once: Once | None = None) -> Order:
        """Take an order back: out of the book, or, before it runs, out of its allocation."""
        actor.require(Role.BUYER, Role.OPERATOR)
        now = self.clock.now()
        with self._unit_of_work(once) as work:
            order = own_order(work, actor, order_id)
            work.orders.move([order], OrderState.CANCELLED, now, actor.key_id, "cancelled by its buyer")
            allocation = work.rounds.live_allocation_of(order_id)
            if allocation is not None:
                work.rounds.move_allocation(allocation, AllocationState.CANCELLED)
            work.answer = {"order_id": order_id}
        return replace(order, state=OrderState.CANCELLED)

    def remember_question(self, actor: Actor, once: Once) -> None:
        """Bind an idempotency key to a question that changed nothing; `AnsweredBefore` where it was bound to it."""
        actor.require(Role.BUYER, Role.OPERATOR)
        with self._unit_of_work(once) as work:
            work.answer = {}

    # Taking part

    def authenticate(self, secret: str) -> Actor:
        """Who holds this key; `NotAuthenticated` if nobody does."""
        with self.database.reading() as session:
            key = Store(session).access.key_by_hash(hash_secret(secret, self._pepper))
        if key is None:
            raise NotAuthenticated("unknown_key", "this API key is not known here")
        return Actor(key.id, key.role, key.organisation_id)

    def create_operator_key(self, *, further: bool = False) -> str:
        """The first operator key, once: `Conflict` when there is one already, unless a further one is meant.

        No actor is asked: whoever can open the database may do with it what an operator can.
        """
        with self._unit_of_work() as work:
            if work.access.has_operator() and not further:
                raise Conflict("already_initialised", "this exchange already has an operator key")
            return self._issue_key(work, Role.OPERATOR, None)

    def require_ready(self) -> None:
        """`Unavailable` unless the database is at this program's schema and the solver takes problems."""
        self.database.require_current()
        if isinstance(self._solve, SolverProcess):
            self._solve.require_usable()

    def has_operator(self) -> bool:
        """Whether the exchange was initialised."""
        with self.database.reading() as session:
            return Store(session).access.has_operator()

    def register(self, actor: Actor, organisation: Provider | Buyer, once: Once | None = None) -> str:
        """Add a provider or buyer and issue its key, which is shown this once."""
        actor.require(Role.OPERATOR)
        role = Role.PROVIDER if isinstance(organisation, Provider) else Role.BUYER
        with self._unit_of_work(once) as work:
            work.require_free(organisation)
            if organisation.home_region_id and not work.has(Region, organisation.home_region_id):
                raise InvalidInput("unknown_region", f"no region {organisation.home_region_id!r}")
            work.add(organisation)
            work.answer = {"organisation_id": organisation.id}
            return self._issue_key(work, role, organisation.id)

    def issue_key(self, actor: Actor, role: Role, organisation_id: str) -> str:
        """One more key for a registered organisation."""
        actor.require(Role.OPERATOR)
        with self._unit_of_work() as work:
            if not work.has(Provider if role is Role.PROVIDER else Buyer, organisation_id):
                raise NotFound("not_found", f"no {role.value} {organisation_id}")
            return self._issue_key(work, role, organisation_id)

    # The catalogue

    def load_scenario(self, scenario: Scenario) -> bool:
        """Load a whole catalogue in one transaction; False if regions are there already (nothing is changed)."""
        with self._unit_of_work() as work:
            work.hold_regions()
            if work.count_regions():
                return False
            for things in scenario.in_order_of_reference():
                work.add_all(things)
        return True

    def add_region(self, actor: Actor, region: Region, once: Once | None = None) -> Region:
        """Add a region; its distances to all others are modelled from coordinates."""
        actor.require(Role.OPERATOR)
        with self._unit_of_work(once) as work:
            work.hold_regions()
            others = work.regions()
            work.add(region)
            work.add_all(modelled_distances(region, others))
            work.answer = {"region_id": region.id}
        return region

    def add_node(self, actor: Actor, node: Node, once: Once | None = None) -> Node:
        """Add a computing centre."""
        actor.require(Role.OPERATOR)
        with self._unit_of_work(once) as work:
            work.require_free(node)
            check_node(work, node)
            work.add(node)
            work.answer = {"node_id": node.id}
        return node

    def list_offering(self, actor: Actor, offering: Offering, once: Once | None = None) -> Offering:
        """List an offering under a fresh id."""
        actor.require(Role.PROVIDER, Role.OPERATOR)
        now = self.clock.now()
        listed = replace(offering, id=self._ids.new("off", now), state=OfferingState.OPEN, listed_at=now)
        with self._unit_of_work(once) as work:
            check_offering(work, listed)
            work.add(listed)
            work.answer = {"offering_id": listed.id}
        return listed

    def amend_offering(self, actor: Actor, offering_id: str, **changes: Any) -> Offering:
        """Change an offering's ask, units, hours or window; what is already granted keeps its terms."""
        with self._unit_of_work() as work:
            offering = own_offering(work, actor, offering_id)
            if offering.state is not OfferingState.OPEN:
                raise Conflict("offering_withdrawn", "a withdrawn offering cannot be changed; list a new one")
            amended = offering.amended(**changes)
            work.replace_offering(amended)
        return amended

    def withdraw_offering(self, actor: Actor, offering_id: str, once: Once | None = None) -> Offering:
        """Take an offering off the market; what is running finishes."""
        with self._unit_of_work(once) as work:
            offering = own_offering(work, actor, offering_id)
            state = advance(OFFERING_MOVES, offering.state, OfferingState.WITHDRAWN)
            withdrawn = replace(offering, state=state)
            work.replace_offering(withdrawn)
            work.answer = {"offering_id": offering_id}
        return withdrawn

    def set_policy(self, actor: Actor, policy: Policy) -> Policy:
        """Put a policy in force for the rounds to come."""
        actor.require(Role.OPERATOR)
        now = self.clock.now()
        with self._unit_of_work() as work:
            work.access.set_policy(self._ids.new("pol", now), policy, now, actor.key_id)
        return policy

    # Steps of a round

    def open_round(self, actor: Actor, request: RoundRequest, once: Once | None = None) -> OpenedRound:
        """Freeze the market, and claim the one place for a clearing round; a dead exchange's is taken over."""
        actor.require(Role.OPERATOR)
        now = self.clock.now()
        with ExitStack() as undo:
            with self._unit_of_work(once) as work:
                if not self.database.round_lock.take():
                    raise Conflict(
                        "round_in_progress", "another round is clearing; try again when it is done"
                    )
                undo.callback(self.database.round_lock.release)
                abandon_round(work, now)
                opened = freeze_market(work, request, self._ids.new("rnd", now), now)
                work.answer = {"round_id": opened.round.id}
            undo.pop_all()  # stored: `finish_round` gives the place back
        return opened

    def abandon_interrupted_round(self) -> Round | None:
        """At start-up: a round that nobody clears any more has failed; one that clears elsewhere goes on."""
        with ExitStack() as undo, self._unit_of_work() as work:
            if work.rounds.in_progress() is None or not self.database.round_lock.take():
                return None
            undo.callback(self.database.round_lock.release)
            return abandon_round(work, self.clock.now())

    def _refuse_round(self, opened: Round, verification: Verification) -> Round:
        """The judge said no: nothing lands, and the round names the first violation."""
        first = verification.violations[0]
        failure = f"clearing_refused: {first.code}"
        refused = closed(opened, RoundState.REFUSED, self.clock.now(), failure=failure)
        with self._unit_of_work() as work:
            work.rounds.close(refused)
        _logger.error("the judge refused round %s: %s", opened.id, verification.violations)
        return refused

    @contextmanager
    def _ending_round(self, opened: Round) -> Iterator[None]:
        """Close the round as failed when a step raises (the error goes on to the caller); free its place."""
        try:
            yield
        except BaseException as error:
            failed = closed(opened, RoundState.FAILED, self.clock.now(), failure=failure_of(error))
            with self._unit_of_work() as work:
                work.rounds.close(failed)
            raise
        finally:
            self.database.round_lock.release()

    # Within a unit of work

    @contextmanager
    def _unit_of_work(self, once: Once | None = None) -> Iterator[UnitOfWork]:
        """One transaction, one commit. A request whose key was answered before raises `AnsweredBefore`."""
        with self.database.writing() as session:
            work = UnitOfWork(session)
            if once is not None:
                refuse_repetition(work, once)
            yield work
            if once is not None:
                remember(work, once, work.answer, self.clock.now())
            session.commit()

    def _issue_key(self, work: Store, role: Role, organisation_id: str | None) -> str:
        now, secret = self.clock.now(), new_secret(role)
        key = ApiKey(self._ids.new("key", now), role, organisation_id, hash_secret(secret, self._pepper), now)
        work.access.add_key(key)
        return secret
