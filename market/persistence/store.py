"""What the exchange reads and writes, in the market's nouns. Nothing here commits."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.domain.catalogue import Catalogue
from market.domain.devices import Device
from market.domain.errors import Conflict
from market.domain.offerings import Offering
from market.domain.parties import Buyer, Provider
from market.domain.places import Node, Region, RoundTripTime
from market.domain.states import NODE_MOVES, NodeState, advance
from market.persistence import mapping, models
from market.persistence.access_store import AccessStore
from market.persistence.event_log import EventLog
from market.persistence.filters import NO_FILTERS, Filters, conditions
from market.persistence.holds import HeldName, hold_name
from market.persistence.key_store import KeyStore
from market.persistence.ledger_store import LedgerStore
from market.persistence.listing_store import ListingStore
from market.persistence.member_store import MemberStore
from market.persistence.order_store import OrderStore
from market.persistence.paging import Page, PageRequest, read_page
from market.persistence.promise_store import PromiseStore
from market.persistence.round_store import RoundStore
from market.persistence.webhook_store import WebhookStore

T = TypeVar("T")
R = TypeVar("R", bound=models.Base)
NamedThing = Region | Node | Device | Provider | Buyer | Offering
SourcedThing = NamedThing | RoundTripTime

_TABLES: dict[type[Any], type[models.Base]] = {
    Region: models.RegionRow,
    Node: models.NodeRow,
    RoundTripTime: models.RoundTripTimeRow,
    Device: models.DeviceRow,
    Provider: models.ProviderRow,
    Buyer: models.BuyerRow,
    Offering: models.OfferingRow,
}

_TOLD_AS: dict[type[Any], tuple[str, str]] = {
    Region: ("region", "added"),
    Node: ("node", "added"),
    Provider: ("provider", "registered"),
    Buyer: ("buyer", "registered"),
}


class Store:
    """Everything behind one session: the catalogue here, orders, rounds and access by name."""

    def __init__(self, session: Session, events: EventLog | None = None) -> None:
        """`events` is the log of a unit of work; without one nothing can be written that is told in it."""
        self.session = session
        self.events = EventLog(session) if events is None else events
        self.orders = OrderStore(session, self.events)
        self.rounds = RoundStore(session, self.events)
        self.access = AccessStore(session, self.events)
        self.keys = KeyStore(session, self.events)
        self.members = MemberStore(session, self.events)
        self.ledger = LedgerStore(session)
        self.listings = ListingStore(session, self.events)
        self.promises = PromiseStore(session, self.events)
        self.webhooks = WebhookStore(session)

    def add_all(self, things: Iterable[SourcedThing]) -> None:
        """Insert catalogue nouns of one kind."""
        rows = list(things)
        if rows:
            table = _TABLES[type(rows[0])]
            self.session.execute(insert(table), [mapping.sourced_columns(row) for row in rows])

    def require_free(self, thing: NamedThing) -> None:
        """`Conflict` where the id is taken."""
        if self.has(type(thing), thing.id):
            raise _taken(thing)

    def add(self, thing: NamedThing) -> None:
        """Insert one catalogue noun; `Conflict` where its id is taken, be it by whoever was faster just now."""
        try:
            self.add_all([thing])
        except IntegrityError as error:
            if not _is_duplicate(error):
                raise
            raise _taken(thing) from error
        if type(thing) in _TOLD_AS:
            resource, what = _TOLD_AS[type(thing)]
            buyer_id = thing.id if isinstance(thing, Buyer) else None
            provider_id = thing.id if isinstance(thing, Provider) else None
            self.events.record(resource, what, thing.id, buyer_id=buyer_id, provider_id=provider_id)

    def hold_organisation(self, id_: str) -> None:
        """Nobody is registered elsewhere under an id, as a buyer or as a provider, before the end of this unit of work."""
        hold_name(self.session, HeldName.ORGANISATION, id_)

    def hold_regions(self) -> None:
        """No region is added elsewhere before the end of this unit of work (SQLite has one writer anyway)."""
        if self.session.get_bind().dialect.name == "postgresql":
            self.session.execute(text("LOCK TABLE regions IN SHARE ROW EXCLUSIVE MODE"))

    def hold_listings(self) -> None:
        """No node and no offering changes elsewhere before the end of this unit of work (SQLite has one writer anyway)."""
        if self.session.get_bind().dialect.name == "postgresql":
            for column in (models.NodeRow.id, models.OfferingRow.id):
                self.session.execute(select(column).order_by(column).with_for_update(read=True)).all()

    def has(self, kind: type[SourcedThing], id_: str) -> bool:
        """Whether a catalogue noun of that id is stored."""
        table: Any = _TABLES[kind]
        return self.session.scalar(select(table.id).where(table.id == id_)) is not None

    def regions(self) -> tuple[Region, ...]:
        """All regions by id."""
        return self._all(models.RegionRow, mapping.read_region)

    def nodes(self) -> tuple[Node, ...]:
        """All nodes by id."""
        return self._all(models.NodeRow, mapping.read_node)

    def devices(self) -> tuple[Device, ...]:
        """All devices by id."""
        return self._all(models.DeviceRow, mapping.read_device)

    def region(self, id_: str) -> Region | None:
        """One region."""
        row = self.session.get(models.RegionRow, id_)
        return None if row is None else mapping.read_region(row)

    def device(self, id_: str) -> Device | None:
        """One device."""
        row = self.session.get(models.DeviceRow, id_)
        return None if row is None else mapping.read_device(row)

    def node(self, id_: str) -> Node | None:
        """One node."""
        row = self.session.get(models.NodeRow, id_)
        return None if row is None else mapping.read_node(row)

    def held_node(self, node_id: str) -> Node | None:
        """A node that does not change otherwise before the end of this unit of work. None: no such node."""
        query = select(models.NodeRow).where(models.NodeRow.id == node_id).with_for_update()
        row = self.session.scalar(query)
        return None if row is None else mapping.read_node(row)

    def move_node(self, held: Node, to: NodeState) -> Node:
        """Advance a node that is held."""
        state = advance(NODE_MOVES, held.state, to)
        self.session.execute(update(models.NodeRow).where(models.NodeRow.id == held.id).values(state=state))
        self.events.record("node", state.value, held.id)
        return replace(held, state=state)

    def offerings(self) -> tuple[Offering, ...]:
        """All offerings by id."""
        return self._all(models.OfferingRow, mapping.read_offering)

    def round_trip_times(self) -> tuple[RoundTripTime, ...]:
        """The whole RTT matrix."""
        row = models.RoundTripTimeRow
        query = select(row.from_region_id, row.to_region_id, row.rtt_ms, row.source, row.confidence)
        return tuple(mapping.rtt_of(*columns) for columns in self.session.execute(query))

    def catalogue(self) -> Catalogue:
        """Everything that is listed."""
        return Catalogue(
            self.regions(), self.nodes(), self.devices(), self.offerings(), self.round_trip_times()
        )

    def offering(self, id_: str) -> Offering | None:
        """One offering."""
        row = self.session.get(models.OfferingRow, id_)
        return None if row is None else mapping.read_offering(row)

    def count_regions(self) -> int:
        """How many regions there are: zero means no scenario is loaded."""
        return self.session.scalar(select(func.count()).select_from(models.RegionRow)) or 0

    def page_regions(self, request: PageRequest) -> Page[Region]:
        """Regions, paged."""
        return read_page(
            self.session, select(models.RegionRow), models.RegionRow.id, mapping.read_region, request
        )

    def page_nodes(self, request: PageRequest, filters: Filters = NO_FILTERS) -> Page[Node]:
        """Nodes, paged, filtered by region_id or state."""
        columns = {"region_id": models.NodeRow.region_id, "state": models.NodeRow.state}
        query = select(models.NodeRow).where(*conditions(columns, filters))
        return read_page(self.session, query, models.NodeRow.id, mapping.read_node, request)

    def page_devices(self, request: PageRequest) -> Page[Device]:
        """Devices, paged."""
        return read_page(
            self.session, select(models.DeviceRow), models.DeviceRow.id, mapping.read_device, request
        )

    def page_providers(self, request: PageRequest, only: str | None = None) -> Page[Provider]:
        """Providers, paged; `only` one of them if given."""
        query = select(models.ProviderRow)
        if only is not None:
            query = query.where(models.ProviderRow.id == only)
        return read_page(self.session, query, models.ProviderRow.id, mapping.read_provider, request)

    def page_buyers(self, request: PageRequest, only: str | None) -> Page[Buyer]:
        """Buyers, paged; `only` one of them for that buyer's own key."""
        query = select(models.BuyerRow)
        if only is not None:
            query = query.where(models.BuyerRow.id == only)
        return read_page(self.session, query, models.BuyerRow.id, mapping.read_buyer, request)

    def page_offerings(self, request: PageRequest, filters: Filters) -> Page[Offering]:
        """Offerings, paged, filtered by the columns below; where and what they are is their node's and device's."""
        row = models.OfferingRow
        columns = {
            "node_id": row.node_id,
            "provider_id": row.provider_id,
            "device_id": row.device_id,
            "state": row.state,
            "ask_micros_per_unit_hour": row.ask_micros_per_unit_hour,
            "region_id": models.NodeRow.region_id,
            "compute_class": models.DeviceRow.compute_class,
        }
        query = select(row).join(models.NodeRow, models.NodeRow.id == row.node_id)
        query = query.join(models.DeviceRow, models.DeviceRow.id == row.device_id)
        query = query.where(*conditions(columns, filters))
        return read_page(self.session, query, models.OfferingRow.id, mapping.read_offering, request)

    def _all(self, table: type[R], read: Callable[[R], T]) -> tuple[T, ...]:
        rows: Sequence[R] = self.session.scalars(select(table).order_by(*table.__table__.primary_key)).all()
        return tuple(read(row) for row in rows)


def _taken(thing: NamedThing) -> Conflict:
    kind = type(thing).__name__.lower()
    return Conflict("duplicate_id", f"{kind} {thing.id} exists already", id=thing.id)


def _is_duplicate(error: IntegrityError) -> bool:
    """Whether a key was taken: SQLSTATE 23505 on PostgreSQL, an extended result code on SQLite."""
    name = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    return name in {"23505", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"}
