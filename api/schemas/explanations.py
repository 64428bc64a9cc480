"""Quotes and explanations: what there is for an order, and why not elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.allocations import AllocationAnswer
from api.schemas.fields import CnyText, Schema, example
from market.domain.money import format_cny
from market.domain.rounds import Change, Reason, ReasonCode
from market.domain.states import OrderState
from market.enquiries import Option, OrderExplanation, Quote

REASON: Mapping[str, Any] = {
    "node_id": "beijing_new",
    "code": "TOO_FAR",
    "facts": {"rtt_ms": 18.6, "max_rtt_ms": 10.0},
}
CHANGE: Mapping[str, Any] = {
    "field": "limit_price",
    "to": "1312.50",
    "by": 0.09375,
    "node_id": "tianfu_cluster",
}
OPTION: Mapping[str, Any] = {
    "node_id": "tianfu_cluster",
    "offering_id": "off_0001",
    "device_id": "910b",
    "starts_at": "2025-07-16T16:00:00Z",
    "ends_at": "2025-07-16T22:00:00Z",
    "price": "204.96",
    "cost": "219.41",
    "rtt_ms": 24.1,
    "facility_kwh": 48.2,
    "carbon_kg_location": 6.8,
    "carbon_kg_market": 5.9,
}


class ReasonAnswer(Schema):
    """Why one node did not take an order, with the facts that decided."""

    model_config = example(**REASON)

    node_id: str
    code: ReasonCode
    facts: dict[str, Any]

    @classmethod
    def of(cls, reason: Reason) -> "ReasonAnswer":
        """What a reason looks like from outside."""
        return cls(node_id=reason.node_id, code=reason.code, facts=dict(reason.facts))


class ChangeAnswer(Schema):
    """The smallest change of one field that would place the order."""

    model_config = example(**CHANGE)

    field: str = Field(description="limit_price, deadline or job.max_rtt_ms.")
    to: str | float = Field(description="What the field would have to be, as an order writes it.")
    by: float = Field(description="How large the change is, relative to what it was.")
    node_id: str = Field(description="Where the order would run then.")

    @classmethod
    def of(cls, change: Change) -> "ChangeAnswer":
        """What a change looks like from outside."""
        to = format_cny(change.to) if change.field == "limit_price" else change.to
        return cls(field=change.field, to=to, by=change.by, node_id=change.node_id)


class OptionAnswer(Schema):
    """One way to run an order."""

    model_config = example(**OPTION)

    node_id: str
    offering_id: str
    device_id: str
    starts_at: datetime
    ends_at: datetime
    price: CnyText = Field(description="What the buyer would pay.")
    cost: CnyText = Field(description="Price plus what the policy prices: energy, carbon, latency, transfer.")
    rtt_ms: float
    facility_kwh: float
    carbon_kg_location: float
    carbon_kg_market: float

    @classmethod
    def of(cls, option: Option) -> "OptionAnswer":
        """What an option looks like from outside."""
        fields: dict[str, Any] = {name: getattr(option, name, None) for name in cls.model_fields}
        fields["price"] = format_cny(option.price_micros)
        fields["cost"] = format_cny(option.cost_micros)
        return cls(**fields)


class QuoteAnswer(Schema):
    """What an order would cost now: the best option of each node, cheapest first; and why not elsewhere."""

    model_config = example(options=[OPTION], reasons=[REASON])

    options: list[OptionAnswer]
    reasons: list[ReasonAnswer]

    @classmethod
    def of(cls, quote: Quote) -> "QuoteAnswer":
        """What a quote looks like from outside."""
        return cls(
            options=[OptionAnswer.of(option) for option in quote.options],
            reasons=[ReasonAnswer.of(reason) for reason in quote.reasons],
        )


class OrderExplanationAnswer(Schema):
    """Why an order is where it is, what would place it, and what else there is."""

    model_config = example(
        order_id="ord_01k0a1b2c3d4e5f6g7h8j9kmnp",
        state="open",
        round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        code="PRICED_OUT",
        reasons=[REASON],
        price_to_place="1312.50",
        smallest_change=CHANGE,
        allocation=None,
        alternatives=[OPTION],
    )

    order_id: str
    state: OrderState
    round_id: str | None = Field(description="The round that decided; null if none has yet.")
    code: ReasonCode | None = Field(description="The reason that came closest; null if placed or undecided.")
    reasons: list[ReasonAnswer]
    price_to_place: CnyText | None = Field(description="The limit price that would place it now.")
    smallest_change: ChangeAnswer | None
    allocation: AllocationAnswer | None
    alternatives: list[OptionAnswer] = Field(description="What is free now, the rest staying fixed.")

    @classmethod
    def of(cls, explained: OrderExplanation) -> "OrderExplanationAnswer":
        """What an explanation looks like from outside."""
        why, granted = explained.explanation, explained.allocation
        price = why.price_to_place_micros if why else None
        return cls(
            order_id=explained.order.id,
            state=explained.order.state,
            round_id=granted.round_id if granted else why.round_id if why else None,
            code=why.code if why else None,
            reasons=[ReasonAnswer.of(reason) for reason in why.reasons] if why else [],
            price_to_place=None if price is None else format_cny(price),
            smallest_change=ChangeAnswer.of(why.smallest_change) if why and why.smallest_change else None,
            allocation=AllocationAnswer.of(granted) if granted else None,
            alternatives=[OptionAnswer.of(option) for option in explained.alternatives],
        )
