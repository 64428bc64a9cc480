"""The exchange: the main path of the market, and the only place that commits.

An order's way through the house: `submit_orders` puts it in the book, `clear_round` decides, and what was
granted or refused is read through `market.enquiries`. Every public method is one unit of work: it checks who
asks, changes the market in one transaction, and either all of it is stored or nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from market.checks import check_node, check_offering, check_order
from market.clearing.builder import build_problem
from market.clearing.landing import RoundOutcome, read_outcome
from market.clearing.snapshot import Catalogue, Horizon, MarketSnapshot
from market.clearing.solving import Solve, solve_here
from market.domain.clock import HOUR, Clock, next_hour
from market.domain.errors import Conflict, InvalidInput, MarketError, NotAuthenticated, NotFound
from market.domain.ids import IdSource
from market.domain.offerings import Offering
from market.domain.orders import FURTHEST_DEADLINE, Order, OrderTerms
from market.domain.parties import Actor, ApiKey, Buyer, Provider, Role
from market.domain.places import Node, Provenance, Region, RoundTripTime, modelled_rtt_ms
from market.domain.policy import Policy
from market.domain.rounds import Round
from market.domain.states import (
    OFFERING_MOVES,
    ROUND_MOVES,
    AllocationState,
    OfferingState,
    OrderState,
    RoundState,
    advance,
)
from market.keys import hash_secret, new_secret
from market.persistence.database import Database
from market.persistence.store import Store
from market.scenario import Scenario
from solver import Clearing, Limits, verify

FEWEST_SLOTS, MOST_SLOTS = 24, 96
MODELLED = Provenance("modelled from coordinates: great circle x 1.35, 5 us/km each way", "assumption")


@dataclass(frozen=True, slots=True)
class Once:
    """An idempotency key: the same request under the same key is carried out once."""

    client: str
    key: str
    request_hash: str


class AnsweredBefore(Exception):
    """The request was carried out before; `answer` is what was stored with it."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__("answered before")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Submission:
    """One order as it arrives: whose, and what."""

    buyer_id: str
    terms: OrderTerms


