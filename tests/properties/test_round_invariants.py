"""Whatever is ordered, a landed round keeps the market's invariants (DESIGN: prices and money)."""

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from databases import Databases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thoroughness import often
from toy_market import CATALOGUE, FREE, HOUR, SCENARIO, START, terms

from market.domain.clock import VirtualClock
from market.domain.devices import Precision
from market.domain.orders import Order, OrderTerms
from market.domain.policy import PRESETS
from market.domain.rounds import Allocation
from market.domain.states import OrderState, RoundState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.paging import PageRequest

ORDERS = st.fixed_dictionaries(
    {
        "limit_cny": st.integers(1, 400),
        "hours_to_deadline": st.integers(1, 40),
        "units": st.integers(1, 9),
        "hours": st.floats(0.1, 30, allow_nan=False) | st.just({"a100_80": 2.0, "910b": 5.5}),
        "precision": st.sampled_from([None, Precision.FP16, Precision.FP64]),
        "origin_region": st.sampled_from(["east", "west"]),
        "max_rtt_ms": st.none() | st.sampled_from([1.0, 10.0, 28.0]),
        "data_gb": st.sampled_from([0.0, 1.0, 500.0]),
        "latency_cost_micros": st.sampled_from([0, 1000]),
        "min_green_share": st.none() | st.just(0.8),
        "earliest_start": st.none() | st.integers(-3, 0).map(lambda h: START + h * HOUR),
    }
)
BOOKS = st.lists(st.lists(ORDERS, max_size=12), min_size=1, max_size=3)


@pytest.mark.slow
@settings(max_examples=often(25, 60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(books=BOOKS, policy=st.sampled_from([FREE, *PRESETS.values()]))
def test_rounds_keep_every_invariant(
    databases: Databases, books: list[list[dict[str, Any]]], policy: Any
) -> None:
    with databases.migrated() as url, closing(Database(url)) as database:
        clock = VirtualClock(START)
        exchange, enquiries = Exchange(database, clock), Enquiries(database, clock)
        exchange.load_scenario(SCENARIO)
        operator = exchange.authenticate(exchange.create_operator_key())
        submitted: dict[str, OrderTerms] = {}
        for book in books:
            answers = exchange.submit_orders(operator, [Submission("buy_toy", terms(**o)) for o in book])
            submitted |= {answer.id: answer.terms for answer in answers if isinstance(answer, Order)}
            landed = exchange.clear_round(operator, RoundRequest(policy=policy))
            assert landed.state is RoundState.LANDED
            assert landed.bound_micros is not None
            assert landed.value_micros is not None
            assert 0 <= landed.value_micros <= landed.bound_micros
        allocations = enquiries.allocations(operator, PageRequest(limit=1000), {}).items
        orders = enquiries.orders(operator, PageRequest(limit=1000)).items
    check_orders_and_allocations_agree(orders, allocations, submitted)
    check_no_order_pays_above_its_limit(allocations, submitted)
    check_windows(allocations, submitted)
    check_capacity_and_power(allocations)


def check_orders_and_allocations_agree(
    orders: tuple[Order, ...], allocations: tuple[Allocation, ...], submitted: dict[str, OrderTerms]
) -> None:
    assert {order.id for order in orders} == set(submitted)
    holding = {OrderState.ALLOCATED, OrderState.ACTIVE}  # time is kept before a round: some have started
    placed = {order.id for order in orders if order.state in holding}
    assert sorted(a.order_id for a in allocations) == sorted(placed)


def check_no_order_pays_above_its_limit(
    allocations: tuple[Allocation, ...], submitted: dict[str, OrderTerms]
) -> None:
    asks = {offering.id: offering.ask_micros_per_unit_hour for offering in CATALOGUE.offerings}
    for allocation in allocations:
        hours = (allocation.ends_at - allocation.starts_at) // timedelta(hours=1)
        assert allocation.price_micros == asks[allocation.offering_id] * allocation.units * hours
        assert allocation.price_micros < submitted[allocation.order_id].limit_price_micros


def check_windows(allocations: tuple[Allocation, ...], submitted: dict[str, OrderTerms]) -> None:
    for allocation in allocations:
        asked = submitted[allocation.order_id]
        assert allocation.ends_at <= asked.deadline
        assert asked.earliest_start is None or allocation.starts_at >= asked.earliest_start
        assert allocation.units == asked.job.units


def check_capacity_and_power(allocations: tuple[Allocation, ...]) -> None:
    for hour in (START + n * HOUR for n in range(60)):
        running = [a for a in allocations if a.starts_at <= hour < a.ends_at]
        for offering in CATALOGUE.offerings:
            assert sum(a.units for a in running if a.offering_id == offering.id) <= offering.units
        # west_tight carries 5 kW; each unit of off_4 draws 1.2 kW at the facility
        assert sum(a.units * 1200 for a in running if a.node_id == "west_tight") <= 5000
