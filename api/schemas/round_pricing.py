"""One round priced under each rule."""

from pydantic import Field

from api.schemas.fields import CnyText, Schema, example
from market.clearing.repricing import PricedAllocation, RoundPricing, RulePrices
from market.domain.money import format_cny
from market.domain.policy import PricingRule

POSTED = {
    "pricing": "posted",
    "buyers_pay": "612044.20",
    "providers_earn": "612044.20",
    "make_whole": "0.00",
    "fee": "0.00",
    "capped_orders": 0,
}
MARGINAL = {
    "pricing": "marginal",
    "buyers_pay": "688120.55",
    "providers_earn": "690033.71",
    "make_whole": "1913.16",
    "fee": "0.00",
    "capped_orders": 14,
}
ONE = {
    "allocation_id": "alo_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "order_id": "ord_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "offering_id": "off_0001",
    "posted_price": "204.96",
    "marginal_price": "231.40",
    "marginal_earned": "231.40",
    "capped": False,
}


class RulePricesAnswer(Schema):
    """What a round comes to under one rule."""

    model_config = example(**MARGINAL)

    pricing: PricingRule
    buyers_pay: CnyText
    providers_earn: CnyText = Field(description="Before the fee.")
    make_whole: CnyText = Field(
        description="What providers earn and buyers do not cover: the exchange pays it."
    )
    fee: CnyText = Field(description="Of what providers earn, hour by hour, at the round's fee rate.")
    capped_orders: int = Field(description="Orders whose limit keeps them below the marginal price.")

    @classmethod
    def of(cls, found: RulePrices) -> "RulePricesAnswer":
        """The sums of one rule."""
        sums = found.sums
        return cls(
            pricing=sums.pricing,
            buyers_pay=format_cny(sums.buyers_pay_micros),
            providers_earn=format_cny(sums.providers_earn_micros),
            make_whole=format_cny(sums.make_whole_micros),
            fee=format_cny(found.fee_micros),
            capped_orders=sums.capped_orders,
        )


class AllocationPricesAnswer(Schema):
    """What one allocation costs under each rule."""

    model_config = example(**ONE)

    allocation_id: str
    order_id: str
    offering_id: str
    posted_price: CnyText = Field(description="What the buyer pays under `posted`, and the provider earns.")
    marginal_price: CnyText = Field(description="What the buyer pays under `marginal`.")
    marginal_earned: CnyText = Field(description="What the provider earns under `marginal`.")
    capped: bool = Field(description="Whether the order's limit is below the marginal price.")

    @classmethod
    def of(cls, found: PricedAllocation) -> "AllocationPricesAnswer":
        """Both prices."""
        posted, marginal = found.prices[PricingRule.POSTED], found.prices[PricingRule.MARGINAL]
        return cls(
            allocation_id=found.allocation.id,
            order_id=found.allocation.order_id,
            offering_id=found.allocation.offering_id,
            posted_price=format_cny(posted.price_micros),
            marginal_price=format_cny(marginal.price_micros),
            marginal_earned=format_cny(marginal.earned_micros),
            capped=marginal.capped,
        )


class RoundPricingAnswer(Schema):
    """One round under every pricing rule, from what it recorded."""

    model_config = example(
        round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        pricing="posted",
        fee_rate=0.0,
        rules=[POSTED, MARGINAL],
        allocations=[ONE],
    )

    round_id: str
    pricing: PricingRule = Field(description="The rule that its allocations were granted at.")
    fee_rate: float
    rules: list[RulePricesAnswer]
    allocations: list[AllocationPricesAnswer] = Field(description="For an operator's key only; else empty.")

    @classmethod
    def of(cls, found: RoundPricing) -> "RoundPricingAnswer":
        """What the market found, in the words of the API."""
        return cls(
            round_id=found.round_id,
            pricing=found.in_force,
            fee_rate=found.fee_rate,
            rules=[RulePricesAnswer.of(rule) for rule in found.rules],
            allocations=[AllocationPricesAnswer.of(one) for one in found.allocations],
        )
