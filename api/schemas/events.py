"""Events: what happened, for whoever may know it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.fields import PRINTABLE, Moment, PageQuery, Schema, example
from market.domain.audience import Audience, Wanted
from market.domain.events import KINDS, Event

Text = Annotated[str, PRINTABLE]
BEGINNING = "evt_0000000000000000"
SUBMITTED = {
    "id": "evt_0000000000000042",
    "kind": "order.submitted",
    "resource": "order",
    "resource_id": "ord_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "at": "2025-07-16T07:00:00Z",
    "actor": "key_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "data": {"state": "open", "cause": "submitted", "reason": "submitted"},
}


class EventAnswer(Schema):
    """One thing that happened to one resource."""

    model_config = example(**SUBMITTED)

    id: str = Field(description="Ids sort as text in the order in which things happened.")
    kind: str = Field(description="`<resource>.<what>`.")
    resource: str
    resource_id: str
    at: Moment
    actor: str = Field(
        description="The id of the key that did it, where it is one's own (the operator sees all of them); else the role "
        "of who did it: `operator`, `provider`, `buyer`; `exchange` where time or a round did, `somebody` where it is "
        "not known."
    )
    data: dict[str, Any] = Field(description="What belongs to the kind; more members may come.")

    @classmethod
    def of(cls, event: Event, audience: Audience) -> "EventAnswer":
        """What an event looks like to whoever may see it."""
        return cls.model_construct(**{**audience.tell(event), "at": event.at})


class EventsWanted(BaseModel):
    """Which events are asked for."""

    model_config = ConfigDict(extra="forbid")

    kinds: list[Text] = Field(
        default=[],
        max_length=100,
        description="Only these: kinds such as `order.submitted`, families such as `order.*`; several, or one with commas.",
        examples=[["order.*", "round.landed"]],
    )
    resource: Text | None = Field(
        None,
        max_length=64,
        description=f"Only of this sort of thing: {', '.join(KINDS)}.",
        examples=["order"],
    )
    resource_id: Text | None = Field(
        None,
        max_length=200,
        description="Only of this one; `resource` says what it is.",
        examples=["ord_01k0a1b2c3d4e5f6g7h8j9kmnp"],
    )

    def wanted(self) -> Wanted:
        """The market's noun."""
        patterns = [pattern.strip() for text in self.kinds for pattern in text.split(",")]
        return Wanted.of(filter(None, patterns), self.resource, self.resource_id)


class EventsQuery(EventsWanted, PageQuery):
    """Which events, from where on."""

    after: Text | None = Field(
        None,
        max_length=64,
        description=f"Only what came after this event; `{BEGINNING}`: from the beginning. A stream without it tells what "
        "happens from now on; a page begins at the beginning.",
        examples=[BEGINNING],
    )


class AuditQuery(EventsWanted, PageQuery):
    """Which lines of the audit."""

    actor: Text | None = Field(
        None,
        max_length=64,
        description="Only what was done with this key; `exchange`: what nobody asked for.",
        examples=["key_01k0a1b2c3d4e5f6g7h8j9kmnp"],
    )
    organisation: Text | None = Field(
        None, max_length=64, description="Only what keys of this organisation did.", examples=["buy_0001"]
    )
    since: Moment | None = Field(None, description="Only from then on.")
    until: Moment | None = Field(None, description="Only before then.")


class AuditAnswer(Schema):
    """One line of the audit: who did what to what, and with which request."""

    model_config = example(
        **SUBMITTED,
        role="buyer",
        organisation_id="buy_0001",
        member="Li Lei",
        request_id="7f9c2b1e-order-1",
        buyer_id="buy_0001",
        provider_id=None,
    )

    id: str
    kind: str
    resource: str
    resource_id: str
    at: Moment
    actor: str = Field(description="The id of the key; `exchange` where nobody asked for it.")
    role: str | None = Field(description="Of the key.")
    organisation_id: str | None = Field(description="Whose key it is; null for the operator's.")
    member: str | None = Field(description="The name of the member whose key it is, if it is one's.")
    request_id: str | None = Field(description="`X-Request-ID` of the request that did it.")
    buyer_id: str | None = Field(description="The buyer that was told.")
    provider_id: str | None = Field(description="The provider that was told.")
    data: dict[str, Any]

    @classmethod
    def of(cls, event: Event, member: str | None) -> "AuditAnswer":
        """What the operator is told."""
        return cls(
            id=event.id,
            kind=event.kind,
            resource=event.resource,
            resource_id=event.resource_id,
            at=event.at,
            actor=event.actor,
            role=event.actor_role,
            organisation_id=event.actor_organisation_id,
            member=member,
            request_id=event.request_id,
            buyer_id=event.buyer_id,
            provider_id=event.provider_id,
            data=dict(event.data),
        )
