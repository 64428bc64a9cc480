"""Offerings: what providers list."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from market.domain.clock import rfc3339
from market.domain.errors import Conflict, InvalidInput
from market.domain.places import Provenance
from market.domain.states import OfferingState

LOADED = "scenario"
"""Stands for the key that set terms which were loaded and not listed."""
MOST_WINDOWS = 100
"""Maintenance windows of one offering, those that are over included."""


DRAIN_NOTICE = timedelta(hours=1)
"""A drain credits nothing because it comes with notice; this is the least."""


class SlaGrade(StrEnum):
    """Service grades (an assumption: no national figure is public): 99.0%, 99.9%, 99.95% monthly availability."""

    STANDARD = "standard"
    TRUSTED = "trusted"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window in which an offering has at most so many units free."""

    starts_at: datetime
    ends_at: datetime
    units_left: int = 0

    def __post_init__(self) -> None:
        if self.starts_at >= self.ends_at:
            raise InvalidInput("invalid_window", "a maintenance window ends after it starts")
        if self.units_left < 0:
            raise InvalidInput("invalid_units", "units_left is not negative")


@dataclass(frozen=True, slots=True)
class Offering:
    """So many units of one device at one node, hour by hour, at an ask price.

    `free_units_by_hour` has 24 entries: what each local hour has left after the load that does not come
    from this exchange. `max_gang_units` is the largest gang that shares one interconnect domain; orders take
    `min_units_per_order` to `max_units_per_order` (None: no other limit than the gang). Where `slices_per_unit`
    is 10, tenths of a card are sold. From `drain_at` on nothing runs here any more. With `heartbeat_minutes` the
    provider reports that often on what runs. `version` counts changes of terms: an allocation keeps the ask it was
    matched at.
    """

    id: str
    provider_id: str
    node_id: str
    device_id: str
    units: int
    max_gang_units: int
    ask_micros_per_unit_hour: int
    free_units_by_hour: tuple[int, ...]
    available_from: datetime | None
    available_until: datetime | None
    state: OfferingState
    listed_at: datetime
    provenance: Provenance
    min_units_per_order: int = 1
    max_units_per_order: int | None = None
    slices_per_unit: int = 1
    maintenance: tuple[Maintenance, ...] = ()
    drain_at: datetime | None = None
    heartbeat_minutes: int | None = None
    sla: SlaGrade = SlaGrade.STANDARD
    version: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.units <= 10**9:
            raise InvalidInput("invalid_units", "units is a whole number from 1 to 1,000,000,000")
        if not 0 < self.max_gang_units <= self.units:
            raise InvalidInput(
                "invalid_units",
                "max_gang_units, the largest gang that shares one interconnect domain, is a whole number from 1 to units",
            )
        if self.ask_micros_per_unit_hour < 0:
            raise InvalidInput("invalid_amount", "an ask price is not negative")
        if len(self.free_units_by_hour) != 24 or not all(
            0 <= u <= self.units for u in self.free_units_by_hour
        ):
            raise InvalidInput(
                "invalid_capacity", "free_units_by_hour has 24 whole numbers between 0 and units"
            )
        most = self.max_gang_units if self.max_units_per_order is None else self.max_units_per_order
        if not 0 < self.min_units_per_order <= most:
            raise InvalidInput(
                "invalid_units", "min_units_per_order is a whole number from 1 to max_units_per_order"
            )
        if self.slices_per_unit not in {1, 10}:
            raise InvalidInput("invalid_units", "slices_per_unit is 1 (whole cards) or 10 (tenths)")
        if self.heartbeat_minutes is not None and not 1 <= self.heartbeat_minutes <= 24 * 60:
            raise InvalidInput("invalid_heartbeat", "heartbeat_minutes is a whole number from 1 to 1440")
        if self.available_from and self.available_until and self.available_from >= self.available_until:
            raise InvalidInput("invalid_window", "available_from must be before available_until")

    def amended(self, **changes: Any) -> "Offering":
        """With other terms. Fewer units take what cannot stay with them, unless it is stated as well.

        That is the largest gang, and the hours that had all units free. Hours that other load left partly free stay
        as they are: how much of that load is gone, only the provider knows.
        """
        units = changes.get("units", self.units)
        fitting: dict[str, Any] = {"max_gang_units": min(self.max_gang_units, units)}
        if units < self.units:
            hours = self.free_units_by_hour
            fitting["free_units_by_hour"] = tuple(units if free == self.units else free for free in hours)
        return replace(self, **(fitting | changes))

    def drained(self, at: datetime | None, now: datetime) -> "Offering":
        """To be empty from a moment on, or not any more (None); a drain that began is not undone."""
        if self.drain_at is not None and self.drain_at <= now:
            raise Conflict(
                "drain_begun",
                "the drain has begun and stands; list a new offering to go on",
                drain_at=rfc3339(self.drain_at),
            )
        if at is not None and at < now:
            raise InvalidInput("drain_in_past", "a drain begins later than now", now=rfc3339(now))
        if at is not None and at < now + DRAIN_NOTICE:
            raise InvalidInput(
                "drain_without_notice",
                "a drain begins an hour from now at the earliest: whatever stops sooner is a failure, and credited",
                earliest=rfc3339(now + DRAIN_NOTICE),
            )
        return replace(self, drain_at=at)

    def new_maintenance(self, before: "Offering", now: datetime) -> tuple[Maintenance, ...]:
        """Windows that were not there before; `InvalidInput` where they are over or too many."""
        added = tuple(window for window in self.maintenance if window not in before.maintenance)
        if any(window.ends_at <= now for window in added):
            raise InvalidInput("window_over", "a maintenance window ends in the future", now=rfc3339(now))
        if added and len(self.maintenance) > MOST_WINDOWS:
            raise InvalidInput(
                "too_many_windows", f"an offering has at most {MOST_WINDOWS} maintenance windows"
            )
        return added

    def is_available(self, hour_start: datetime) -> bool:
        """Whether the listing covers the hour that starts then."""
        after_start = self.available_from is None or self.available_from <= hour_start
        before_end = self.available_until is None or hour_start < self.available_until
        return self.state is OfferingState.OPEN and after_start and before_end


@dataclass(frozen=True, slots=True)
class OfferingVersion:
    """An offering's terms as they were since a moment, and whose key set them; the next version ends them."""

    offering: Offering
    since: datetime
    changed_by: str
