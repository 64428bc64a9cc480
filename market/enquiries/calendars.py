"""The capacity calendar of an offering: what is listed, usable, granted, promised and free, hour by hour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from market.clearing.supply import most_units_at
from market.domain.clock import HOUR, local_hour, next_hour, rfc3339
from market.domain.errors import Conflict, InvalidInput
from market.domain.offerings import Maintenance, Offering
from market.domain.orders import WHOLE_UNIT
from market.domain.quotes import HeldQuote
from market.domain.rounds import Allocation

Holding = Allocation | HeldQuote
MOST_HOURS = 31 * 24
MOST_HOURS_TOLD = 24


@dataclass(frozen=True, slots=True)
class CalendarHour:
    """One hour of an offering, in tenths of a unit.

    `usable` is what is listed less maintenance, drain and outage; power limits of the node are not looked at.
    """

    hour: datetime
    listed_tenths: int
    usable_tenths: int
    allocated_tenths: int
    held_tenths: int

    @property
    def free_tenths(self) -> int:
        """What may still be taken."""
        return max(self.usable_tenths - self.allocated_tenths - self.held_tenths, 0)


def build_calendar(
    offering: Offering,
    allocations: Sequence[Allocation],
    held_quotes: Sequence[HeldQuote],
    hours: Sequence[datetime],
    *,
    node_down: bool = False,
) -> tuple[CalendarHour, ...]:
    """Hour by hour; `allocations` and `held_quotes` are those of the offering."""
    granted, promised = _tenths_by_hour(allocations, hours), _tenths_by_hour(held_quotes, hours)
    found = []
    for hour in hours:
        listed = offering.free_units_by_hour[local_hour(hour)] if offering.is_available(hour) else 0
        usable = 0 if node_down else most_units_at(offering, hour, listed)
        found.append(
            CalendarHour(
                hour, listed * WHOLE_UNIT, usable * WHOLE_UNIT, granted.get(hour, 0), promised.get(hour, 0)
            )
        )
    return tuple(found)


def calendar_hours(start: datetime | None, hours: int, now: datetime) -> list[datetime]:
    """The full hours a calendar shows: from the one that has begun, or a later one; `InvalidInput` for the past."""
    this_hour = _floor(now)
    first = this_hour if start is None else _floor(start)
    if first < this_hour:
        raise InvalidInput("invalid_start", "a calendar looks ahead: from the present hour on")
    if not 1 <= hours <= MOST_HOURS:
        raise InvalidInput("invalid_hours", f"hours is a whole number from 1 to {MOST_HOURS}")
    try:
        return [first + number * HOUR for number in range(hours)]
    except OverflowError as error:
        raise InvalidInput("invalid_start", "there is no such time") from error


def require_room(windows: Iterable[Maintenance], holdings: Sequence[Holding], now: datetime) -> None:
    """`Conflict` where what is granted or promised would not fit into maintenance windows: it names the hours."""
    for window in windows:
        over = _hours_over(window, holdings, now)
        if over:
            raise Conflict(
                "in_use",
                "what is already granted would not fit into this window; leave more units, or choose later hours",
                hours=[rfc3339(hour) for hour in list(over)[:MOST_HOURS_TOLD]],
                hours_in_use=len(over),
                units_in_use=max(over.values()) / WHOLE_UNIT,
                units_left=window.units_left,
            )


def in_the_way(
    windows: Sequence[Maintenance],
    allocations: Sequence[Allocation],
    held_quotes: Sequence[HeldQuote],
    now: datetime,
) -> tuple[Allocation, ...]:
    """Allocations that must go for the rest to fit into maintenance windows.

    Whoever was granted earlier stays where it still fits. Quotes that are held stay: where they alone do not fit, what
    is left does not either.
    """
    staying: list[Holding] = list(held_quotes)
    going = []
    for allocation in sorted(allocations, key=lambda a: a.id):
        hours_over = [h for window in windows for h in _hours_over(window, [*staying, allocation], now)]
        if any(_floor(allocation.starts_at) <= hour < allocation.ends_at for hour in hours_over):
            going.append(allocation)
        else:
            staying.append(allocation)
    return tuple(going)


def _hours_over(window: Maintenance, holdings: Sequence[Holding], now: datetime) -> dict[datetime, int]:
    """Hours of a window in which more tenths are taken than it leaves, and how many are."""
    first, end = max(_floor(window.starts_at), _floor(now)), window.ends_at
    meeting = [h for h in holdings if h.starts_at < end and first < h.ends_at]
    if not meeting:
        return {}
    end = min(next_hour(end), next_hour(max(h.ends_at for h in meeting)))
    hours = [first + number * HOUR for number in range((end - first) // HOUR)]
    taken = _tenths_by_hour(meeting, hours)
    most = window.units_left * WHOLE_UNIT
    return {hour: taken[hour] for hour in hours if taken.get(hour, 0) > most}


def _tenths_by_hour(holdings: Iterable[Holding], hours: Sequence[datetime]) -> dict[datetime, int]:
    """Tenths taken in each hour that is taken at all; a begun hour counts whole. `hours` follow one another."""
    taken: dict[datetime, int] = {}
    if not hours:
        return taken
    for holding in holdings:
        hour = max(_floor(holding.starts_at), hours[0])
        while hour < holding.ends_at and hour <= hours[-1]:
            taken[hour] = taken.get(hour, 0) + holding.units * holding.unit_tenths
            hour += HOUR
    return taken


def _floor(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