@dataclass(frozen=True, slots=True)
class RoundRequest:
    """How to clear: None means the policy in force, the next full hour, and as many slots as the book needs."""

    policy: Policy | None = None
    starts_at: datetime | None = None
    slots: int | None = None
    limits: Limits = field(default_factory=Limits)


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
            catalogue = read_catalogue(work)
            answers = [self._accept(work, catalogue, submission, now) for submission in submissions]
            accepted = [answer for answer in answers if isinstance(answer, Order)]
            work.orders.add(accepted, actor.key_id)
            self._remember(work, once, {"orders": [_order_or_error(answer) for answer in answers]})
        return answers

    def clear_round(self, actor: Actor, request: RoundRequest, once: Once | None = None) -> Round:
        """Clear the open book against what is free: all of it lands, or nothing does.

        1. open the round and freeze the market; 2. build the problem; 3. solve it, elsewhere;
        4. let the judge verify; 5. translate back; 6. land in one transaction.
        """
        actor.require(Role.OPERATOR)
        opened, snapshot = self._open_round(request, once)
        with self._failing_round(opened):
            built = build_problem(snapshot)
            clearing = self._solve(built.problem, request.limits)
            verification = verify(built.problem, clearing)
            if not verification.ok:
                first = verification.violations[0]
                return self._refuse_round(opened, f"{first.code}: {first.message}")
            outcome = read_outcome(built, clearing, opened.id, self._ids, self.clock.now())
            return self._land_round(opened, snapshot, clearing, outcome)

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
            self._remember(work, once, {"order_id": order_id})
        return replace(order, state=OrderState.CANCELLED)

    # Taking part

    def authenticate(self, secret: str) -> Actor:
        """Who holds this key; `NotAuthenticated` if nobody does."""
        with self.database.reading() as session:
            key = Store(session).access.key_by_hash(hash_secret(secret, self._pepper))
        if key is None:
            raise NotAuthenticated("unknown_key", "this API key is not known here")
        return Actor(key.id, key.role, key.organisation_id)

    def create_operator_key(self) -> str:
        """The first operator key, once; `Conflict` when there is one already."""
        with self._unit_of_work() as work:
            if work.access.has_operator():
                raise Conflict("already_initialised", "this exchange already has an operator key")
            return self._issue_key(work, Role.OPERATOR, None)

    def has_operator(self) -> bool:
        """Whether the exchange was initialised."""
        with self.database.reading() as session:
            return Store(session).access.has_operator()

    def register(self, actor: Actor, organisation: Provider | Buyer, once: Once | None = None) -> str:
        """Add a provider or buyer and issue its key, which is shown this once."""
        actor.require(Role.OPERATOR)
        role = Role.PROVIDER if isinstance(organisation, Provider) else Role.BUYER
        with self._unit_of_work(once) as work:
            self._refuse_duplicate(work, organisation)
            if organisation.home_region_id and not work.has(Region, organisation.home_region_id):
                raise InvalidInput("unknown_region", f"no region {organisation.home_region_id!r}")
            work.add_all([organisation])
            self._remember(work, once, {"organisation_id": organisation.id})
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
            if work.count_regions():
                return False
            for things in scenario.in_order_of_reference():
                work.add_all(things)
        return True

    def add_region(self, actor: Actor, region: Region, once: Once | None = None) -> Region:
        """Add a region; its distances to all others are modelled from coordinates."""
        actor.require(Role.OPERATOR)
        with self._unit_of_work(once) as work:
            self._refuse_duplicate(work, region)
            others = work.regions()
            work.add_all([region])
            work.add_all(_modelled_distances(region, others))
            self._remember(work, once, {"region_id": region.id})
        return region

    def add_node(self, actor: Actor, node: Node, once: Once | None = None) -> Node:
        """Add a computing centre."""
        actor.require(Role.OPERATOR)
        with self._unit_of_work(once) as work:
            self._refuse_duplicate(work, node)
            check_node(work, node)
            work.add_all([node])
            self._remember(work, once, {"node_id": node.id})
        return node

    def list_offering(self, actor: Actor, offering: Offering, once: Once | None = None) -> Offering:
        """List an offering under a fresh id."""
        actor.require(Role.PROVIDER, Role.OPERATOR)
        now = self.clock.now()
        listed = replace(offering, id=self._ids.new("off", now), state=OfferingState.OPEN, listed_at=now)
        with self._unit_of_work(once) as work:
            check_offering(work, listed)
            work.add_all([listed])
            self._remember(work, once, {"offering_id": listed.id})
        return listed

    def amend_offering(self, actor: Actor, offering_id: str, **changes: Any) -> Offering:
        """Change an offering's ask, units, hours or window; what is already granted keeps its terms."""
        with self._unit_of_work() as work:
            offering = own_offering(work, actor, offering_id)
            if offering.state is not OfferingState.OPEN:
                raise Conflict("offering_withdrawn", "a withdrawn offering cannot be changed; list a new one")
            amended = replace(offering, **changes)
            work.replace_offering(amended)
        return amended

    def withdraw_offering(self, actor: Actor, offering_id: str, once: Once | None = None) -> Offering:
        """Take an offering off the market; what is running finishes."""
        with self._unit_of_work(once) as work:
            offering = own_offering(work, actor, offering_id)
            state = advance(OFFERING_MOVES, offering.state, OfferingState.WITHDRAWN)
            withdrawn = replace(offering, state=state)
            work.replace_offering(withdrawn)
            self._remember(work, once, {"offering_id": offering_id})
        return withdrawn

    def set_policy(self, actor: Actor, policy: Policy) -> Policy:
        """Put a policy in force for the rounds to come."""
        actor.require(Role.OPERATOR)
        now = self.clock.now()
        with self._unit_of_work() as work:
            work.access.set_policy(self._ids.new("pol", now), policy, now, actor.key_id)
        return policy

    def abandon_interrupted_round(self) -> Round | None:
        """At start-up: a round that was clearing when the exchange stopped has failed; its orders are still open."""
        with self._unit_of_work() as work:
            left_over = work.rounds.in_progress()
            if left_over is None:
                return None
            failed = self._closed(
                left_over, RoundState.FAILED, failure="the exchange stopped while it cleared"
            )
            work.rounds.close(failed)
        return failed

    # Steps of a round

    def _open_round(self, request: RoundRequest, once: Once | None) -> tuple[Round, MarketSnapshot]:
        """Expire what is too late, freeze the market, and claim the one place for a clearing round."""
        now = self.clock.now()
        with self._unit_of_work(once) as work:
            book = work.orders.open_orders()
            stale = [order for order in book if order.terms.deadline <= now]
            work.orders.move(stale, OrderState.EXPIRED, now, "exchange", "its deadline passed")
            orders = tuple(order for order in book if order.terms.deadline > now)
            horizon = _horizon(request, orders, now)
            snapshot = MarketSnapshot(
                catalogue=read_catalogue(work),
                allocations=work.rounds.live_allocations(horizon.starts_at),
                orders=orders,
                policy=request.policy or work.access.policy(),
                horizon=horizon,
            )
            opened = Round(
                id=self._ids.new("rnd", now),
                state=RoundState.CLEARING,
                policy=snapshot.policy,
                starts_at=horizon.starts_at,
                slots=horizon.slots,
                opened_at=now,
                orders=len(orders),
            )
            work.rounds.open(opened)
            self._remember(work, once, {"round_id": opened.id})
        return opened, snapshot

    def _land_round(
        self, opened: Round, snapshot: MarketSnapshot, clearing: Clearing, outcome: RoundOutcome
    ) -> Round:
        """Store everything at once; what left the market while it cleared is left out."""
        by_id = {order.id: order for order in snapshot.orders}
        with self._unit_of_work() as work:
            now = self.clock.now()
            still_open = work.orders.still_open(by_id)
            listed = {o.id for o in work.offerings() if o.state is OfferingState.OPEN}
            granted = [a for a in outcome.allocations if a.order_id in still_open and a.offering_id in listed]
            landed = self._closed(
                opened,
                RoundState.LANDED,
                placed=len(granted),
                status=clearing.status.value,
                value_micros=int(clearing.value_micros),
                bound_micros=int(clearing.bound_micros),
                gap=float(clearing.gap),
                seconds=float(clearing.seconds),
                figures=outcome.figures,
            )
            work.rounds.close(landed)
            work.rounds.add_record(opened.id, outcome.problem_npz, outcome.clearing_npz, outcome.names)
            work.rounds.add_allocations(granted)
            work.orders.move(
                [by_id[a.order_id] for a in granted],
                OrderState.ALLOCATED,
                now,
                "exchange",
                f"placed in {opened.id}",
            )
            work.orders.add_explanations([e for e in outcome.explanations if e.order_id in still_open])
        return landed

    def _refuse_round(self, opened: Round, why: str) -> Round:
        """The judge said no: nothing lands, and the round says why."""
        refused = self._closed(opened, RoundState.REFUSED, failure=why)
        with self._unit_of_work() as work:
            work.rounds.close(refused)
        return refused

    @contextmanager
    def _failing_round(self, opened: Round) -> Iterator[None]:
        """Close the round as failed when a step raises; the error goes on to the caller."""
        try:
            yield
        except BaseException as error:
            failed = self._closed(opened, RoundState.FAILED, failure=f"{type(error).__name__}: {error}")
            with self._unit_of_work() as work:
                work.rounds.close(failed)
            raise

    def _closed(self, opened: Round, state: RoundState, **results: Any) -> Round:
        advance(ROUND_MOVES, opened.state, state)
        return replace(opened, state=state, closed_at=self.clock.now(), **results)

    # Within a unit of work

    @contextmanager
    def _unit_of_work(self, once: Once | None = None) -> Iterator[Store]:
        """One transaction. With a key that was answered before, `AnsweredBefore` instead."""
        with self.database.writing() as session:
            work = Store(session)
            if once is not None:
                _look_up(work, once)
            yield work
            session.commit()

    def _remember(self, work: Store, once: Once | None, answer: Mapping[str, Any]) -> None:
        if once is None:
            return
        try:
            work.access.remember(once.client, once.key, once.request_hash, answer, self.clock.now())
        except IntegrityError as error:
            raise Conflict(
                "request_in_progress", "a request with this idempotency key is being answered; try again"
            ) from error

    def _issue_key(self, work: Store, role: Role, organisation_id: str | None) -> str:
        now, secret = self.clock.now(), new_secret(role)
        key = ApiKey(self._ids.new("key", now), role, organisation_id, hash_secret(secret, self._pepper), now)
        work.access.add_key(key)
        return secret

    def _accept(
        self, work: Store, catalogue: Catalogue, submission: Submission | MarketError, now: datetime
    ) -> Order | MarketError:
        if isinstance(submission, MarketError):
            return submission
        try:
            check_order(work, catalogue, submission.buyer_id, submission.terms, now)
        except MarketError as refusal:
            return refusal
        return Order(self._ids.new("ord", now), submission.buyer_id, submission.terms, OrderState.OPEN, now)

    def _refuse_duplicate(self, work: Store, thing: Provider | Buyer | Region | Node) -> None:
        if work.has(type(thing), thing.id):
            raise Conflict(
                "duplicate_id", f"{type(thing).__name__.lower()} {thing.id} exists already", id=thing.id
            )


