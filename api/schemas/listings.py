"""A listing over time: its drain, its capacity hour by hour, its terms version by version."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.fields import Moment, Schema, UnitsShown, example, shown_units
from api.schemas.offerings import LISTING, OfferingAnswer
from market.domain.offerings import Offering, OfferingVersion
from market.enquiries.calendars import MOST_HOURS, CalendarHour

HOUR: dict[str, Any] = {
    "hour": "2025-07-16T08:00:00Z",
    "listed_units": 64,
    "usable_units": 64,
    "allocated_units": 40,
    "held_units": 0.3,
    "free_units": 23.7,
}


class DrainRequest(Schema):
    """From when on nothing runs here any more."""

    model_config = example(at="2025-07-18T16:00:00Z")

    at: Moment | None = Field(description="Now or later; null takes the drain back, before it begins.")


class CalendarQuery(BaseModel):
    """Which hours."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Annotated[
        Moment | None, Field(alias="from", description="The first hour; left out: the present one.")
    ] = None
    hours: int = Field(24, ge=1, le=MOST_HOURS, description="How many hours.")


class CalendarHourAnswer(Schema):
    """One hour of a listing. A node's power limit may leave less than what is free here."""

    model_config = example(**HOUR)

    hour: datetime
    listed_units: UnitsShown
    usable_units: UnitsShown = Field(description="Listed, less maintenance, drain and outage of the node.")
    allocated_units: UnitsShown
    held_units: UnitsShown = Field(description="Set aside for quotes that are held.")
    free_units: UnitsShown

    @classmethod
    def of(cls, hour: CalendarHour) -> "CalendarHourAnswer":
        """What an hour looks like from outside."""
        return cls(
            hour=hour.hour,
            listed_units=shown_units(1, hour.listed_tenths),
            usable_units=shown_units(1, hour.usable_tenths),
            allocated_units=shown_units(1, hour.allocated_tenths),
            held_units=shown_units(1, hour.held_tenths),
            free_units=shown_units(1, hour.free_tenths),
        )


class CalendarAnswer(Schema):
    """A listing hour by hour: sums, nobody's orders."""

    model_config = example(offering_id="off_01k0a1b2c3d4e5f6g7h8j9kmnp", hours=[HOUR])

    offering_id: str
    hours: list[CalendarHourAnswer]

    @classmethod
    def of(cls, offering_id: str, hours: tuple[CalendarHour, ...]) -> "CalendarAnswer":
        """What a calendar looks like from outside."""
        return cls(offering_id=offering_id, hours=[CalendarHourAnswer.of(hour) for hour in hours])


class VersionAnswer(Schema):
    """An offering's terms as they were from `since` on, until the next version."""

    model_config = example(
        version=1,
        since="2025-07-16T08:00:00Z",
        changed_by="key_01k0a1b2c3d4e5f6g7h8j9kmnp",
        terms={
            "id": "off_01k0a1b2c3d4e5f6g7h8j9kmnp",
            "provider_id": "prv_0062",
            **LISTING,
            "drain_at": None,
            "version": 1,
            "state": "open",
            "listed_at": "2025-07-16T08:00:00Z",
            "source": "provider",
            "confidence": "stated",
        },
    )

    version: int
    since: datetime
    changed_by: str | None = Field(
        description="Key that set them; only its provider and the operator are told. `scenario`: loaded."
    )
    terms: OfferingAnswer

    @classmethod
    def of(cls, version: OfferingVersion) -> "VersionAnswer":
        """What a version looks like from outside."""
        offering: Offering = version.offering
        return cls(
            version=offering.version,
            since=version.since,
            changed_by=version.changed_by or None,
            terms=OfferingAnswer.of(offering),
        )
