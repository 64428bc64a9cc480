"""The passing of time: what is due on everything that was granted, and on orders that wait.

What is due depends on the moment alone, never on who asks or how often: twice at one moment changes nothing the
second time, and a clock that goes back finds nothing due.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from market.domain.clock import HOUR, rfc3339
from market.domain.rounds import Allocation
from market.domain.states import AllocationState, Cause
from market.persistence.due import Tenure, nodes_down, tenures
from market.persistence.store import Store
from market.running.lives import Lives, Running

CHUNK = 100
"""Lives taken forward in one unit of work: long enough to be quick, short enough that nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Upkept:
    """What was due: how many allocations started, had hours captured, completed or were interrupted; how many
    orders expired; how many held quotes lapsed."""

    started: int = 0
    captured_hours: int = 0
    completed: int = 0
    interrupted: int = 0
    expired: int = 0
    quotes_lapsed: int = 0

    def __add__(self, other: "Upkept") -> "Upkept":
        """Both together."""
        return Upkept(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Interruption:
    """When an allocation loses what it runs on, and why."""

    at: datetime
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known when time is kept: the moment, how long each offering keeps what it holds, nodes that are down.

    Silence of a provider counts from `listening_since` at the earliest: nobody heard what was said before.
    """

    now: datetime
    listening_since: datetime
    tenures: Mapping[str, Tenure]
    down: Collection[str]

    @classmethod
    def over(cls, work: Store, now: datetime, listening_since: datetime) -> "Watch":
        """The market as it is now."""
        return cls(now, listening_since, tenures(work.session), nodes_down(work.session))

    def due(self, work: Store) -> list[Allocation]:
        """Everything granted on which anything is to be done, by id."""
        told = (tenure.heartbeat_minutes for tenure in self.tenures.values())
        minutes = {minutes for minutes in told if minutes is not None}
        may_be = work.rounds.due_allocations(self.now, self.listening_since, minutes)
        return [allocation for allocation in may_be if self.is_due(allocation)]

    def is_due(self, allocation: Allocation) -> bool:
        """Whether anything is to be done."""
        if self.interruption_of(allocation) is not None or self._starts(allocation, self.now):
            return True
        hours_over = min((self.now - allocation.starts_at) // HOUR, len(allocation.charges_micros))
        running = allocation.state is AllocationState.ACTIVE
        return running and (allocation.ends_at <= self.now or hours_over > allocation.settled_hours)

    def take_forward(self, lives: Lives, running: Running) -> Upkept:
        """Do what is due, in the sequence in which it fell due."""
        stopped = self.interruption_of(running.allocation)
        started = self._starts(running.allocation, stopped.at if stopped else self.now)
        if started:
            running = lives.start(running, running.allocation.starts_at)
        settled = running.allocation.settled_hours
        if stopped is not None:
            lives.interrupt(running, stopped.at, stopped.cause, stopped.reason)
            return Upkept(started=started, interrupted=1)
        if running.allocation.state is not AllocationState.ACTIVE:
            return Upkept()
        ended = running.allocation.ends_at <= self.now
        ends_at = running.allocation.ends_at
        after = lives.complete(running, ends_at, "its time is over") if ended else lives.settle(running)
        captured = after.allocation.settled_hours - settled
        return Upkept(started=started, captured_hours=captured, completed=ended)

    def interruption_of(self, allocation: Allocation) -> Interruption | None:
        """The first thing that takes away what an allocation runs on, before its end and up to now; else, that its
        window went by without its provider."""
        found = [*self._drain(allocation), *self._silence(allocation), *self._outage(allocation)]
        before = min(allocation.ends_at, self.now + timedelta.resolution)
        first = min((one for one in found if one.at < before), key=lambda one: one.at, default=None)
        return first or self._missed_window(allocation)

    def _starts(self, allocation: Allocation, until: datetime) -> bool:
        """Without reports the exchange starts what is due by itself."""
        reported = self.tenures[allocation.offering_id].heartbeat_minutes is not None
        granted = allocation.state is AllocationState.GRANTED
        return granted and not reported and allocation.starts_at <= until

    def _drain(self, allocation: Allocation) -> Iterable[Interruption]:
        drain_at = self.tenures[allocation.offering_id].drain_at
        if drain_at is not None:
            yield Interruption(
                _not_before_settled(allocation, drain_at), Cause.DRAINED, f"drained at {rfc3339(drain_at)}"
            )

    def _silence(self, allocation: Allocation) -> Iterable[Interruption]:
        """A provider that reports has `heartbeat_minutes` from its last word, or from the start it owes."""
        minutes = self.tenures[allocation.offering_id].heartbeat_minutes
        if minutes is None:
            return
        heard = allocation.heartbeat_at or allocation.started_at or allocation.starts_at
        due = max(heard, self.listening_since) + timedelta(minutes=minutes)
        if due < self.now:
            word = f"no heartbeat after {rfc3339(heard)}" if allocation.started_at else "never started"
            yield Interruption(_not_before_settled(allocation, due), Cause.HEARTBEAT_MISSED, word)

    def _missed_window(self, allocation: Allocation) -> Interruption | None:
        """What its provider owed a start and is over: nothing will ever come of it, however long silence may last."""
        owed = allocation.state is AllocationState.GRANTED and not self._starts(allocation, self.now)
        if not owed or allocation.ends_at > self.now:
            return None
        return Interruption(allocation.ends_at, Cause.HEARTBEAT_MISSED, "never started")

    def _outage(self, allocation: Allocation) -> Iterable[Interruption]:
        if allocation.node_id in self.down:
            yield Interruption(self.now, Cause.NODE_DOWN, f"node {allocation.node_id} is down")


def _not_before_settled(allocation: Allocation, at: datetime) -> datetime:
    """Hours that were settled were over: what ends an allocation lies after them."""
    return max(at, allocation.starts_at + allocation.settled_hours * HOUR)
