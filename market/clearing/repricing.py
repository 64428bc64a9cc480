"""One round priced under every rule, from what it recorded: its prices, the asks it saw, and the limits it kept to.

Later changes of listings, orders or policy do not touch it. Under the round's own rule this finds what was granted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from market.clearing.hour_prices import congestion_by_hour
from market.domain.clock import HOUR
from market.domain.money import share_of
from market.domain.policy import PricingRule
from market.domain.rounds import Allocation, Round
from market.settlement.pricing import HourlyPrices, PricedAllocations, price_hours, sum_up
from solver import Clearing, ClearingProblem


@dataclass(frozen=True, slots=True)
class PricedAllocation:
    """One allocation with its prices under each rule."""

    allocation: Allocation
    prices: Mapping[PricingRule, HourlyPrices]


@dataclass(frozen=True, slots=True)
class RulePrices:
    """What a round comes to under one rule; the fee is charged hour by hour, at the rate of the round's policy."""

    sums: PricedAllocations
    fee_micros: int


@dataclass(frozen=True, slots=True)
class RoundPricing:
    """One round under every rule; `in_force` is the one its allocations were granted at."""

    round_id: str
    in_force: PricingRule
    fee_rate: float
    rules: tuple[RulePrices, ...]
    allocations: tuple[PricedAllocation, ...]


def price_round(
    landed: Round,
    problem_npz: bytes,
    clearing_npz: bytes,
    names: Mapping[str, Any],
    allocations: Sequence[Allocation],
) -> RoundPricing:
    """Price what a landed round granted, whatever became of it since, under every rule."""
    prices = _RecordedPrices(landed, problem_npz, clearing_npz, names)
    priced = tuple(
        PricedAllocation(allocation, {rule: prices.of(allocation, rule) for rule in PricingRule})
        for allocation in allocations
    )
    policy = landed.policy
    rules = tuple(_rule_prices(rule, priced, policy.fee_rate) for rule in PricingRule)
    return RoundPricing(landed.id, policy.pricing, policy.fee_rate, rules, priced)


class _RecordedPrices:
    """The congestion prices, parts and limits of a round, by offering and order."""

    def __init__(
        self, landed: Round, problem_npz: bytes, clearing_npz: bytes, names: Mapping[str, Any]
    ) -> None:
        self._starts_at = landed.starts_at
        problem, clearing = ClearingProblem.load(BytesIO(problem_npz)), Clearing.load(BytesIO(clearing_npz))
        self._congestion = congestion_by_hour(problem, clearing, np.array(names["parts_per_unit"]))
        self._row = {offering_id: row for row, offering_id in enumerate(names["offerings"])}
        self._limit_micros = dict(zip(names["orders"], names["limit_micros"], strict=True))

    def of(self, allocation: Allocation, rule: PricingRule) -> HourlyPrices:
        row = self._row[allocation.offering_id]
        first = (allocation.starts_at - self._starts_at) // HOUR
        hours = (allocation.ends_at - allocation.starts_at) // HOUR
        return price_hours(
            rule,
            ask_micros=allocation.ask_micros_per_unit_hour,
            congestion_micros=self._congestion[row][first : first + hours],
            units=allocation.units,
            unit_tenths=allocation.unit_tenths,
            limit_micros=self._limit_micros[allocation.order_id],
        )


def _rule_prices(rule: PricingRule, priced: Sequence[PricedAllocation], fee_rate: float) -> RulePrices:
    found = [one.prices[rule] for one in priced]
    fee = sum(share_of(earning, fee_rate) for one in found for earning in one.earnings_micros)
    return RulePrices(sum_up(rule, found), fee)