def read_catalogue(work: Store) -> Catalogue:
    """Everything that is listed."""
    return Catalogue(work.regions(), work.nodes(), work.devices(), work.offerings(), work.round_trip_times())


def own_order(work: Store, actor: Actor, order_id: str) -> Order:
    """An order the actor may see; `NotFound` also for another buyer's."""
    order = work.orders.get(order_id)
    if order is None or (actor.role is not Role.OPERATOR and order.buyer_id != actor.organisation_id):
        raise NotFound("not_found", f"no order {order_id}")
    return order


def own_offering(work: Store, actor: Actor, offering_id: str) -> Offering:
    """An offering the actor may change; `NotFound` also for another provider's."""
    actor.require(Role.PROVIDER, Role.OPERATOR)
    offering = work.offering(offering_id)
    if offering is None or (
        actor.role is not Role.OPERATOR and offering.provider_id != actor.organisation_id
    ):
        raise NotFound("not_found", f"no offering {offering_id}")
    return offering


def _look_up(work: Store, once: Once) -> None:
    remembered = work.access.answer(once.client, once.key)
    if remembered is None:
        return
    if remembered.request_hash != once.request_hash:
        raise Conflict(
            "idempotency_key_reused", "this idempotency key was used for another request; take a new one"
        )
    raise AnsweredBefore(remembered.answer)


