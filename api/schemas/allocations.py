"""Allocations as they go out."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.fields import (
    CnyText,
    Moment,
    PageQuery,
    Reference,
    Schema,
    UnitsShown,
    Words,
    example,
    shown_units,
)
from market.desks.running import FailureCause
from market.domain.money import format_cny
from market.domain.rounds import Allocation
from market.domain.states import AllocationState
from market.persistence.filters import Filters, Span
from market.running.upkeep import Upkept


class AllocationAnswer(Schema):
    """Units of an offering granted to an order for a window, at a price."""

    model_config = example(
        id="alo_01k0a1b2c3d4e5f6g7h8j9kmnp",
        round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        order_id="ord_01k0a1b2c3d4e5f6g7h8j9kmnp",
        buyer_id="buy_0001",
        offering_id="off_0001",
        provider_id="prv_0062",
        node_id="tianfu_cluster",
        units=8,
        starts_at="2025-07-16T16:00:00Z",
        ends_at="2025-07-16T22:00:00Z",
        ask_price="4.27",
        price="204.96",
        rtt_ms=24.1,
        facility_kwh=48.2,
        carbon_kg_location=6.8,
        carbon_kg_market=5.9,
        state="active",
        paid="68.32",
        settled_hours=2,
        offering_version=1,
        started_at="2025-07-16T16:00:00Z",
        heartbeat_at=None,
        ended_at=None,
    )

    id: str
    round_id: str | None = Field(description="Null where the order was placed at once.")
    order_id: str
    buyer_id: str
    offering_id: str
    provider_id: str
    node_id: str
    units: UnitsShown
    starts_at: datetime
    ends_at: datetime
    ask_price: CnyText = Field(description="Ask per unit-hour when it was granted.")
    price: CnyText = Field(
        description="What the buyer pays for the whole window; shown to its provider: what that earns, before fees."
    )
    rtt_ms: float
    facility_kwh: float
    carbon_kg_location: float
    carbon_kg_market: float
    state: AllocationState
    paid: CnyText = Field(description="Captured of it so far.")
    settled_hours: int = Field(description="Hours that are over and settled, from the first one on.")
    offering_version: int = Field(description="Terms of the offering that were matched.")
    started_at: datetime | None
    heartbeat_at: datetime | None = Field(description="When its provider last said that it runs.")
    ended_at: datetime | None

    @classmethod
    def of(cls, allocation: Allocation) -> "AllocationAnswer":
        """What an allocation looks like from outside."""
        fields: dict[str, Any] = {name: getattr(allocation, name, None) for name in cls.model_fields}
        fields["units"] = shown_units(allocation.units, allocation.unit_tenths)
        fields["ask_price"] = format_cny(allocation.ask_micros_per_unit_hour)
        fields["price"] = format_cny(allocation.price_micros)
        fields["paid"] = format_cny(allocation.paid_micros)
        return cls.model_construct(**fields)


class FailureReport(Schema):
    """What went wrong with an allocation."""

    model_config = example(cause="provider", note="power supply of rack 7 failed")

    cause: Annotated[FailureCause, Field(strict=False)] = Field(
        description="`job`: it failed by itself, its order has failed and used time is paid. `provider`: what it ran "
        "on failed, its order is matched again, with refund and credit."
    )
    note: Words | None = Field(None, description="For the buyer: it becomes part of the order's history.")


class UpkeepAnswer(Schema):
    """What was due: twice at one moment, and the second answer is all zeros."""

    model_config = example(
        started=2, captured_hours=14, completed=1, interrupted=0, expired=3, quotes_lapsed=1
    )

    started: int = Field(description="Allocations that started without a report.")
    captured_hours: int = Field(description="Hours that were over and paid.")
    completed: int
    interrupted: int = Field(description="For a node, a drain or a missed heartbeat.")
    expired: int = Field(description="Orders past their deadline.")
    quotes_lapsed: int

    @classmethod
    def of(cls, done: Upkept) -> "UpkeepAnswer":
        """What was done."""
        return cls(**asdict(done))


class AllocationsQuery(PageQuery):
    """Which allocations."""

    round_id: Reference | None = Field(None, description="Only those of this round.")
    order_id: Reference | None = Field(None, description="Only those of this order.")
    offering_id: Reference | None = Field(None, description="Only those on this offering.")
    node_id: Reference | None = Field(None, description="Only those at this node.")
    provider_id: Reference | None = Field(
        None, description="Only those on this provider's offerings; a provider names itself or nobody."
    )
    state: list[AllocationState] = Field([], description="Only those in this state; several: any of them.")
    starts_after: Moment | None = Field(None, description="Only those that start then or later.")
    starts_before: Moment | None = Field(None, description="Only those that start before.")
    sort: Literal["granted_at", "-granted_at"] = Field(
        "-granted_at", description="In the sequence in which they were granted, or newest first."
    )

    def filters(self) -> Filters:
        """What is asked of the rows."""
        return {
            "round_id": self.round_id,
            "order_id": self.order_id,
            "offering_id": self.offering_id,
            "node_id": self.node_id,
            "provider_id": self.provider_id,
            "state": tuple(self.state),
            "starts_at": Span(self.starts_after, self.starts_before),
        }
