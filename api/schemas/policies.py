"""Policies: what the operator prices besides the ask."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from api.schemas.fields import Cny, CnyText, Schema, Words, example
from market.domain.money import format_cny
from market.domain.policy import HEAVIEST_WEIGHT, MOST_FEE, CarbonBasis, Policy, PricingRule, preset

Weight = Annotated[float, Field(ge=0, le=HEAVIEST_WEIGHT)]
BALANCED = {
    "name": "balanced",
    "ask_weight": 1.0,
    "energy_weight": 1.0,
    "carbon_price_per_kg": "0.09",
    "carbon_basis": "location",
    "latency_weight": 1.0,
    "transfer_price_per_gb": "0.02",
    "pricing": "posted",
    "fee_rate": 0.0,
    "may_move": False,
    "move_cost": "1.00",
}
ChosenRule = Annotated[PricingRule, Field(strict=False)]
FeeRate = Annotated[float, Field(ge=0, le=MOST_FEE)]
PRICING = (
    "What buyers pay: `posted` is the ask; `marginal` is the ask and what scarcity adds hour by hour, never above the "
    "order's limit. Providers earn the ask, or the marginal price in full; the exchange makes up the difference."
)
FEE_RATE = "The exchange's share of what providers earn."
MAY_MOVE = "Whether a round may move interruptible orders that have not started."
MOVE_COST = "CNY that a move costs in the objective; nobody pays it."


class PolicyWeights(Schema):
    """A policy in full: weights, which steer the allocation and move no money; and the terms of trade, which do."""

    model_config = example(**BALANCED)

    name: Words
    ask_weight: Annotated[float, Field(ge=1, le=HEAVIEST_WEIGHT)] = Field(
        1.0, description="Above 1 an order must be worth so many times what it spends."
    )
    energy_weight: Weight = Field(description="Multiplies the electricity bill.")
    carbon_price_per_kg: Cny = Field(description="CNY per kg CO2.")
    carbon_basis: Annotated[CarbonBasis, Field(strict=False)]
    latency_weight: Weight = Field(description="Multiplies what buyers say a millisecond costs them.")
    transfer_price_per_gb: Cny = Field(description="CNY per GB that leaves its origin region.")
    pricing: ChosenRule = Field(PricingRule.POSTED, description=PRICING)
    fee_rate: FeeRate = Field(0.0, description=FEE_RATE)
    may_move: bool = Field(default=False, description=MAY_MOVE)
    move_cost: Cny = Field("1.00", description=MOVE_COST, validate_default=True)

    def policy(self) -> Policy:
        """The market's noun."""
        return Policy(
            name=self.name,
            ask_weight=self.ask_weight,
            energy_weight=self.energy_weight,
            carbon_micros_per_kg=self.carbon_price_per_kg,
            carbon_basis=self.carbon_basis,
            latency_weight=self.latency_weight,
            transfer_micros_per_gb=self.transfer_price_per_gb,
            pricing=self.pricing,
            fee_rate=self.fee_rate,
            may_move=self.may_move,
            move_cost_micros=self.move_cost,
        )


class PolicyPreset(Schema):
    """A policy by name: balanced, price, green or latency; terms of trade that are left out are the preset's.

    Every preset trades at posted prices, without a fee, and moves nothing.
    """

    model_config = example(preset="green", pricing="marginal", fee_rate=0.02)

    preset: Words
    pricing: ChosenRule | None = Field(None, description=PRICING)
    fee_rate: FeeRate | None = Field(None, description=FEE_RATE)
    may_move: bool | None = Field(None, description=MAY_MOVE)
    move_cost: Cny | None = Field(None, description=MOVE_COST)

    def policy(self) -> Policy:
        """The market's noun."""
        terms: dict[str, Any] = {
            "pricing": self.pricing,
            "fee_rate": self.fee_rate,
            "may_move": self.may_move,
            "move_cost_micros": self.move_cost,
        }
        given = {name: term for name, term in terms.items() if term is not None}
        return replace(preset(self.preset), **given)


def _way_of_saying(sent: object) -> str:
    by_name = isinstance(sent, PolicyPreset) or (isinstance(sent, dict) and "preset" in sent)
    return "by name" if by_name else "in full"


PolicyRequest = Annotated[
    Annotated[PolicyPreset, Tag("by name")] | Annotated[PolicyWeights, Tag("in full")],
    Discriminator(_way_of_saying),
]
"""Either way; what is wrong is told of the way that was taken."""


class PolicyAnswer(Schema):
    """The policy in force, or the one a round was cleared under; PUT /v1/policy takes it back as it is."""

    model_config = example(**BALANCED)

    name: str
    ask_weight: float
    energy_weight: float
    carbon_price_per_kg: CnyText
    carbon_basis: CarbonBasis
    latency_weight: float
    transfer_price_per_gb: CnyText
    pricing: PricingRule = Field(description=PRICING)
    fee_rate: float = Field(description=FEE_RATE)
    may_move: bool = Field(description=MAY_MOVE)
    move_cost: CnyText = Field(description=MOVE_COST)

    @classmethod
    def of(cls, policy: Policy) -> "PolicyAnswer":
        """What a policy looks like from outside."""
        return cls(
            name=policy.name,
            ask_weight=policy.ask_weight,
            energy_weight=policy.energy_weight,
            carbon_price_per_kg=format_cny(policy.carbon_micros_per_kg),
            carbon_basis=policy.carbon_basis,
            latency_weight=policy.latency_weight,
            transfer_price_per_gb=format_cny(policy.transfer_micros_per_gb),
            pricing=policy.pricing,
            fee_rate=policy.fee_rate,
            may_move=policy.may_move,
            move_cost=format_cny(policy.move_cost_micros),
        )


class PolicyPresetsAnswer(Schema):
    """The policies that have a name, with their weights and terms of trade."""

    model_config = example(items=[BALANCED])

    items: list[PolicyAnswer]

    @classmethod
    def of(cls, presets: Mapping[str, Policy]) -> "PolicyPresetsAnswer":
        """All of them."""
        return cls(items=[PolicyAnswer.of(policy) for policy in presets.values()])
