"""Pricing rules: by hand, and whatever the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.domain.policy import PricingRule
from market.settlement.pricing import (
    HourlyPrices,
    marginal_prices,
    posted_prices,
    price_hours,
    spread,
    sum_up,
)

ASKS = st.integers(0, 10**9)
CONGESTION = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)
SIZES = st.tuples(st.integers(1, 64), st.just(10)) | st.tuples(st.just(1), st.integers(1, 9))


def test_posted_is_the_ask_hour_by_hour() -> None:
    assert posted_prices(6_000_000, 3, 2) == HourlyPrices((12_000_000,) * 3, (12_000_000,) * 3)
    assert posted_prices(6_000_000, 2, 1, 3).charges_micros == (1_800_000,) * 2


def test_marginal_adds_what_scarcity_adds() -> None:
    priced = marginal_prices(5_000_000, [0, 1_000_000, 3_000_000], 2, 10, 10**9)
    assert priced.earnings_micros == (10_000_000, 12_000_000, 16_000_000)
    assert priced.charges_micros == priced.earnings_micros
    assert (priced.make_whole_micros, priced.capped) == (0, False)


def test_a_capped_order_pays_its_limit_and_the_provider_earns_in_full() -> None:
    """Asks of 30, congestion of 0, 2 and 6; a limit of 34 leaves 4 of these 8: half of each hour's."""
    priced = marginal_prices(5_000_000, [0, 1_000_000, 3_000_000], 2, 10, 34_000_000)
    assert priced.charges_micros == (10_000_000, 11_000_000, 13_000_000)
    assert priced.earnings_micros == (10_000_000, 12_000_000, 16_000_000)
    assert (priced.price_micros, priced.make_whole_micros, priced.capped) == (34_000_000, 4_000_000, True)


def test_a_limit_of_just_the_price_caps_nothing() -> None:
    assert not marginal_prices(5, [1, 2], 1, 10, 13).capped
    assert marginal_prices(5, [1, 2], 1, 10, 12).capped


@given(ask=ASKS, congestion=CONGESTION, size=SIZES, above=st.integers(0, 10**12))
def test_every_hour_and_the_whole_keep_their_bounds(
    ask: int, congestion: list[int], size: tuple[int, int], above: int
) -> None:
    posted = posted_prices(ask, len(congestion), *size)
    limit = posted.price_micros + above
    priced = marginal_prices(ask, congestion, *size, limit)
    hours = zip(posted.charges_micros, priced.charges_micros, priced.earnings_micros, strict=True)
    assert all(asked <= charged <= earned for asked, charged, earned in hours)
    assert priced.price_micros == min(limit, priced.earned_micros)
    assert priced.make_whole_micros >= 0
    assert priced.capped == (priced.earned_micros > limit)


@given(congestion=CONGESTION, size=SIZES)
def test_without_scarcity_both_rules_agree(congestion: list[int], size: tuple[int, int]) -> None:
    calm = [0] * len(congestion)
    found = [
        price_hours(
            rule,
            ask_micros=7,
            congestion_micros=calm,
            units=size[0],
            unit_tenths=size[1],
            limit_micros=10**12,
        )
        for rule in PricingRule
    ]
    assert found[0] == found[1]


@given(weights=st.lists(st.integers(0, 10**15), max_size=20), share=st.fractions(0, 1))
def test_what_is_spread_adds_up_and_no_part_exceeds_its_weight(weights: list[int], share: float) -> None:
    amount = int(sum(weights) * share)
    parts = spread(amount, weights)
    assert sum(parts) == amount
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@pytest.mark.parametrize("rule", PricingRule)
def test_sums_are_those_of_the_allocations(rule: PricingRule) -> None:
    found = sum_up(rule, [HourlyPrices((3, 4), (3, 6)), HourlyPrices((1,), (1,))])
    assert (found.buyers_pay_micros, found.providers_earn_micros) == (8, 10)
    assert (found.make_whole_micros, found.capped_orders) == (2, 1)
