"""Offerings as they are listed, amended and read."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.fields import NO_DEFAULT, Cny, CnyText, Moment, PageQuery, Reference, Schema, example
from api.schemas.parties import STATED_BY_OPERATOR
from market.domain.devices import ComputeClass
from market.domain.money import format_cny
from market.domain.offerings import MOST_WINDOWS, Maintenance, Offering, SlaGrade
from market.domain.places import Provenance
from market.domain.states import OfferingState
from market.persistence.filters import AtMost, Filters

MOST_UNITS = 10**9
Units = Annotated[int, Field(ge=1, le=MOST_UNITS)]
UnitsByHour = Annotated[list[Annotated[int, Field(ge=0, le=MOST_UNITS)]], Field(min_length=24, max_length=24)]
STATED_BY_PROVIDER = Provenance("provider", "stated")
NOT_YET = "off_not_yet_listed"
LARGEST_GANG = "Largest gang: the units that share one interconnect domain. No order above it runs here."
SMALLEST_ORDER = "Orders below it do not run here; above 1 it rules out tenths of a card as well."
LISTING: dict[str, Any] = {
    "node_id": "tianfu_cluster",
    "device_id": "910b",
    "units": 64,
    "max_gang_units": 32,
    "ask_price": "9.00",
    "free_units_by_hour": [64] * 8 + [48] * 12 + [64] * 4,
    "available_from": None,
    "available_until": None,
    "min_units_per_order": 1,
    "max_units_per_order": None,
    "slices_per_unit": 1,
    "maintenance": [],
    "heartbeat_minutes": None,
    "sla": "standard",
}
WINDOW: dict[str, Any] = {
    "starts_at": "2025-07-20T16:00:00Z",
    "ends_at": "2025-07-20T22:00:00Z",
    "units_left": 0,
}


class MaintenanceWindow(Schema):
    """A window in which an offering has at most so many units; an hour that it touches is in it."""

    model_config = example(**WINDOW)

    starts_at: Moment
    ends_at: Moment
    units_left: Annotated[int, Field(ge=0, le=MOST_UNITS)] = Field(0, description="Units that still run.")

    def window(self) -> Maintenance:
        """The market's noun."""
        return Maintenance(self.starts_at, self.ends_at, self.units_left)

    @classmethod
    def of(cls, window: Maintenance) -> "MaintenanceWindow":
        """What a window looks like from outside."""
        return cls(starts_at=window.starts_at, ends_at=window.ends_at, units_left=window.units_left)


class MaintenanceRequest(MaintenanceWindow):
    """A window to announce."""

    model_config = example(**WINDOW, force=False)

    force: bool = Field(
        default=False,
        description="Interrupt now what does not fit (who was granted earlier stays): matched again, and credited.",
    )


Windows = Annotated[list[MaintenanceWindow], Field(max_length=MOST_WINDOWS)]
HeartbeatMinutes = Annotated[int, Field(ge=1, le=24 * 60)]


class OfferingRequest(Schema):
    """So many units of one device at one node, hour by hour, at an ask price."""

    model_config = example(**LISTING)

    node_id: Reference
    device_id: Reference
    units: Units
    max_gang_units: Units | None = Field(None, description=f"{LARGEST_GANG} Left out: all units.")
    ask_price: Cny = Field(description="CNY per unit-hour.")
    free_units_by_hour: UnitsByHour | None = Field(
        None, description="What each hour of the local day has free; left out: all units, every hour."
    )
    available_from: Moment | None = None
    available_until: Moment | None = None
    min_units_per_order: Units = Field(1, description=SMALLEST_ORDER)
    max_units_per_order: Units | None = Field(None, description="Null: no other limit than the largest gang.")
    slices_per_unit: Literal[1, 10] = Field(1, description="10: tenths of a card are sold as well.")
    maintenance: Windows = Field(default=[])
    heartbeat_minutes: HeartbeatMinutes | None = Field(
        None, description="How often the provider reports on what runs; null: it does not."
    )
    sla: Annotated[SlaGrade, Field(strict=False)] = SlaGrade.STANDARD
    provider_id: Reference | None = Field(None, description="Operators only: on whose behalf.")

    def offering(self, provider_id: str, now: datetime, *, by_operator: bool) -> Offering:
        """The market's noun; the exchange gives it its id."""
        return Offering(
            id=NOT_YET,
            provider_id=provider_id,
            node_id=self.node_id,
            device_id=self.device_id,
            units=self.units,
            max_gang_units=self.units if self.max_gang_units is None else self.max_gang_units,
            ask_micros_per_unit_hour=self.ask_price,
            free_units_by_hour=tuple(self.free_units_by_hour or [self.units] * 24),
            available_from=self.available_from,
            available_until=self.available_until,
            state=OfferingState.OPEN,
            listed_at=now,
            provenance=STATED_BY_OPERATOR if by_operator else STATED_BY_PROVIDER,
            min_units_per_order=self.min_units_per_order,
            max_units_per_order=self.max_units_per_order,
            slices_per_unit=self.slices_per_unit,
            maintenance=tuple(window.window() for window in self.maintenance),
            heartbeat_minutes=self.heartbeat_minutes,
            sla=self.sla,
        )


