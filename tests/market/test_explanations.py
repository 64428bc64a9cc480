"""Why an order is where it is: every kind of change, found and done; and placed orders against every other node."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toy_market import CATALOGUE, FREE, HOUR, START, offering, order, snapshot, terms

from market.clearing.builder import build_problem
from market.clearing.changes import FIELDS, amendment_of, apply_change, smallest_change
from market.clearing.free_market import FreeMarket, nothing_placed
from market.clearing.reasons import Reasons
from market.clearing.snapshot import MarketSnapshot
from market.clearing.windows import NO_COST
from market.domain.amendments import amended_terms
from market.domain.clock import VirtualClock
from market.domain.orders import Order, TimeInForce
from market.domain.parties import Actor
from market.domain.policy import PRESETS
from market.domain.rounds import Allocation, ReasonCode
from market.domain.states import AllocationState, OrderState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest, Submission
from solver.explain import Explainer

pytestmark = pytest.mark.slow

ROUND = RoundRequest()


@pytest.fixture
def plain(exchange: Exchange, operator: Actor) -> Exchange:
    """The toy exchange under a policy that prices nothing besides the ask."""
    exchange.set_policy(operator, FREE)
    return exchange


def random_snapshot(seed: int) -> MarketSnapshot:
    """A busy toy market and orders of all kinds for it."""
    chance = random.Random(seed)  # noqa: S311 - a market, not a secret
    held = [
        taken(o.id, o.node_id, chance.randint(1, min(o.units, 8)), chance.randint(1, 30))
        for o in CATALOGUE.offerings
    ]
    orders = [
        order(
            number,
            limit_cny=chance.randint(1, 120),
            hours_to_deadline=chance.randint(1, 40),
            units=chance.randint(1, 9),
            hours=chance.choice([0.5, 2, 5, 11]),
            devices=chance.choice([None, None, ("a100_80",), ("910b",)]),
            max_rtt_ms=chance.choice([None, None, 1, 10, 28]),
            allowed_regions=chance.choice([None, None, ("east",), ("west",)]),
            max_pue=chance.choice([None, None, 1.05, 1.15]),
            min_green_share=chance.choice([None, None, 0.4, 0.95]),
            data_gb=chance.choice([0.0, 50.0]),
            latency_cost_micros=chance.choice([0, 1000]),
        )
        for number in range(20)
    ]
    policy = PRESETS[chance.choice(sorted(PRESETS))]
    return snapshot(*orders, allocations=tuple(held), policy=policy, slots=48)


def taken(offering_id: str, node_id: str, units: int, hours: int) -> Allocation:
    return Allocation(
        f"alo_{offering_id}", "rnd_0", "ord_0", "buy_toy", offering_id, "prv_toy", node_id, units,
        START, START + hours * HOUR, 0, 0, 0.0, 0.0, 0.0, 0.0, AllocationState.GRANTED,
    )  # fmt: skip


BUSY = (
    taken("off_1", "east_metro", 4, 48),
    taken("off_2", "west_green", 8, 10),
    taken("off_3", "west_green", 6, 40),
    taken("off_4", "west_tight", 4, 40),
)
"""Only two 910b are free now; eight A100 from hour 10 on."""


@pytest.mark.parametrize(
    ("changes", "field", "to", "by", "node"),
    [
        # 2 x 910b for 6 hours at 2 an hour: 24
        ({"limit_cny": 20}, "limit_price", 24_010_000, 4.01 / 20, "west_green"),
        # 20 would buy one card for 6 hours, and more than that is dearer than the price
        ({"limit_cny": 13}, "units", 1, 0.5, "west_green"),
        ({"devices": ("a100_80",), "hours_to_deadline": 12}, "deadline", "2030-01-02T05:00:00Z", 1 / 12, "west_green"),
        ({"max_rtt_ms": 20}, "max_rtt_ms", 28.0, 0.4, "west_green"),
        ({"allowed_regions": ("east",)}, "allowed_regions", ["east", "west"], 1.0, "west_green"),
        ({"devices": ("a100_80",), "hours_to_deadline": 6}, "devices", ["a100_80", "910b"], 1.0, "west_green"),
        ({"units": 3, "hours_to_deadline": 6}, "units", 2, 1 / 3, "west_green"),
        ({"max_pue": 1.05}, "max_pue", 1.1, 0.05 / 1.05, "west_green"),
        ({"min_green_share": 0.95}, "min_green_share", 0.9, 0.05 / 0.95, "west_green"),
        ({}, "limit_price", 1_000_000_000, 0.0, "west_green"),  # it fits as it is
    ],
)  # fmt: skip
def test_each_kind_of_change_is_found_and_places_the_order(
    changes: dict[str, Any], field: str, to: object, by: float, node: str
) -> None:
    market = FreeMarket(snapshot(allocations=BUSY, slots=48))
    refused = order(1, **changes)
    change = smallest_change(market, refused)
    assert change is not None
    assert (change.field, change.to, change.node_id) == (field, to, node)
    assert change.by == pytest.approx(by)
    assert market.affordable(apply_change(refused, change))


def test_hours_stay_measured_on_the_first_device() -> None:
    """24 hours on a 910b are 12 on an A100, once that is allowed as well; the deadline need not wait."""
    market = FreeMarket(snapshot(catalogue=replace(CATALOGUE, offerings=CATALOGUE.offerings[:2]), slots=24))
    change = smallest_change(market, order(1, devices=("910b",), hours=24, limit_cny=10_000))
    assert change is not None
    assert (change.field, change.to) == ("devices", ["910b", "a100_80"])
    (fit, *_) = market.affordable(
        apply_change(order(1, devices=("910b",), hours=24, limit_cny=10_000), change)
    )
    assert fit.slots == 12


def test_units_fall_to_what_the_provider_still_sells() -> None:
    listed = offering("off_2", "west_green", "a100_80", 64, 6, min_units_per_order=8, max_units_per_order=32)
    market = FreeMarket(
        snapshot(
            catalogue=replace(CATALOGUE, offerings=(listed,)),
            allocations=(taken("off_2", "west_green", 54, 24),),
        )
    )
    change = smallest_change(market, order(1, units=40, limit_cny=10_000))
    assert change is not None
    assert (change.field, change.to, change.by) == ("units", 10, 0.75)
    assert smallest_change(market, order(1, units=7)) is None  # fewer still is no help


def test_a_share_of_a_card_may_be_smaller() -> None:
    tenths = offering("off_2", "west_green", "a100_80", 1, 6, slices_per_unit=10)
    held = replace(taken("off_2", "west_green", 1, 24), unit_tenths=6)
    market = FreeMarket(snapshot(catalogue=replace(CATALOGUE, offerings=(tenths,)), allocations=(held,)))
    change = smallest_change(market, order(1, units=1, unit_tenths=8))
    assert change is not None
    assert (change.field, change.to, change.by) == ("units", 0.4, 0.5)
    assert amendment_of(change) == {"units": 1, "unit_tenths": 4}


@pytest.mark.parametrize("seed", range(12))
def test_windows_say_what_the_solver_says(seed: int) -> None:
    market = random_snapshot(seed)
    free = FreeMarket(replace(market, orders=()))
    for one in market.orders[:20]:
        built = free.built(one)
        verdicts = Explainer(built.problem, nothing_placed(built)).verdicts(0)
        told = {
            v.candidate: (v.fitting_start, v.fitting_cost_micros)
            for v in verdicts
            if v.fitting_start is not None
        }
        windows = free.windows(one)
        start, cost = windows.cheapest(windows.room & windows.between(*free.window_of(one)))
        found = {c: (int(start[c]), int(cost[c])) for c in np.flatnonzero(cost < NO_COST).tolist()}
        assert found == told


@pytest.mark.parametrize("seed", range(12))
def test_reasons_of_many_orders_are_those_of_each_alone(seed: int) -> None:
    built = build_problem(random_snapshot(seed))
    explainer, jobs = Explainer(built.problem, nothing_placed(built)), np.arange(built.problem.jobs)
    together = Reasons(built, jobs, explainer.judge(jobs))
    for job in jobs.tolist():
        alone = Reasons(built, jobs[[job]], explainer.judge(jobs[[job]]))
        assert together.of_nodes(job) == alone.of_nodes(0)
        assert together.code(job) is alone.code(0)
        assert together.least_cost_micros(job) == alone.least_cost_micros(0)


@pytest.mark.parametrize("seed", range(12))
def test_no_smaller_change_of_the_same_field_is_missed(seed: int) -> None:
    """Brute force on limit price, deadline and units: one step less does not place the order."""
    market = random_snapshot(seed)
    free = FreeMarket(replace(market, orders=()))
    for one in market.orders[:20]:
        change = smallest_change(free, one)
        if change is None or change.by == 0:
            continue
        assert not free.affordable(one)
        assert free.affordable(apply_change(one, change))
        less = {
            "limit_price": lambda c: replace(c, to=c.to - 10_000),
            "units": lambda c: replace(c, to=c.to + 1) if isinstance(c.to, int) else c,
        }.get(change.field)
        smaller = less(change) if less else change
        if smaller.to != change.to and apply_change(one, smaller).terms != one.terms:
            assert not free.affordable(apply_change(one, smaller))
        assert change.field in FIELDS


def single_changes(one: Order) -> list[dict[str, Any]]:
    """Each field as far as it goes, and lists by each single addition."""
    job = one.job
    found: list[dict[str, Any]] = [
        {"limit_price_micros": 10**14},
        {"deadline": START + 48 * HOUR},
        {"max_rtt_ms": None},
        {"max_pue": None},
        {"min_green_share": None},
        *({"units": units} for units in range(1, job.units)),
    ]
    if job.allowed_regions is not None:
        found += [{"allowed_regions": (*job.allowed_regions, region)} for region in ("east", "west")]
    if job.devices is not None:
        found += [{"devices": (*job.devices, d)} for d in ("a100_80", "910b") if d not in job.devices]
    return found


@pytest.mark.parametrize("seed", range(12))
def test_where_no_change_is_proposed_there_is_none(seed: int) -> None:
    market = random_snapshot(seed)
    free = FreeMarket(replace(market, orders=()))
    for one in market.orders:
        tried = [replace(one, terms=amended_terms(one.terms, given)) for given in single_changes(one)]
        possible = any(free.affordable(changed) for changed in (one, *tried))
        assert (smallest_change(free, one) is not None) == possible


def test_an_interrupted_order_pays_on_top_of_what_it_paid() -> None:
    """Half of 6 hours on two 910b are left: 12 CNY, where 15 were paid and 10 more may be."""
    market = FreeMarket(snapshot(allocations=BUSY, slots=48))
    interrupted = replace(
        order(1, limit_cny=25, units=2),
        state=OrderState.INTERRUPTED,
        paid_micros=15_000_000,
        held_micros=10_000_000,
        remaining_share=0.5,
    )
    change = smallest_change(market, interrupted)
    assert change is not None
    assert (change.field, change.to) == ("limit_price", 27_010_000)
    assert market.affordable(apply_change(interrupted, change))


# Through the exchange


def submit(plain: Exchange, actor: Actor, **changes: Any) -> Order:
    (answer,) = plain.submit_orders(actor, [Submission("buy_toy", terms(**changes))])
    assert isinstance(answer, Order)
    return answer


def test_a_waiting_order_is_told_what_its_round_found_and_what_helps_now(
    plain: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    waiting = submit(plain, buyer, limit_cny=5)
    before = enquiries.explain_order(buyer, waiting.id)  # no round yet: as the market is now
    assert (before.round_id, before.code) == (None, ReasonCode.PRICED_OUT)
    landed = plain.clear_round(operator, ROUND)
    told = enquiries.explain_order(buyer, waiting.id)
    assert (told.round_id, told.code) == (landed.id, ReasonCode.PRICED_OUT)
    assert told.smallest_change == before.smallest_change
    assert told.price_to_place_micros is not None
    assert [option.cost_micros for option in told.options] == sorted(o.cost_micros for o in told.options)


def test_after_an_amendment_the_old_reasons_are_not_told(
    plain: Exchange, enquiries: Enquiries, clock: VirtualClock, operator: Actor, buyer: Actor
) -> None:
    waiting = submit(plain, buyer, limit_cny=5)
    plain.clear_round(operator, ROUND)
    clock.advance(HOUR)
    plain.amend_order(buyer, waiting.id, {"limit_price_micros": 900_000_000, "max_rtt_ms": 1})
    told = enquiries.explain_order(buyer, waiting.id)
    assert (told.round_id, told.code) == (None, ReasonCode.TOO_FAR)


def test_the_change_that_is_proposed_is_placed_at_once_and_by_a_round(
    plain: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    for at_once in (True, False):
        waiting = submit(plain, buyer, limit_cny=5, max_rtt_ms=28)
        plain.clear_round(operator, RoundRequest())
        change = enquiries.explain_order(buyer, waiting.id).smallest_change
        assert change is not None
        rest = {"time_in_force": TimeInForce.IMMEDIATE} if at_once else {}
        plain.amend_order(buyer, waiting.id, {**amendment_of(change), **rest})
        if not at_once:
            plain.clear_round(operator, RoundRequest())
        assert enquiries.order(buyer, waiting.id).state is OrderState.ALLOCATED


def test_a_placed_order_is_set_against_every_other_node(
    plain: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    placed = submit(plain, buyer, devices=("a100_80",), max_rtt_ms=10)
    landed = plain.clear_round(operator, ROUND)
    told = enquiries.explain_order(buyer, placed.id)
    assert told.round_id == landed.id
    assert told.allocation is not None
    assert told.allocation.node_id == "east_metro"
    assert told.decision is not None
    # off_4 asks 5, off_2 asks 6: both are beyond 10 ms
    assert (told.decision.code, told.decision.node_id) == (ReasonCode.TOO_FAR, "west_tight")
    assert told.decision.facts["max_rtt_ms"] == 10
    by_node = {one.option.node_id: one for one in told.alternatives}
    assert set(by_node) == {"west_green", "west_tight"}
    green = by_node["west_green"]
    assert green.code is ReasonCode.TOO_FAR
    # 2 cards x 3 hours at 6 instead of 10; 28 ms instead of 2; 6 kWh at PUE 1.1 instead of 1.5
    assert green.difference.price_micros == green.difference.cost_micros == -24_000_000
    assert green.difference.rtt_ms == 26.0
    assert green.difference.facility_kwh == pytest.approx(6 * (1.1 - 1.5))
    assert green.difference.carbon_kg_location == pytest.approx(6 * 1.1 * 0.64 - 6 * 1.5 * 0.58)
    assert green.difference.carbon_kg_market == pytest.approx(6 * 1.1 * 0.6 * 0.1 - 6 * 1.5 * 0.6)


def test_what_decided_may_be_the_price_alone(
    plain: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    placed = submit(plain, buyer, devices=("a100_80",))
    plain.clear_round(operator, ROUND)
    told = enquiries.explain_order(buyer, placed.id)
    assert told.decision is not None
    assert (told.decision.code, told.decision.node_id) == ("CHEAPEST", "west_tight")
    assert {one.code for one in told.alternatives} == {"DEARER"}
    assert all((one.difference.cost_micros or 0) > 0 for one in told.alternatives)


def test_what_decided_may_be_that_the_cheaper_one_was_full(
    plain: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    everything = {"devices": ("a100_80",), "units": 4, "hours": 24, "limit_cny": 100_000}
    submit(plain, buyer, **everything)  # all of west_tight's power
    plain.clear_round(operator, ROUND)
    second = submit(plain, buyer, devices=("a100_80",), units=2, hours=24, limit_cny=100_000)
    plain.clear_round(operator, ROUND)
    told = enquiries.explain_order(buyer, second.id)
    assert told.allocation is not None
    assert told.allocation.node_id == "west_green"
    assert told.decision is not None
    assert (told.decision.code, told.decision.node_id) == (ReasonCode.NO_POWER, "west_tight")


def test_an_order_placed_at_once_is_explained_as_well(
    plain: Exchange, enquiries: Enquiries, buyer: Actor
) -> None:
    asked = replace(terms(devices=("a100_80",)), time_in_force=TimeInForce.IMMEDIATE)
    (placed,) = plain.submit_orders(buyer, [Submission("buy_toy", asked)])
    assert isinstance(placed, Order)
    told = enquiries.explain_order(buyer, placed.id)
    assert told.round_id is None
    assert told.decision is not None
    assert told.alternatives


def test_of_what_is_over_only_the_past_is_told(
    plain: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor
) -> None:
    waiting = submit(plain, buyer, limit_cny=5)
    plain.clear_round(operator, ROUND)
    plain.cancel_order(buyer, waiting.id)
    told = enquiries.explain_order(buyer, waiting.id)
    assert told.code is ReasonCode.PRICED_OUT
    assert told.smallest_change is None
    assert told.options == ()
