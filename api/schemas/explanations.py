"""Quotes and explanations: what there is for an order, and why not elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from api.schemas.allocations import AllocationAnswer
from api.schemas.fields import CnyText, Schema, example
from api.schemas.forecasts import STANDING, StandingAnswer
from market.clearing.alternatives import Alternative, AlternativeCode, Decision, DecisionCode
from market.clearing.options import Option
from market.domain.money import format_cny
from market.domain.rounds import Change, Reason, ReasonCode
from market.domain.states import OrderState
from market.enquiries.explaining import OrderExplanation

REASON: Mapping[str, Any] = {"node": "beijing_new", "code": "TOO_FAR", "rtt_ms": 18.6, "max_rtt_ms": 10.0}
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
DIFFERENCES = (
    "price_difference",
    "cost_difference",
    "rtt_ms_difference",
    "facility_kwh_difference",
    "carbon_kg_location_difference",
    "carbon_kg_market_difference",
)
FREE: Mapping[str, Any] = {**OPTION, "code": None, "facts": {}, **dict.fromkeys(DIFFERENCES)}
ALTERNATIVE: Mapping[str, Any] = {
    **OPTION,
    "code": "DEARER",
    "facts": {"offering": "off_0001", "slots_needed": 6, "cost": "219.41", "limit_price": "1200.00"},
    "price_difference": "12.00",
    "cost_difference": "14.20",
    "rtt_ms_difference": -3.4,
    "facility_kwh_difference": 1.2,
    "carbon_kg_location_difference": -20.1,
    "carbon_kg_market_difference": -4.4,
}
DECISION: Mapping[str, Any] = {
    "code": "TOO_FAR",
    "node": "zhongwei_cluster",
    "rtt_ms": 38.2,
    "max_rtt_ms": 30.0,
    "cost": "180.10",
    "cost_here": "205.21",
}


class ReasonAnswer(Schema):
    """Why one node did not take an order; beside the code stand the facts that decided, each under its name."""

    model_config = example(**REASON) | ConfigDict(extra="allow")

    node: str
    code: ReasonCode

    @classmethod
    def of(cls, reason: Reason) -> "ReasonAnswer":
        """What a reason looks like from outside."""
        return cls(**{**reason.facts, "node": reason.node_id, "code": reason.code})


class ChangeAnswer(Schema):
    """The smallest change of one field that places the order now: `PATCH` the order with `{field: to}`."""

    model_config = example(**CHANGE)

    field: str = Field(
        description="limit_price, deadline, max_rtt_ms, allowed_regions, devices, units, max_pue or min_green_share."
    )
    to: str | int | float | list[str] = Field(
        description="What the field would have to be, as an order writes it."
    )
    by: float = Field(
        description="How large the change is, relative to what it was: 0.1 is a tenth more, or less; a deadline "
        "against the order's window, a list against its length. 0: the order fits as it is."
    )
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
        return cls(**option_fields(option))


def option_fields(option: Option) -> dict[str, Any]:
    """An option's fields as they go out."""
    fields: dict[str, Any] = {name: getattr(option, name, None) for name in OptionAnswer.model_fields}
    return fields | {"price": format_cny(option.price_micros), "cost": format_cny(option.cost_micros)}


