"""What a buyer pays and a provider earns for each hour of an allocation, under each pricing rule.

**posted**: the buyer pays the ask, the provider earns it.

**marginal**: an hour is worth the ask and the congestion price of the offering in that hour, which is what scarcity of
its units and of its node's power adds by the round's certified prices (per unit-hour, to the nearest micro-yuan, as
`GET /v1/prices` publishes it). The provider earns all of it. The buyer pays all of it where its limit allows. Where the
hours together exceed the limit, the order is **capped**: the buyer pays the ask of every hour, and what the limit leaves
above the asks is spread over the hours in proportion to their congestion, so that the charges add up to the limit
exactly. What the buyer does not cover is **make-whole**: the exchange pays it to the provider, and publishes it.

Orders that are placed at once are always priced as posted: no round has priced the congestion they meet.
All amounts are whole micro-yuan; a broken one is rounded up hour by hour (`money.hourly_price_micros`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from market.domain.money import hourly_price_micros
from market.domain.policy import PricingRule


@dataclass(frozen=True, slots=True)
class HourlyPrices:
    """What is paid and earned in each hour of an allocation (all units together)."""

    charges_micros: tuple[int, ...]
    earnings_micros: tuple[int, ...]

    @property
    def price_micros(self) -> int:
        """What the buyer pays in all."""
        return sum(self.charges_micros)

    @property
    def earned_micros(self) -> int:
        """What the provider earns in all, before the exchange's fee."""
        return sum(self.earnings_micros)

    @property
    def make_whole_micros(self) -> int:
        """What the provider earns and the buyer does not cover."""
        return self.earned_micros - self.price_micros

    @property
    def capped(self) -> bool:
        """Whether the limit keeps the buyer below the marginal price."""
        return self.make_whole_micros > 0


@dataclass(frozen=True, slots=True)
class PricedAllocations:
    """What some allocations come to under one rule."""

    pricing: PricingRule
    buyers_pay_micros: int
    providers_earn_micros: int
    make_whole_micros: int
    capped_orders: int


def posted_prices(ask_micros: int, hours: int, units: int, unit_tenths: int = 10) -> HourlyPrices:
    """The ask, hour by hour."""
    posted = (hourly_price_micros(ask_micros, units, unit_tenths),) * hours
    return HourlyPrices(posted, posted)


def marginal_prices(
    ask_micros: int, congestion_micros: Sequence[int], units: int, unit_tenths: int, limit_micros: int
) -> HourlyPrices:
    """The ask and the congestion price of each hour (both per unit-hour); at most `limit_micros` is charged.

    The asks are charged in any case: an order whose limit does not cover them has no business being placed.
    """
    posted = hourly_price_micros(ask_micros, units, unit_tenths)
    earned = tuple(
        hourly_price_micros(ask_micros + congestion, units, unit_tenths) for congestion in congestion_micros
    )
    above = [earning - posted for earning in earned]
    affordable = max(limit_micros - posted * len(earned), 0)
    charges = tuple(posted + part for part in spread(min(affordable, sum(above)), above))
    return HourlyPrices(charges, earned)


def price_hours(
    rule: PricingRule,
    *,
    ask_micros: int,
    congestion_micros: Sequence[int],
    units: int,
    unit_tenths: int,
    limit_micros: int,
) -> HourlyPrices:
    """One allocation under a rule; `congestion_micros` has one price per unit-hour for each of its hours."""
    if rule is PricingRule.POSTED:
        return posted_prices(ask_micros, len(congestion_micros), units, unit_tenths)
    return marginal_prices(ask_micros, congestion_micros, units, unit_tenths, limit_micros)


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """The amount (at most the sum of the weights) in proportion to the weights, none above its own; sums exactly.

    Running sums are rounded down, so every part is exact to less than one, and equal inputs give equal parts.
    """
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    running = [0, *(amount * so_far // total for so_far in accumulate(weights))]
    return [after - before for before, after in pairwise(running)]


def sum_up(rule: PricingRule, prices: Iterable[HourlyPrices]) -> PricedAllocations:
    """What allocations come to together."""
    found = list(prices)
    pays, earns = sum(one.price_micros for one in found), sum(one.earned_micros for one in found)
    return PricedAllocations(rule, pays, earns, earns - pays, sum(one.capped for one in found))
