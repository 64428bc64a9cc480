"""Webhooks: where a tenant wants to be told what happens, and how telling it went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from market.domain.audience import Audience
from market.domain.errors import InvalidInput
from market.domain.events import Event, event_id
from market.domain.parties import Role

TESTED = "webhook.tested"
"""The kind of event that a test sends: to the webhook that is tested, whatever it asks for, and to no other."""


class WebhookState(StrEnum):
    """`paused` by its owner, `disabled` by the exchange or its operator; both go on where they were. `removed` for good."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    REMOVED = "removed"


class DeliveryState(StrEnum):
    """Of one event to one webhook; a delivery that was given up can be tried again by hand."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Salts:
    """What a webhook's secrets are made from; after a rotation the one before signs as well, until a moment."""

    current: str
    previous: str | None = None
    previous_until: datetime | None = None

    def at(self, now: datetime) -> tuple[str, ...]:
        """Those that sign at a moment, the current one first."""
        if self.previous is None or self.previous_until is None or self.previous_until <= now:
            return (self.current,)
        return (self.current, self.previous)

    def rotated(self, fresh: str, now: datetime, overlap: timedelta) -> "Salts":
        """A fresh one; the present one goes on signing for a while."""
        return Salts(fresh, self.current, now + overlap)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events. `told_up_to`: the sequence up to which the log was gone through for it."""

    id: str
    role: Role
    organisation_id: str | None
    url: str
    kinds: tuple[str, ...]
    description: str
    state: WebhookState
    salts: Salts
    created_at: datetime
    created_by: str
    told_up_to: int
    replays: int = 0
    failing_since: datetime | None = None
    disabled_reason: str | None = None

    @property
    def redacted_url(self) -> str:
        """Where it points, for who only reads: the rest of a URL is often a secret that lets anybody in there."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}/…"

    @property
    def audience(self) -> Audience:
        """What its owner may see."""
        return Audience.of_organisation(self.role, self.organisation_id)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: the status that was answered, or what went wrong (`error`: a stable word) instead."""

    at: datetime
    milliseconds: int
    status: int | None = None
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused_for_good(self) -> bool:
        """410 Gone: nobody is there any more."""
        return self.status == 410


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event to one webhook. `replay` 0 is the first time, 1 the first replay that its owner asked for."""

    number: int
    webhook_id: str
    sequence: int
    replay: int
    kind: str
    resource: str
    resource_id: str
    state: DeliveryState
    created_at: datetime
    next_attempt_at: datetime | None
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()
    delivered_at: datetime | None = None

    @property
    def id(self) -> str:
        """The number as an id that sorts as text."""
        return delivery_id(self.number)

    @property
    def event_id(self) -> str:
        """Of the event that is delivered."""
        return event_id(self.sequence)


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """How hard the exchange tries.

    After the n-th try that failed it waits `retry_seconds[n - 1]`, give or take `jitter` of it, and after the last gives up.
    A webhook that failed for `disable_after` without one success is disabled.
    """

    retry_seconds: tuple[float, ...] = (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)
    jitter: float = 0.2
    timeout_seconds: float = 10.0
    disable_after: timedelta = timedelta(days=3)
    most_at_once: int = 16

    @property
    def lease(self) -> timedelta:
        """How long whoever took deliveries may be silent before another one takes them: it sent, or it died."""
        return timedelta(seconds=2 * self.timeout_seconds + 5)

    def wait_after(self, tries: int, chance: float) -> timedelta | None:
        """How long until the next try, after so many; None: there is none. `chance` from 0 to 1 spreads them."""
        if tries > len(self.retry_seconds):
            return None
        spread = 1 + self.jitter * (2 * chance - 1)
        return timedelta(seconds=self.retry_seconds[tries - 1] * spread)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that was taken to be sent now, with all that takes."""

    delivery: Delivery
    webhook: Webhook
    event: Event


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: how many deliveries, and since when the oldest."""

    pending: int = 0
    oldest_at: datetime | None = None


def delivery_id(number: int) -> str:
    """`dlv_` and sixteen digits."""
    return f"dlv_{number:016d}"


def delivery_number(id_: str) -> int:
    """The number of a delivery's id; `InvalidInput` where it is none."""
    digits = id_.removeprefix("dlv_")
    if len(digits) != 16 or not (digits.isascii() and digits.isdigit()):
        raise InvalidInput("invalid_delivery_id", f"{id_[:40]!r} is no delivery id: dlv_ and 16 digits")
    return int(digits)
