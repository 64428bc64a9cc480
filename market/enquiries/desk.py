"""What can be asked of the exchange without changing it: pages, explanations, quotes, prices.

Each actor sees what is public and what is its own; somebody else's is `NotFound`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from market.access.tenancy import own_order, round_seen_by
from market.clearing.hour_prices import HourPrice, read_hour_prices
from market.domain.devices import Device
from market.domain.errors import NotFound
from market.domain.events import Event
from market.domain.offerings import Offering
from market.domain.orders import Order
from market.domain.parties import Actor, Buyer, Provider, Role
from market.domain.places import Node, Region
from market.domain.policy import Policy
from market.domain.rounds import Allocation, Round
from market.domain.scopes import Scope
from market.domain.states import OrderState, RoundState
from market.enquiries.events import EventEnquiries
from market.enquiries.explaining import OrderExplanation, explain
from market.enquiries.listings import ListingEnquiries
from market.enquiries.places import PlaceEnquiries
from market.enquiries.promises import PromiseEnquiries
from market.enquiries.rounds import RoundEnquiries
from market.enquiries.running import RunningEnquiries
from market.enquiries.webhooks import WebhookEnquiries
from market.persistence.filters import NO_FILTERS, Filters
from market.persistence.paging import Page, PageRequest
from market.persistence.store import Store
from market.settlement.earnings import earned_allocations


@dataclass(frozen=True, slots=True)
class OrderStory:
    """An order from beginning to end."""

    order: Order
    granted: Allocation | None
    history: tuple[Event, ...]


class Enquiries(
    PlaceEnquiries,
    ListingEnquiries,
    RoundEnquiries,
    RunningEnquiries,
    PromiseEnquiries,
    EventEnquiries,
    WebhookEnquiries,
):
    """Read-only desk. Safe between threads: each call has a session of its own."""

    # What is public

    def regions(self, request: PageRequest) -> Page[Region]:
        """Regions, paged."""
        with self._database.reading() as session:
            return Store(session).page_regions(request)

    def nodes(self, request: PageRequest, filters: Filters = NO_FILTERS) -> Page[Node]:
        """Nodes, paged, filtered by region_id or state."""
        with self._database.reading() as session:
            return Store(session).page_nodes(request, filters)

    def devices(self, request: PageRequest) -> Page[Device]:
        """Devices, paged."""
        with self._database.reading() as session:
            return Store(session).page_devices(request)

    def providers(self, request: PageRequest) -> Page[Provider]:
        """Providers, paged."""
        with self._database.reading() as session:
            return Store(session).page_providers(request)

    def offerings(self, request: PageRequest, filters: Filters) -> Page[Offering]:
        """Offerings, paged, filtered by node, provider, device, state, ask, region or compute class."""
        with self._database.reading() as session:
            return Store(session).page_offerings(request, filters)

    def rounds(self, request: PageRequest, filters: Filters = NO_FILTERS) -> Page[Round]:
        """Rounds, paged, filtered by state or opened_at."""
        with self._database.reading() as session:
            return Store(session).rounds.page(request, filters)

    def round(self, round_id: str, actor: Actor | None = None) -> Round:
        """One round, as whoever asks may see it; without an actor: as everybody may."""
        with self._database.reading() as session:
            found = Store(session).rounds.get(round_id)
        if found is None:
            raise NotFound("not_found", f"no round {round_id}")
        return round_seen_by(actor, found)

    def newest_landed_round(self) -> Round:
        """The last round that landed: the one whose prices are in force."""
        with self._database.reading() as session:
            found = Store(session).rounds.newest_landed()
        if found is None:
            raise NotFound("no_round_yet", "no round has landed yet, so there are no prices")
        return found

    def policy(self) -> Policy:
        """The policy in force."""
        with self._database.reading() as session:
            return Store(session).access.policy()

    def prices(self, round_id: str | None = None, offering_id: str | None = None) -> tuple[HourPrice, ...]:
        """Prices by offering and hour of a landed round (None: the newest), of one offering if given."""
        with self._database.reading() as session:
            work = Store(session)
            landed = work.rounds.newest_landed() if round_id is None else work.rounds.get(round_id)
            if landed is None or landed.state is not RoundState.LANDED:
                raise NotFound("not_found", "no landed round to read prices from")
            record = work.rounds.record(landed.id)
        if record is None:
            raise NotFound("not_found", f"round {landed.id} kept no record")
        if offering_id is not None and offering_id not in record.names["offerings"]:
            raise NotFound("not_found", f"no offering {offering_id} in round {landed.id}")
        return read_hour_prices(landed, record.problem_npz, record.clearing_npz, record.names, offering_id)

    # What is one's own

    def buyers(self, actor: Actor, request: PageRequest) -> Page[Buyer]:
        """Buyers, paged: all for the operator, oneself for a buyer."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        only = None if actor.role is Role.OPERATOR else actor.organisation_id
        with self._database.reading() as session:
            return Store(session).page_buyers(request, only)

    def orders(self, actor: Actor, request: PageRequest, filters: Filters = NO_FILTERS) -> Page[Order]:
        """Orders, paged: all for the operator, one's own for a buyer; by buyer_id, state, submitted_at, compute_class."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        own = dict(filters)
        if actor.role is Role.BUYER:
            own["buyer_id"] = actor.organisation_or(own.get("buyer_id"), Role.BUYER)
        with self._database.reading() as session:
            return Store(session).orders.page(request, own)

    def order_counts(self, actor: Actor, filters: Filters = NO_FILTERS) -> Mapping[OrderState, int]:
        """How many orders there are by state, of those that the actor may see; filtered as `orders` are."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        own = dict(filters)
        if actor.role is Role.BUYER:
            own["buyer_id"] = actor.organisation_or(own.get("buyer_id"), Role.BUYER)
        with self._database.reading() as session:
            return Store(session).orders.counts(own)

    def order(self, actor: Actor, order_id: str) -> Order:
        """One order."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            return own_order(Store(session), actor, order_id)

    def orders_named(self, actor: Actor, order_ids: Sequence[str]) -> dict[str, Order]:
        """Those of the given orders that the actor may see, by id."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            found = Store(session).orders.named(order_ids)
        if actor.role is Role.OPERATOR:
            return found
        return {id_: order for id_, order in found.items() if order.buyer_id == actor.organisation_id}

    def order_history(self, actor: Actor, order_id: str) -> tuple[Event, ...]:
        """Every step of an order's life."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            work = Store(session)
            own_order(work, actor, order_id)
            return work.orders.history(order_id)

    def order_story(self, actor: Actor, order_id: str) -> OrderStory:
        """One order, what was granted to it last, and every step of its life, all as of one moment."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            work = Store(session)
            order = own_order(work, actor, order_id)
            return OrderStory(
                order, work.rounds.newest_allocation_of(order.id), work.orders.history(order.id)
            )

    def allocations(self, actor: Actor, request: PageRequest, filters: Filters) -> Page[Allocation]:
        """Allocations, paged: a buyer's own, those on a provider's offerings, all for the operator.

        To a provider, price and what is paid of it are what it earns.
        """
        actor.require(scope=Scope.READ)
        own = dict(filters)
        if actor.role is Role.BUYER:
            own["buyer_id"] = actor.organisation_id
        elif actor.role is Role.PROVIDER:
            own["provider_id"] = actor.organisation_or(own.get("provider_id"), Role.PROVIDER)
        with self._database.reading() as session:
            work = Store(session)
            page = work.rounds.page_allocations(request, own)
            if actor.role is not Role.PROVIDER:
                return page
            return Page(earned_allocations(work, page.items), page.next_cursor)

    def round_record(self, actor: Actor, round_id: str) -> tuple[bytes, bytes, Mapping[str, Any]]:
        """Problem, clearing (both `.npz`) and the names of their rows, for whoever wants to check a round again."""
        actor.require(Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            record = Store(session).rounds.record(round_id)
            if record is None:
                raise NotFound("not_found", f"no record of a round {round_id}")
            return record.problem_npz, record.clearing_npz, record.names

    # Answers that take thought

    def explain_order(self, actor: Actor, order_id: str) -> OrderExplanation:
        """Why an order was or was not placed, what it would take, and what else there is, the rest staying fixed."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        now = self._clock.now()
        with self._database.reading() as session:
            work = Store(session)
            return explain(work, own_order(work, actor, order_id), now)
