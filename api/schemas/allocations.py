"""Allocations as they go out."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.fields import CnyText, PageQuery, Reference, Schema, UnitsShown, example, shown_units
from market.domain.money import format_cny
from market.domain.rounds import Allocation
from market.domain.states import AllocationState


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
        state="granted",
    )

    id: str
    round_id: str
    order_id: str
    buyer_id: str
    offering_id: str
    provider_id: str
    node_id: str
    units: UnitsShown
    starts_at: datetime
    ends_at: datetime
    ask_price: CnyText = Field(description="Ask per unit-hour when it was granted.")
    price: CnyText = Field(description="What the buyer pays for the whole window.")
    rtt_ms: float
    facility_kwh: float
    carbon_kg_location: float
    carbon_kg_market: float
    state: AllocationState

    @classmethod
    def of(cls, allocation: Allocation) -> "AllocationAnswer":
        """What an allocation looks like from outside."""
        fields: dict[str, Any] = {name: getattr(allocation, name, None) for name in cls.model_fields}
        fields["units"] = shown_units(allocation.units, allocation.unit_tenths)
        fields["ask_price"] = format_cny(allocation.ask_micros_per_unit_hour)
        fields["price"] = format_cny(allocation.price_micros)
        return cls.model_construct(**fields)


class AllocationsQuery(PageQuery):
    """Which allocations."""

    round_id: Reference | None = Field(None, description="Only those of this round.")
    order_id: Reference | None = Field(None, description="Only those of this order.")
