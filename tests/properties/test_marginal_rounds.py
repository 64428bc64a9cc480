"""Random scarce markets under marginal pricing: every promise is kept, and every sum is exact."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thoroughness import often
from toy_market import CATALOGUE, FREE, HOUR, START, order, snapshot

from market.clearing.builder import BuiltProblem, build_problem
from market.clearing.landing import RoundOutcome, leave_out, read_outcome
from market.clearing.repricing import price_round
from market.domain.catalogue import Catalogue
from market.domain.ids import IdSource
from market.domain.orders import Order
from market.domain.policy import PRESETS, Policy, PricingRule
from market.domain.rounds import Round
from market.domain.states import RoundState
from market.settlement.invariants import check_outcome
from market.settlement.pricing import posted_prices
from solver import Clearing, Limits, clear
from solver.regret import gap_parts

SLOTS = 12
A100S = [o for o in CATALOGUE.offerings if o.device_id == "a100_80"]
ORDERS = st.fixed_dictionaries(
    {
        "limit_cny": st.integers(5, 300),
        "hours_to_deadline": st.integers(2, SLOTS),
        "units": st.integers(1, 8),
        "hours": st.sampled_from([1, 2, 2.5, 3, 5]),
        "devices": st.none() | st.just(("a100_80",)),
        "data_gb": st.sampled_from([0.0, 100.0]),
        "latency_cost_micros": st.sampled_from([0, 1000]),
        "max_rtt_ms": st.none() | st.just(10.0),
    }
) | st.fixed_dictionaries(
    {
        "limit_cny": st.integers(1, 40),
        "hours_to_deadline": st.integers(2, SLOTS),
        "units": st.just(1),
        "unit_tenths": st.integers(1, 9),
        "hours": st.integers(1, 4),
        "devices": st.just(("a100_80",)),
    }
)
BOOKS = st.lists(ORDERS, min_size=12, max_size=40)
POLICIES = st.sampled_from([FREE, *PRESETS.values()])


def with_tenths(ask_micros: int) -> Catalogue:
    """The toy market, where one offering sells tenths of a card, at an ask that does not divide by ten."""
    sold = replace(CATALOGUE.offerings[1], slices_per_unit=10, ask_micros_per_unit_hour=ask_micros)
    return replace(CATALOGUE, offerings=(CATALOGUE.offerings[0], sold, *CATALOGUE.offerings[2:]))


def cleared(
    orders: list[Order], policy: Policy, catalogue: Catalogue
) -> tuple[BuiltProblem, Clearing, RoundOutcome]:
    marginal = replace(policy, pricing=PricingRule.MARGINAL)
    built = build_problem(snapshot(*orders, policy=marginal, slots=SLOTS, catalogue=catalogue))
    clearing = clear(built.problem, Limits(seconds=2, gap=0.01))
    return built, clearing, read_outcome(built, clearing, "rnd_1", IdSource(), START)


def check_sums(built: BuiltProblem, outcome: RoundOutcome) -> None:
    settlement, landed = outcome.figures["settlement"], outcome.clearing
    pays = sum(a.price_micros for a in outcome.allocations)
    earns = sum(sum(a.earnings_micros) for a in outcome.allocations)
    posted = sum(
        posted_prices(a.ask_micros_per_unit_hour, len(a.charges_micros), a.units, a.unit_tenths).price_micros
        for a in outcome.allocations
    )
    shown = {
        name: int(Decimal(settlement[name]) * 10**6)
        for name in ("buyers_pay", "providers_earn", "make_whole")
    }
    assert shown == {"buyers_pay": pays, "providers_earn": earns, "make_whole": earns - pays}
    assert posted <= pays <= earns
    parts = [int(Decimal(amount) * 10**6) for amount in settlement["gap_parts"].values()]
    assert min(parts) >= 0
    assert sum(parts) == landed.bound_micros - landed.value_micros
    assert landed.value_micros == outcome.figures["solver"]["value_micros"]
    # What the exchange makes whole is regret of the accepted, but for congestion prices rounded to the micro-yuan.
    rounding = sum(10 * (a.units + 1) * len(a.charges_micros) for a in outcome.allocations)
    assert earns - pays <= gap_parts(built.problem, landed).accepted_micros + rounding


@pytest.mark.slow
@settings(max_examples=often(30, 80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(book=BOOKS, policy=POLICIES, ask=st.integers(4_000_000, 7_000_009), data=st.data())
def test_marginal_prices_keep_every_promise(
    book: list[dict[str, Any]], policy: Policy, ask: int, data: st.DataObject
) -> None:
    orders = [order(number, **fields) for number, fields in enumerate(book, start=1)]
    by_id, catalogue = {one.id: one for one in orders}, with_tenths(ask)
    built, clearing, outcome = cleared(orders, policy, catalogue)
    assert check_outcome(catalogue, by_id, outcome.allocations, ()) == []
    check_sums(built, outcome)
    check_repricing(built, outcome)
    if outcome.allocations:
        gone = data.draw(st.sets(st.sampled_from([a.order_id for a in outcome.allocations])))
        left = leave_out(built, outcome, gone)
        assert left.clearing.bound_micros == clearing.bound_micros
        check_sums(built, left)


def check_repricing(built: BuiltProblem, outcome: RoundOutcome) -> None:
    """From the record alone, the rule in force comes to what was granted."""
    landed = Round(
        "rnd_1",
        RoundState.LANDED,
        built.snapshot.policy,
        START,
        SLOTS,
        START,
        START + HOUR,
        len(built.snapshot.orders),
    )
    found = price_round(landed, outcome.problem_npz, outcome.clearing_npz, outcome.names, outcome.allocations)
    for one in found.allocations:
        assert one.prices[PricingRule.MARGINAL].charges_micros == one.allocation.charges_micros
        assert one.prices[PricingRule.MARGINAL].earnings_micros == one.allocation.earnings_micros
    posted, marginal = found.rules
    assert posted.sums.buyers_pay_micros <= marginal.sums.buyers_pay_micros
    assert posted.sums.make_whole_micros == posted.sums.capped_orders == 0


@pytest.mark.slow
def test_scarcity_is_really_priced() -> None:
    """What makes the test above worth running: prices rise above the asks, and some orders are capped."""
    dearer = capped = 0
    for seed in range(6):
        orders = [
            order(n, units=1 + (n * 7 + seed) % 8, hours=1 + (n + seed) % 4, limit_cny=20 + (n * 37 + 11 * seed) % 250,
                  hours_to_deadline=6, devices=("a100_80",))
            for n in range(1, 31)
        ]  # fmt: skip
        built, _, outcome = cleared(orders, FREE, with_tenths(6_000_000))
        check_sums(built, outcome)
        settlement = outcome.figures["settlement"]
        capped += settlement["capped_orders"]
        dearer += sum(
            a.price_micros > _posted(a.ask_micros_per_unit_hour, a.units, a) for a in outcome.allocations
        )
    assert dearer > 20
    assert capped > 0


def _posted(ask_micros: int, units: int, allocation: Any) -> int:
    return ask_micros * units * len(allocation.charges_micros)
