"""Who reads the log, and which part of it is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from market.domain.clock import rfc3339
from market.domain.errors import InvalidInput
from market.domain.events import EXCHANGE, KINDS, SOMEBODY, Event
from market.domain.parties import Actor, Role

ANY = "*"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who reads: everybody sees the market itself, a tenant also its own, `everything` is the operator's."""

    buyer_id: str | None = None
    provider_id: str | None = None
    everything: bool = False

    @classmethod
    def of(cls, actor: Actor | None) -> "Audience":
        """What an actor may see; without one: what everybody may."""
        if actor is None:
            return cls()
        return cls.of_organisation(actor.role, actor.organisation_id)

    @classmethod
    def of_organisation(cls, role: Role, organisation_id: str | None) -> "Audience":
        """What whoever acts for an organisation in a role may see."""
        return cls(
            buyer_id=organisation_id if role is Role.BUYER else None,
            provider_id=organisation_id if role is Role.PROVIDER else None,
            everything=role is Role.OPERATOR,
        )

    @property
    def organisation_id(self) -> str | None:
        """The tenant that reads, if it is one."""
        return self.buyer_id or self.provider_id

    def sees(self, event: Event) -> bool:
        """Whether the event is for it."""
        return (
            self.everything
            or event.public
            or (self.buyer_id is not None and event.buyer_id == self.buyer_id)
            or (self.provider_id is not None and event.provider_id == self.provider_id)
        )

    def actor_of(self, event: Event) -> str:
        """Who did it, as far as the audience may know: the key for the operator and for the organisation whose key it is,
        to others the role of who acted; `exchange` where nobody asked for it.
        """
        own = self.organisation_id is not None and event.actor_organisation_id == self.organisation_id
        if self.everything or own or event.actor == EXCHANGE:
            return event.actor
        return event.actor_role or SOMEBODY

    def tell(self, event: Event) -> dict[str, Any]:
        """An event as the audience may know it, in JSON's types: what streams and webhooks send."""
        return {
            "id": event.id,
            "kind": event.kind,
            "resource": event.resource,
            "resource_id": event.resource_id,
            "at": rfc3339(event.at),
            "actor": self.actor_of(event),
            "data": dict(event.data),
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: of these kinds, of whole families of kinds, of one sort of resource, of one resource. Empty: all."""

    kinds: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    resource: str | None = None
    resource_id: str | None = None

    @classmethod
    def of(
        cls, patterns: Iterable[str] = (), resource: str | None = None, resource_id: str | None = None
    ) -> "Wanted":
        """`patterns` are kinds, or `order.*` for all of an order, or `*`; `InvalidInput` for what never happens."""
        asked = frozenset(patterns)
        for pattern in asked:
            require_pattern(pattern)
        if resource is not None and resource not in KINDS:
            raise InvalidInput(
                "unknown_event_kind",
                f"nothing is told of any {resource[:40]!r}: it is one of {', '.join(KINDS)}",
            )
        if resource_id is not None and resource is None:
            raise InvalidInput(
                "missing_resource",
                "`resource_id` alone would go through the whole log: say with `resource` what it is, such as order",
            )
        if ANY in asked:
            return cls(resource=resource, resource_id=resource_id)
        families = frozenset(pattern.removesuffix(".*") for pattern in asked if pattern.endswith(".*"))
        kinds = frozenset(pattern for pattern in asked if not pattern.endswith(".*"))
        return cls(kinds, families, resource, resource_id)

    def matches(self, event: Event) -> bool:
        """Whether the event was asked for."""
        any_kind = not self.kinds and not self.families
        return (
            (any_kind or event.kind in self.kinds or event.resource in self.families)
            and self.resource in {None, event.resource}
            and self.resource_id in {None, event.resource_id}
        )


def require_pattern(pattern: str) -> None:
    """`InvalidInput` unless events match it at times: `order.submitted`, `order.*` or `*`."""
    resource, _, what = pattern.partition(".")
    if pattern != ANY and (resource not in KINDS or what not in KINDS[resource] | {ANY}):
        raise InvalidInput(
            "unknown_event_kind",
            f"{pattern[:60]!r} never happens: name a kind such as order.submitted, a family such as order.*, or *",
        )
