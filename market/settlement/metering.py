"""Metering: which hours of an allocation are over, and what they cost.

An allocation is charged hour by hour over the window it was granted. A part hour at an early end is charged by the
second: as many whole seconds as were used, half up to a micro-yuan.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from market.domain.clock import HOUR
from market.domain.money import part_of
from market.domain.rounds import Allocation

SECOND = timedelta(seconds=1)
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class MeteredHour:
    """An hour, or the part of one that was used: what the buyer is charged and the provider earns for it."""

    starts_at: datetime
    charge_micros: int
    earning_micros: int
    whole: bool


def whole_hours(allocation: Allocation, until: datetime) -> Iterator[MeteredHour]:
    """Hours that are over by `until` and not settled yet."""
    for number in range(allocation.settled_hours, len(allocation.charges_micros)):
        starts_at = allocation.starts_at + number * HOUR
        if starts_at + HOUR > until:
            return
        yield MeteredHour(
            starts_at, allocation.charges_micros[number], allocation.earnings_micros[number], whole=True
        )


def used_hours(allocation: Allocation, until: datetime) -> Iterator[MeteredHour]:
    """The same, and the part of the hour that `until` cuts off."""
    last = allocation.settled_hours
    for hour in whole_hours(allocation, until):
        last += 1
        yield hour
    starts_at = allocation.starts_at + last * HOUR
    if last < len(allocation.charges_micros) and starts_at < until:
        seconds = (until - starts_at) // SECOND
        charge, earning = (
            part_of(hourly[last], seconds, SECONDS_PER_HOUR)
            for hourly in (allocation.charges_micros, allocation.earnings_micros)
        )
        yield MeteredHour(starts_at, charge, earning, whole=False)