class AlternativeAnswer(OptionAnswer):
    """A node where the order could run, or could have run. Differences are to what was granted: less, if negative."""

    model_config = example(**ALTERNATIVE)

    code: AlternativeCode | None = Field(
        description="What kept a placed order away: DEARER by the policy's objective, or the reason. Null while it waits."
    )
    facts: dict[str, Any] = Field(description="The facts that decided.")
    price_difference: CnyText | None
    cost_difference: CnyText | None
    rtt_ms_difference: float | None
    facility_kwh_difference: float | None
    carbon_kg_location_difference: float | None
    carbon_kg_market_difference: float | None

    @classmethod
    def free(cls, option: Option) -> "AlternativeAnswer":
        """What is free for an order that waits."""
        return cls(**{**option_fields(option), "code": None, "facts": {}, **dict.fromkeys(DIFFERENCES)})

    @classmethod
    def compared(cls, one: Alternative) -> "AlternativeAnswer":
        """A node beside the one that was granted."""
        differ, cost = one.difference, one.difference.cost_micros
        return cls(
            **option_fields(one.option),
            code=one.code,
            facts=dict(one.facts),
            price_difference=format_cny(differ.price_micros),
            cost_difference=None if cost is None else format_cny(cost),
            rtt_ms_difference=differ.rtt_ms,
            facility_kwh_difference=differ.facility_kwh,
            carbon_kg_location_difference=differ.carbon_kg_location,
            carbon_kg_market_difference=differ.carbon_kg_market,
        )


class DecisionAnswer(Schema):
    """What decided where a placed order runs; beside the code stand the facts, each under its name."""

    model_config = example(**DECISION) | ConfigDict(extra="allow")

    code: DecisionCode = Field(
        description="CHEAPEST by the policy's objective, or what kept it from the cheapest offering that costs less."
    )
    node: str = Field(description="The node it runs at, or that of the cheaper offering.")

    @classmethod
    def of(cls, decision: Decision) -> "DecisionAnswer":
        """What a decision looks like from outside."""
        return cls(**{**decision.facts, "node": decision.node_id, "code": decision.code})


class OrderExplanationAnswer(Schema):
    """Why an order is where it is, what would place it, and what else there is."""

    model_config = example(
        order_id="ord_01k0a1b2c3d4e5f6g7h8j9kmnp",
        status="open",
        round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        code="PRICED_OUT",
        reasons=[REASON],
        price_to_place="1312.50",
        smallest_change=CHANGE,
        allocation=None,
        decided_by=None,
        alternatives=[FREE],
        forecast=STANDING,
    )

    order_id: str
    status: OrderState
    round_id: str | None = Field(
        description="The round that decided on the order as it is now; null if none has."
    )
    code: ReasonCode | None = Field(description="The reason that came closest; null if it was placed.")
    reasons: list[ReasonAnswer] = Field(
        description="Node by node, as that round found them, or as the market is now if none has decided. "
        "Of a placed order: the nodes that could never do the work."
    )
    price_to_place: CnyText | None = Field(description="The limit price that would place it now.")
    smallest_change: ChangeAnswer | None = Field(
        description="Found in the market as it is now, and proven by asking it again; null if no single change does."
    )
    allocation: AllocationAnswer | None
    decided_by: DecisionAnswer | None
    alternatives: list[AlternativeAnswer] = Field(
        description="While it waits: what is free now, whatever its limit price, cheapest first. Of a placed order: "
        "the other nodes, what they would have cost, and what kept it away."
    )
    forecast: StandingAnswer | None = Field(description="While it waits in the book.")

    @classmethod
    def of(cls, explained: OrderExplanation) -> "OrderExplanationAnswer":
        """What an explanation looks like from outside."""
        price, change = explained.price_to_place_micros, explained.smallest_change
        granted, decision = explained.allocation, explained.decision
        return cls(
            order_id=explained.order.id,
            status=explained.order.state,
            round_id=explained.round_id,
            code=explained.code,
            reasons=[ReasonAnswer.of(reason) for reason in explained.reasons],
            price_to_place=None if price is None else format_cny(price),
            smallest_change=None if change is None else ChangeAnswer.of(change),
            allocation=None if granted is None else AllocationAnswer.of(granted),
            decided_by=None if decision is None else DecisionAnswer.of(decision),
            alternatives=[
                *(AlternativeAnswer.free(option) for option in explained.options),
                *(AlternativeAnswer.compared(one) for one in explained.alternatives),
            ],
            forecast=None if explained.forecast is None else StandingAnswer.of(explained.forecast),
        )
