"""Events: what happened, in the order in which it was committed.

There is one log. What an order's history, the event stream, webhooks and the audit tell is read from it; nothing in it
is ever changed or removed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from market.domain.errors import InvalidInput

EXCHANGE = "exchange"
"""The actor of what nobody asked for: time did it, or a round."""

SOMEBODY = "somebody"
"""An actor that is not told further."""

KINDS: Mapping[str, frozenset[str]] = {
    "order": frozenset(
        {
            "drafted",
            "submitted",
            "amended",
            "placed_in_round",
            "placed_at_once",
            "re_matched",
            "moved",
            "started",
            "completed",
            "cancelled",
            "deadline_passed",
            "round_missed",
            "job_failed",
            "provider_failed",
            "node_down",
            "heartbeat_missed",
            "drained",
        }
    ),
    "allocation": frozenset(
        {"granted", "active", "completed", "cancelled", "failed", "interrupted", "moved"}
    ),
    "quote": frozenset({"held", "released", "used", "lapsed"}),
    "round": frozenset({"clearing", "landed", "refused", "failed"}),
    "offering": frozenset({"listed", "changed", "withdrawn"}),
    "region": frozenset({"added"}),
    "node": frozenset({"added", "down", "up"}),
    "policy": frozenset({"changed"}),
    "account": frozenset({"deposited", "paid_out", "credit_limited"}),
    "voucher_pool": frozenset({"created"}),
    "provider": frozenset({"registered"}),
    "buyer": frozenset({"registered"}),
    "member": frozenset({"added", "changed", "removed"}),
    "key": frozenset({"issued", "rotated", "revoked"}),
    "webhook": frozenset(
        {"created", "changed", "removed", "secret_rotated", "tested", "replayed", "retried", "disabled"}
    ),
    "exchange": frozenset({"scenario_loaded", "time_kept"}),
}
"""What happens to which kind of thing; an event's kind is `<resource>.<what>`."""

PUBLIC = frozenset({"round", "offering", "region", "node", "policy"})
"""Of these everybody may know: they are the market itself."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one resource; `sequence` counts up over the whole log, with gaps.

    `actor` is the id of a key; `actor_role` and `actor_organisation_id` are of that key, where the log was asked for them.
    """

    sequence: int
    kind: str
    resource: str
    resource_id: str
    at: datetime
    buyer_id: str | None = None
    provider_id: str | None = None
    actor: str = EXCHANGE
    request_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    actor_role: str | None = None
    actor_organisation_id: str | None = None

    @property
    def id(self) -> str:
        """The sequence as an id that sorts as text."""
        return event_id(self.sequence)

    @property
    def public(self) -> bool:
        """Whether everybody may know."""
        return self.resource in PUBLIC


def event_id(sequence: int) -> str:
    """`evt_` and sixteen digits."""
    return f"evt_{sequence:016d}"


def sequence_of(id_: str) -> int:
    """The sequence of an event's id; `InvalidInput` `invalid_event_id` where it is none."""
    digits = id_.removeprefix("evt_")
    if len(digits) != 16 or not (digits.isascii() and digits.isdigit()):
        raise InvalidInput(
            "invalid_event_id",
            f"{id_[:40]!r} is no event id: resume from the last one you saw, evt_ and 16 digits",
        )
    return int(digits)


def require_kind(resource: str, what: str) -> str:
    """`<resource>.<what>`, if such a thing can happen."""
    if what not in KINDS[resource]:
        raise ValueError(f"no event {resource}.{what}")
    return f"{resource}.{what}"
