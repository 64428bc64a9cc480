"""What time it is: passed in, so that tests and simulations decide."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

MARKET_ZONE = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)


class Clock(Protocol):
    """Tells the time in UTC."""

    def now(self) -> datetime:
        """The present moment, timezone-aware."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until told."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move forward."""
        self._at += by


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A simulation's clock, the same in all its processes: the machine's time since `since`, `speed` times as fast,
    counted from `start`."""

    since: datetime
    start: datetime
    speed: float

    def now(self) -> datetime:
        """The simulated moment in UTC; before `since`, the start."""
        passed = max(datetime.now(UTC) - self.since, timedelta(0))
        return self.start + passed * self.speed


def real_seconds(clock: Clock, interval: timedelta) -> float:
    """How long an interval of a clock takes on the machine's own: for whoever sleeps until it has passed."""
    speed = clock.speed if isinstance(clock, RunningClock) else 1.0
    return interval.total_seconds() / speed


def next_hour(moment: datetime) -> datetime:
    """The first full hour at or after a moment."""
    floor = moment.replace(minute=0, second=0, microsecond=0)
    return floor if floor == moment else floor + HOUR


def local_hour(moment: datetime) -> int:
    """Hour of the day where the market lives (0..23)."""
    return moment.astimezone(MARKET_ZONE).hour


def next_local_midnight(moment: datetime) -> datetime:
    """The first midnight in Asia/Shanghai strictly after a moment, in UTC."""
    local = moment.astimezone(MARKET_ZONE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight.astimezone(UTC)


def rfc3339(moment: datetime) -> str:
    """UTC as RFC 3339 writes it: 2025-07-15T16:00:00Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
