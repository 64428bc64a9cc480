"""The tables. Column names are the domain's field names; units live in the names.

No relationship is lazy and none is eager: the stores ask for exactly what they need.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """Timezone-aware UTC in Python on every engine; naive times are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; SQLite has no zones, so it stores the bare UTC time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a timezone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Common naming rule, so that migrations can name every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        int: BigInteger,
        str: String,
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[int]: JSON,
        list[str]: JSON,
        list[Any]: JSON,
    }


class Sourced:
    """Every catalogue row says where it comes from and how far to trust it."""

    source: Mapped[str]
    confidence: Mapped[str]


class RegionRow(Sourced, Base):
    """`Region`."""

    __tablename__ = "regions"
    id: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    province_zh: Mapped[str]
    province_en: Mapped[str]
    hub_zh: Mapped[str | None]
    side: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    carbon_location_kg_per_kwh: Mapped[float]
    carbon_residual_kg_per_kwh: Mapped[float]


class NodeRow(Sourced, Base):
    """`Node`."""

    __tablename__ = "nodes"
    __table_args__ = (
        CheckConstraint("pue >= 1", name="pue"),
        CheckConstraint("green_share BETWEEN 0 AND 1", name="green_share"),
        CheckConstraint("state IN ('up', 'down')", name="state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    region_id: Mapped[str] = mapped_column(ForeignKey("regions.id"), index=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    pue: Mapped[float]
    cooling: Mapped[str]
    power_cap_kw: Mapped[int | None]
    tariff_micros_per_kwh: Mapped[list[int]]
    green_share: Mapped[float]
    state: Mapped[str]


class RoundTripTimeRow(Sourced, Base):
    """`RoundTripTime`."""

    __tablename__ = "round_trip_times"
    __table_args__ = (CheckConstraint("rtt_ms >= 0", name="rtt_ms"),)
    from_region_id: Mapped[str] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    to_region_id: Mapped[str] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    rtt_ms: Mapped[float]


class DeviceRow(Sourced, Base):
    """`Device`."""

    __tablename__ = "devices"
    id: Mapped[str] = mapped_column(primary_key=True)
    compute_class: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    vendor: Mapped[str]
    domestic: Mapped[bool]
    memory_gb: Mapped[float]
    watts_per_unit: Mapped[int]
    peak: Mapped[dict[str, Any]]
    speed: Mapped[dict[str, Any]]


class Organisation(Sourced):
    """What providers and buyers have in common."""

    id: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    kind: Mapped[str]


class ProviderRow(Organisation, Base):
    """`Provider`."""

    __tablename__ = "providers"
    home_region_id: Mapped[str | None] = mapped_column(ForeignKey("regions.id"))


class BuyerRow(Organisation, Base):
    """`Buyer`."""

    __tablename__ = "buyers"
    home_region_id: Mapped[str | None] = mapped_column(ForeignKey("regions.id"))


class OfferingRow(Sourced, Base):
    """`Offering`."""

    __tablename__ = "offerings"
    __table_args__ = (
        CheckConstraint("units > 0", name="units"),
        CheckConstraint("max_gang_units BETWEEN 1 AND units", name="max_gang_units"),
        CheckConstraint("ask_micros_per_unit_hour >= 0", name="ask"),
        CheckConstraint("state IN ('open', 'withdrawn')", name="state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(ForeignKey("providers.id"), index=True)
    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"), index=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id"))
    units: Mapped[int]
    max_gang_units: Mapped[int]
    ask_micros_per_unit_hour: Mapped[int]
    free_units_by_hour: Mapped[list[int]]
    available_from: Mapped[datetime | None]
    available_until: Mapped[datetime | None]
    state: Mapped[str]
    listed_at: Mapped[datetime]
    min_units_per_order: Mapped[int]
    max_units_per_order: Mapped[int | None]
    slices_per_unit: Mapped[int]
    maintenance: Mapped[list[Any]]
    drain_at: Mapped[datetime | None]
    heartbeat_minutes: Mapped[int | None]
    sla: Mapped[str]
    version: Mapped[int]


class OfferingVersionRow(Base):
    """The terms of an offering as they were: one row for each version, never changed."""

    __tablename__ = "offering_versions"
    offering_id: Mapped[str] = mapped_column(ForeignKey("offerings.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime]
    changed_by: Mapped[str]
    terms: Mapped[dict[str, Any]]


class OrderRow(Base):
    """`Order`; the job is kept as the JSON it was submitted as."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("limit_price_micros > 0", name="limit_price"),
        CheckConstraint(
            "state IN ('draft', 'open', 'allocated', 'active', 'interrupted', 'completed', 'cancelled', "
            "'expired', 'failed')",
            name="state",
        ),
        CheckConstraint("held_micros >= 0", name="held"),
        CheckConstraint("paid_micros BETWEEN 0 AND limit_price_micros", name="paid"),
        CheckConstraint("remaining_share > 0 AND remaining_share <= 1", name="remaining_share"),
        Index("ix_orders_state_queue_key", "state", "queue_key"),
        Index("ix_orders_buyer_id_id", "buyer_id", "id"),
        Index("ix_orders_buyer_id_state", "buyer_id", "state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    buyer_id: Mapped[str] = mapped_column(ForeignKey("buyers.id"))
    job: Mapped[dict[str, Any]]
    limit_price_micros: Mapped[int]
    latency_cost_micros_per_ms_unit_hour: Mapped[int]
    earliest_start: Mapped[datetime | None]
    deadline: Mapped[datetime]
    interruptible: Mapped[bool]
    time_in_force: Mapped[str]
    voucher_pool_id: Mapped[str | None] = mapped_column(ForeignKey("voucher_pools.id"))
    state: Mapped[str]
    submitted_at: Mapped[datetime]
    queue_key: Mapped[str]
    remaining_share: Mapped[float]
    held_micros: Mapped[int]
    paid_micros: Mapped[int]


class EventRow(Base):
    """`Event`: one line of the log. Triggers refuse to change or remove one."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_resource_resource_id_sequence", "resource", "resource_id", "sequence"),
        Index("ix_events_buyer_id_sequence", "buyer_id", "sequence"),
        Index("ix_events_provider_id_sequence", "provider_id", "sequence"),
        Index("ix_events_actor_sequence", "actor", "sequence"),
        {"sqlite_autoincrement": True},
    )
    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    kind: Mapped[str]
    resource: Mapped[str]
    resource_id: Mapped[str]
    at: Mapped[datetime]
    buyer_id: Mapped[str | None]
    provider_id: Mapped[str | None]
    actor: Mapped[str]
    request_id: Mapped[str | None]
    data: Mapped[dict[str, Any]]


class RoundRow(Base):
    """`Round`. At most one round clears at a time: `in_progress` is 1 then, NULL afterwards, and unique."""

    __tablename__ = "rounds"
    __table_args__ = (
        UniqueConstraint("in_progress"),
        Index("ix_rounds_state_id", "state", "id"),
        CheckConstraint("state IN ('clearing', 'landed', 'refused', 'failed')", name="state"),
        CheckConstraint("(state = 'clearing') = (in_progress IS NOT NULL)", name="in_progress"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    in_progress: Mapped[int | None]
    policy: Mapped[dict[str, Any]]
    starts_at: Mapped[datetime]
    slots: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    orders: Mapped[int]
    placed: Mapped[int]
    left_out: Mapped[int]
    status: Mapped[str | None]
    value_micros: Mapped[int | None]
    bound_micros: Mapped[int | None]
    gap: Mapped[float | None]
    seconds: Mapped[float | None]
    failure: Mapped[str | None]
    figures: Mapped[dict[str, Any]]


class RoundRecordRow(Base):
    """The problem, the clearing and the names of their rows: all it takes to check a round again."""

    __tablename__ = "round_records"
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    problem_npz: Mapped[bytes] = mapped_column(LargeBinary)
    clearing_npz: Mapped[bytes] = mapped_column(LargeBinary)
    names: Mapped[dict[str, Any]]
    limits: Mapped[dict[str, Any]]


class AllocationRow(Base):
    """`Allocation`. An order holds at most one live allocation: `live` is 1 then, NULL afterwards."""

    __tablename__ = "allocations"
    __table_args__ = (
        UniqueConstraint("order_id", "live"),
        CheckConstraint("units > 0", name="units"),
        CheckConstraint("price_micros >= 0", name="price"),
        CheckConstraint("starts_at < ends_at", name="window"),
        CheckConstraint("paid_micros BETWEEN 0 AND price_micros", name="paid"),
        CheckConstraint("settled_hours >= 0", name="settled_hours"),
        CheckConstraint(
            "state IN ('granted', 'active', 'completed', 'cancelled', 'failed', 'interrupted', 'moved')",
            name="state",
        ),
        Index("ix_allocations_offering_id_ends_at", "offering_id", "ends_at"),
        Index(
            "ix_allocations_live_ends_at",
            "ends_at",
            postgresql_where=text("live = 1"),
            sqlite_where=text("live = 1"),
        ),
        Index("ix_allocations_node_id_id", "node_id", "id"),
        Index("ix_allocations_buyer_id_id", "buyer_id", "id"),
        Index("ix_allocations_provider_id_id", "provider_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[str | None] = mapped_column(ForeignKey("rounds.id"), index=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    buyer_id: Mapped[str] = mapped_column(ForeignKey("buyers.id"))
    offering_id: Mapped[str] = mapped_column(ForeignKey("offerings.id"))
    provider_id: Mapped[str] = mapped_column(ForeignKey("providers.id"))
    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"))
    units: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ask_micros_per_unit_hour: Mapped[int]
    price_micros: Mapped[int]
    rtt_ms: Mapped[float]
    facility_kwh: Mapped[float]
    carbon_kg_location: Mapped[float]
    carbon_kg_market: Mapped[float]
    state: Mapped[str]
    unit_tenths: Mapped[int]
    charges_micros: Mapped[list[int]]
    earnings_micros: Mapped[list[int]]
    settled_hours: Mapped[int]
    paid_micros: Mapped[int]
    offering_version: Mapped[int]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    live: Mapped[int | None]


class ExplanationRow(Base):
    """`Explanation` of an order that a round left unplaced."""

    __tablename__ = "explanations"
    __table_args__ = (Index("ix_explanations_round_id", "round_id"),)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    code: Mapped[str]
    detail: Mapped[dict[str, Any]]


class PolicyRow(Base):
    """Every policy that was ever in force; the newest is."""

    __tablename__ = "policies"
    id: Mapped[str] = mapped_column(primary_key=True)
    set_at: Mapped[datetime]
    set_by: Mapped[str]
    policy: Mapped[dict[str, Any]]
