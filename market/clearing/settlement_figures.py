"""What a round comes to in money, and what its gap is made of: published with the round, exact to the micro-yuan."""

from collections.abc import Sequence
from typing import Any

from market.clearing.builder import BuiltProblem
from market.domain.money import format_cny
from market.domain.rounds import Allocation
from market.settlement.pricing import HourlyPrices, sum_up
from solver import Clearing


def settlement_figures(
    built: BuiltProblem, clearing: Clearing, allocations: Sequence[Allocation]
) -> dict[str, Any]:
    """Under the round's rule: what buyers pay, what providers earn, what the exchange makes whole (CNY as text).

    `gap_parts` add up to the round's bound less its value, exactly (solver/MODEL.md, "The gap, part by part").
    """
    from solver.regret import gap_parts  # noqa: PLC0415 - Numba takes half a second, and a start should not wait for it

    priced = (HourlyPrices(a.charges_micros, a.earnings_micros) for a in allocations)
    sums = sum_up(built.snapshot.policy.pricing, priced)
    parts = gap_parts(built.problem, clearing)
    return {
        "pricing": sums.pricing.value,
        "buyers_pay": format_cny(sums.buyers_pay_micros),
        "providers_earn": format_cny(sums.providers_earn_micros),
        "make_whole": format_cny(sums.make_whole_micros),
        "capped_orders": sums.capped_orders,
        "gap_parts": {
            "regret_of_accepted": format_cny(parts.accepted_micros),
            "regret_of_rejected": format_cny(parts.rejected_micros),
            "idle_units": format_cny(parts.idle_units_micros),
            "idle_power": format_cny(parts.idle_power_micros),
        },
    }