class OfferingChanges(Schema):
    """What is to be different; the rest stays. What may be null in a listing may be set to null here.

    `maintenance` replaces all windows. Fewer `units` lower a larger `max_gang_units` with them, and the hours that had
    all units free.
    """

    model_config = example(ask_price="8.50", units=64, max_gang_units=32) | {
        "json_schema_extra": {"examples": [{"ask_price": "8.50"}], "minProperties": 1}
    }

    ask_price: Cny = Field(default=0, json_schema_extra=NO_DEFAULT)
    units: Units = Field(default=1, json_schema_extra=NO_DEFAULT)
    max_gang_units: Units = Field(default=1, json_schema_extra=NO_DEFAULT)
    free_units_by_hour: UnitsByHour = Field(default=[], json_schema_extra=NO_DEFAULT)
    available_from: Moment | None = None
    available_until: Moment | None = None
    min_units_per_order: Units = Field(default=1, json_schema_extra=NO_DEFAULT)
    max_units_per_order: Units | None = None
    maintenance: Windows = Field(default=[], json_schema_extra=NO_DEFAULT)
    heartbeat_minutes: HeartbeatMinutes | None = None
    sla: Annotated[SlaGrade, Field(strict=False)] = Field(
        default=SlaGrade.STANDARD, json_schema_extra=NO_DEFAULT
    )

    @model_validator(mode="after")
    def _require_change(self) -> "OfferingChanges":
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_change", "name at least one field to change")
        return self

    def changes(self) -> dict[str, Any]:
        """The named fields only, in the market's words."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "ask_price" in given:
            given["ask_micros_per_unit_hour"] = given.pop("ask_price")
        if "free_units_by_hour" in given:
            given["free_units_by_hour"] = tuple(given["free_units_by_hour"])
        if "maintenance" in given:
            given["maintenance"] = tuple(window.window() for window in given["maintenance"])
        return given


class OfferingAnswer(Schema):
    """A listing."""

    model_config = example(
        id="off_01k0a1b2c3d4e5f6g7h8j9kmnp",
        provider_id="prv_0062",
        **LISTING,
        drain_at=None,
        version=1,
        state="open",
        listed_at="2025-07-16T08:00:00Z",
        source="provider",
        confidence="stated",
    )

    id: str
    provider_id: str
    node_id: str
    device_id: str
    units: int
    max_gang_units: int = Field(description=LARGEST_GANG)
    ask_price: CnyText
    free_units_by_hour: list[int]
    available_from: datetime | None
    available_until: datetime | None
    min_units_per_order: int = Field(description=SMALLEST_ORDER)
    max_units_per_order: int | None
    slices_per_unit: int = Field(description="10 where tenths of a card are sold.")
    maintenance: list[MaintenanceWindow]
    drain_at: datetime | None = Field(description="From then on nothing runs here.")
    heartbeat_minutes: int | None
    sla: SlaGrade
    version: int = Field(
        description="Counts changes of terms; an allocation keeps the one it was matched at."
    )
    state: OfferingState
    listed_at: datetime
    source: str
    confidence: str

    @classmethod
    def of(cls, offering: Offering) -> "OfferingAnswer":
        """What a listing looks like from outside."""
        fields = {name: getattr(offering, name) for name in cls.model_fields if hasattr(offering, name)}
        return cls(
            **fields
            | {
                "ask_price": format_cny(offering.ask_micros_per_unit_hour),
                "free_units_by_hour": list(offering.free_units_by_hour),
                "maintenance": [MaintenanceWindow.of(window) for window in offering.maintenance],
                "source": offering.provenance.source,
                "confidence": offering.provenance.confidence,
            }
        )


class OfferingsQuery(PageQuery):
    """Which listings."""

    node_id: Reference | None = Field(None, description="Only those at this node.")
    region_id: Reference | None = Field(None, description="Only those at nodes of this region.")
    provider_id: Reference | None = Field(None, description="Only those of this provider.")
    device_id: Reference | None = Field(None, description="Only those of this device.")
    compute_class: ComputeClass | None = Field(None, description="Only devices of this class.")
    state: list[OfferingState] = Field([], description="Only those in this state; several: any of them.")
    max_ask: Cny | None = Field(None, description="Only those that ask at most this, in CNY per unit-hour.")

    def filters(self) -> Filters:
        """What is asked of the rows."""
        return {
            "node_id": self.node_id,
            "region_id": self.region_id,
            "provider_id": self.provider_id,
            "device_id": self.device_id,
            "compute_class": self.compute_class,
            "state": tuple(self.state),
            "ask_micros_per_unit_hour": AtMost(self.max_ask),
        }
