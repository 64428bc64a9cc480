"""Policy: what the operator prices besides the ask."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from market.domain.errors import InvalidInput

HEAVIEST_WEIGHT = 1000
DEAREST_MICROS = 1000 * 10**6
MOST_FEE = 0.5


class CarbonBasis(StrEnum):
    """Which carbon factor is priced: the grid's average, or the residual mix after contracted green power."""

    LOCATION = "location"
    MARKET = "market"


class PricingRule(StrEnum):
    """What buyers pay: the ask as posted, or the ask and what scarcity adds to it, hour by hour."""

    POSTED = "posted"
    MARGINAL = "marginal"


@dataclass(frozen=True, slots=True)
class Policy:
    """Weights in the objective, none of which moves money; and the terms of trade, which do.

    `energy_weight` multiplies the electricity bill, `latency_weight` what buyers say a millisecond costs
    them; carbon and data transfer are priced in micro-yuan per kg and per GB leaving the origin region.
    `ask_weight` above 1 leans on asks: an order must be worth so many times what it spends. Below 1 it could
    place an order whose limit does not pay the ask.

    Terms of trade: `pricing`; `fee_rate`, the exchange's share of what providers earn; `may_move`, whether
    interruptible orders that have not started may be moved by a round, at `move_cost_micros` each in the objective.
    """

    name: str
    energy_weight: float
    carbon_micros_per_kg: int
    carbon_basis: CarbonBasis
    latency_weight: float
    transfer_micros_per_gb: int
    ask_weight: float = 1.0
    pricing: PricingRule = PricingRule.POSTED
    fee_rate: float = 0.0
    may_move: bool = False
    move_cost_micros: int = 1_000_000

    def __post_init__(self) -> None:
        weights = (self.energy_weight, self.latency_weight)
        prices = (self.carbon_micros_per_kg, self.transfer_micros_per_gb)
        if not all(0 <= w <= HEAVIEST_WEIGHT for w in weights) or not all(
            0 <= p <= DEAREST_MICROS for p in prices
        ):
            raise InvalidInput(
                "invalid_policy",
                f"weights lie between 0 and {HEAVIEST_WEIGHT}, prices between 0 and {DEAREST_MICROS // 10**6} CNY",
            )
        if not 0 <= self.fee_rate <= MOST_FEE:
            raise InvalidInput("invalid_policy", f"fee_rate lies between 0 and {MOST_FEE}")
        if not 0 <= self.move_cost_micros <= DEAREST_MICROS:
            raise InvalidInput(
                "invalid_policy", f"move_cost lies between 0 and {DEAREST_MICROS // 10**6} CNY"
            )
        if not 1 <= self.ask_weight <= HEAVIEST_WEIGHT:
            raise InvalidInput("invalid_policy", f"ask_weight lies between 1 and {HEAVIEST_WEIGHT}")

    def trading_as(self, other: "Policy") -> "Policy":
        """These weights on the other policy's terms of trade."""
        return replace(
            self,
            pricing=other.pricing,
            fee_rate=other.fee_rate,
            may_move=other.may_move,
            move_cost_micros=other.move_cost_micros,
        )


PRESETS: Mapping[str, Policy] = MappingProxyType(
    {
        policy.name: policy
        for policy in (
            Policy("balanced", 1.0, 90_000, CarbonBasis.LOCATION, 1.0, 20_000),
            Policy("price", 0.0, 0, CarbonBasis.LOCATION, 0.0, 0, ask_weight=1.25),
            Policy("green", 1.0, 2_000_000, CarbonBasis.LOCATION, 1.0, 20_000),
            Policy("latency", 1.0, 90_000, CarbonBasis.LOCATION, 5.0, 20_000),
        )
    }
)
"""balanced prices carbon at 0.09 CNY/kg, about the national allowance price; green at 2 CNY/kg, far above it.

price looks at asks alone and counts each yuan of them as 1.25: without that it would place more than any other
policy, and so spend most in total. latency takes a millisecond five times as seriously as buyers do.
All of them trade alike: posted prices, no fee, nothing is moved.
"""


def preset(name: str) -> Policy:
    """A policy by name; `InvalidInput` names the ones there are."""
    if name not in PRESETS:
        raise InvalidInput("unknown_policy", f"no policy {name!r}: choose one of {', '.join(PRESETS)}")
    return PRESETS[name]