def _order_or_error(answer: Order | MarketError) -> Mapping[str, Any]:
    if isinstance(answer, MarketError):
        return {"code": answer.code, "message": answer.message, "facts": answer.facts}
    return {"order_id": answer.id}


def _horizon(request: RoundRequest, orders: Sequence[Order], now: datetime) -> Horizon:
    starts_at = next_hour(now) if request.starts_at is None else request.starts_at
    if starts_at != next_hour(starts_at):
        raise InvalidInput("invalid_start", "a round starts at a full hour")
    if not now - HOUR <= starts_at <= now + FURTHEST_DEADLINE:
        raise InvalidInput("invalid_start", "a round starts within the coming year")
    if request.slots is not None:
        if not 1 <= request.slots <= MOST_SLOTS:
            raise InvalidInput("invalid_slots", f"slots is a whole number from 1 to {MOST_SLOTS}")
        return Horizon(starts_at, request.slots)
    latest = max((order.terms.deadline for order in orders), default=starts_at)
    needed = -((starts_at - latest) // timedelta(hours=1))
    return Horizon(starts_at, min(max(needed, FEWEST_SLOTS), MOST_SLOTS))


def _modelled_distances(region: Region, others: Sequence[Region]) -> list[RoundTripTime]:
    distances = [RoundTripTime(region.id, region.id, modelled_rtt_ms(region, region), MODELLED)]
    for other in others:
        rtt = modelled_rtt_ms(region, other)
        distances.append(RoundTripTime(region.id, other.id, rtt, MODELLED))
        distances.append(RoundTripTime(other.id, region.id, rtt, MODELLED))
    return distances
