"""Policies: what the operator prices besides the ask."""

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from api.schemas.fields import Cny, CnyText, Schema, Words, example
from market.domain.money import format_cny
from market.domain.policy import HEAVIEST_WEIGHT, CarbonBasis, Policy, preset

Weight = Annotated[float, Field(ge=0, le=HEAVIEST_WEIGHT)]
BALANCED = {
    "name": "balanced",
    "ask_weight": 1.0,
    "energy_weight": 1.0,
    "carbon_price_per_kg": "0.09",
    "carbon_basis": "location",
    "latency_weight": 1.0,
    "transfer_price_per_gb": "0.02",
}


class PolicyWeights(Schema):
    """A policy in full. Weights steer the allocation; none of them moves money."""

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
        )


class PolicyPreset(Schema):
    """A policy by name: balanced, price, green or latency."""

    model_config = example(preset="green")

    preset: Words

    def policy(self) -> Policy:
        """The market's noun."""
        return preset(self.preset)


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
        )
