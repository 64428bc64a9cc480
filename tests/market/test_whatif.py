"""What if: the same book in another market changes nothing real, and the front is a front."""

from datetime import timedelta
from itertools import pairwise

import pytest
from toy_market import FREE, SCENARIO, START, order, snapshot, terms

from market.clearing.solving import solve_here
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from market.domain.parties import Actor, Role
from market.domain.policy import PRESETS
from market.domain.states import NodeState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.whatif.alteration import AS_IS, Alteration, altered
from market.whatif.comparison import compare
from market.whatif.desk import WhatIf
from market.whatif.sweep import PATHS, sweep
from market.whatif.watching import Asker, GivenUp, PartDone, PartSearched, Told
from solver import Limits

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
BUYER = Actor("key_buyer", Role.BUYER, "buy_toy")
LIMITS = Limits(seconds=5)


def test_nothing_altered_is_the_same_market() -> None:
    market = snapshot(order(1), order(2))
    assert altered(market, AS_IS) == market


def test_a_policy_and_prices_in_it() -> None:
    greener = Alteration("x", policy=PRESETS["green"], carbon_micros_per_kg=7, latency_weight=3.0)
    policy = altered(snapshot(order(1)), greener).policy
    assert (policy.name, policy.carbon_micros_per_kg, policy.latency_weight) == ("green*", 7, 3.0)
    assert policy.energy_weight == PRESETS["green"].energy_weight


def test_growth_frees_what_has_grown_and_raises_the_power_cap() -> None:
    market = altered(snapshot(order(1)), Alteration("x", growth={"west": 1.5}))
    grown = {o.id: o for o in market.catalogue.offerings}
    assert (grown["off_2"].units, grown["off_2"].free_units_by_hour[0]) == (12, 12)
    assert grown["off_1"].units == 4
    assert market.catalogue.node_by_id["west_tight"].power_cap_kw == 8


def test_demand_is_scaled_to_the_number_and_nested() -> None:
    market = snapshot(*[order(n) for n in range(1, 21)])
    sizes = {}
    for scale in (0.1, 0.5, 1.0, 1.25, 3.0):
        scaled = altered(market, Alteration("x", demand_scale=scale)).orders
        sizes[scale] = {one.id for one in scaled}
        assert len(sizes[scale]) == len(scaled) == round(scale * 20)
        assert [one.queue_key for one in scaled] == sorted(one.queue_key for one in scaled)
    assert all(sizes[less] <= sizes[more] for less, more in pairwise(sizes))
    again = altered(market, Alteration("x", demand_scale=0.5)).orders
    other = altered(market, Alteration("x", demand_scale=0.5, demand_seed=1)).orders
    assert {one.id for one in again} == sizes[0.5] != {one.id for one in other}


def test_a_price_of_latency_takes_the_place_of_what_buyers_say() -> None:
    market = snapshot(order(1, latency_cost_micros=7), order(2), policy=FREE)
    priced = altered(market, Alteration("x", latency_micros_per_ms_unit_hour=500))
    assert [o.terms.latency_cost_micros_per_ms_unit_hour for o in priced.orders] == [500, 500]
    assert (priced.policy.name, priced.policy.latency_weight) == ("free*", 1.0)
    weighed = Alteration("x", latency_micros_per_ms_unit_hour=500, latency_weight=2.0)
    assert altered(market, weighed).policy.latency_weight == 2.0


@pytest.mark.parametrize("scale", [0.0, 0.09, 3.1])
def test_absurd_demand_is_refused(scale: float) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Alteration("x", demand_scale=scale)
    assert refusal.value.code == "invalid_demand"


def test_a_latency_limit_leaves_stricter_orders_alone() -> None:
    near, far = order(1, max_rtt_ms=2.0), order(2)
    market = altered(snapshot(near, far), Alteration("x", max_rtt_ms=10.0))
    assert [o.job.max_rtt_ms for o in market.orders] == [2.0, 10.0]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"nodes_down": frozenset({"atlantis"})}, "unknown_node"), ({"growth": {"x": 2.0}}, "unknown_place")],
)
def test_unknown_places_are_refused(wrong: dict, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        altered(snapshot(order(1)), Alteration("x", **wrong))
    assert refusal.value.code == code


def test_a_node_that_is_down_sends_its_work_elsewhere() -> None:
    """Alone, the order goes to the cheapest: 910b at west_green. With that node down it goes to west_tight."""
    market = snapshot(order(1))
    as_is, down = compare(
        market, [AS_IS, Alteration("down", nodes_down=frozenset({"west_green"}))], solve_here, LIMITS
    )
    assert (as_is.figures["placed"], down.figures["placed"]) == (1, 1)
    assert as_is.figures["spend_cny"] < down.figures["spend_cny"] == 30.0  # 2 cards x 3 h x 5 CNY
    assert market.catalogue.node_by_id["west_green"].state is NodeState.UP


def test_a_tight_latency_limit_costs_more() -> None:
    as_is, near = compare(snapshot(order(1)), [AS_IS, Alteration("near", max_rtt_ms=5.0)], solve_here, LIMITS)
    assert near.figures["rtt_ms_mean"] == 2.0
    assert near.figures["spend_cny"] == 60.0 > as_is.figures["spend_cny"]


@pytest.mark.slow
def test_the_front_is_monotone_along_each_path() -> None:
    """Every point places all the work; dearer carbon (latency) never brings more of it, and never costs less."""
    orders = [order(n, units=1 + n % 3, hours=1 + n % 4, limit_cny=400) for n in range(1, 13)]
    found = sweep(snapshot(*orders, policy=FREE), 24, solve_here, Limits(seconds=1, gap=0.0))
    assert found.orders == 12
    assert len(found.points) == 24
    assert {point.weights.path for point in found.points} == set(PATHS)
    for path, quantity in (("carbon", "carbon_kg_location"), ("latency", "latency_ms_unit_hours")):
        walk = [point.totals for point in found.points if point.weights.path == path]
        for before, after in pairwise(walk):
            assert getattr(after, quantity) <= getattr(before, quantity)
            assert after.spend_micros >= before.spend_micros
    greenest = found.points[len(found.points) // len(PATHS) - 1].totals
    assert greenest.carbon_kg_location < found.points[0].totals.carbon_kg_location
    assert any(point.on_front for point in found.points)
    for point in found.points:
        assert point.cost_micros == pytest.approx(point.totals.cost(point.weights), abs=1e4)
        assert point.least_cost_micros <= point.cost_micros
        assert 0 <= point.gap <= 1


def test_a_point_is_what_a_scenario_at_its_prices_clears() -> None:
    """Its policy and its price of latency as an alteration: no placement of the same work costs less than it said."""
    market = snapshot(*[order(n, units=1 + n % 2, limit_cny=4000) for n in range(1, 5)], policy=FREE)
    for point in sweep(market, 6, solve_here, LIMITS).points:
        price = round(point.weights.latency_micros_per_ms_unit_hour)
        same = Alteration("x", policy=point.weights.policy(), latency_micros_per_ms_unit_hour=price)
        (outcome,) = compare(market, [same], solve_here, LIMITS)
        assert outcome.policy.carbon_micros_per_kg == round(point.weights.carbon_micros_per_kg)
        cost = sum(o.terms.limit_price_micros for o in market.orders) - outcome.value_micros
        assert outcome.figures["placed"] == 4
        assert point.least_cost_micros - 100 <= cost
        assert cost <= point.cost_micros + 100


def test_whoever_asks_is_told_clearing_by_clearing() -> None:
    told: list[Told] = []
    compare(snapshot(order(1)), [AS_IS, Alteration("b")], solve_here, LIMITS, Asker(told.append))
    done = [one for one in told if isinstance(one, PartDone)]
    assert [(one.part.number, one.part.of, one.part.name) for one in done] == [(1, 2, "as_is"), (2, 2, "b")]
    assert any(isinstance(one, PartSearched) for one in told)


def test_whoever_has_gone_gets_no_further_clearing() -> None:
    told: list[Told] = []
    asker = Asker(told.append, has_gone=lambda: any(isinstance(one, PartDone) for one in told))
    with pytest.raises(GivenUp):
        compare(snapshot(order(1)), [AS_IS, Alteration("b")], solve_here, LIMITS, asker)
    assert {one.part.name for one in told} == {"as_is"}


def test_unknown_places_are_found_before_anything_is_cleared() -> None:
    told: list[Told] = []
    wrong = Alteration("b", nodes_down=frozenset({"atlantis"}))
    with pytest.raises(InvalidInput):
        compare(snapshot(order(1)), [AS_IS, wrong], solve_here, LIMITS, Asker(told.append))
    assert told == []


def test_an_empty_book_has_no_front() -> None:
    with pytest.raises(Conflict) as refusal:
        sweep(snapshot(), 6, solve_here, LIMITS)
    assert refusal.value.code == "nothing_to_place"


@pytest.fixture
def exchange(database: Database) -> Exchange:
    exchange = Exchange(database, VirtualClock(START - timedelta(minutes=30)))
    exchange.load_scenario(SCENARIO)
    exchange.submit_orders(OPERATOR, [Submission("buy_toy", terms(limit_cny=200 + n)) for n in range(6)])
    return exchange


@pytest.fixture
def what_if(exchange: Exchange) -> WhatIf:
    return WhatIf(exchange.database, exchange.clock, solve_here)


def test_the_book_of_a_round_is_cleared_as_it_was(exchange: Exchange, what_if: WhatIf) -> None:
    round_ = exchange.clear_round(OPERATOR, RoundRequest(limits=LIMITS))
    of_round, open_ = (what_if.compare(OPERATOR, book, [], LIMITS)[0] for book in (round_.id, None))
    assert (of_round.value_micros, of_round.figures["placed"]) == (round_.value_micros, round_.placed)
    assert open_.figures["orders"] == 0


@pytest.mark.slow
def test_nothing_is_stored(exchange: Exchange, what_if: WhatIf) -> None:
    enquiries = Enquiries(exchange.database, exchange.clock)
    before = enquiries.orders(OPERATOR, PageRequest(limit=100)).items
    what_if.compare(OPERATOR, None, [Alteration("down", nodes_down=frozenset({"west_green"}))], LIMITS)
    what_if.sweep(OPERATOR, None, 3, Limits(seconds=1, gap=0.0))
    assert enquiries.orders(OPERATOR, PageRequest(limit=100)).items == before
    assert enquiries.rounds(PageRequest(limit=100)).items == ()
    assert all(node.state is NodeState.UP for node in enquiries.nodes(PageRequest(limit=100)).items)


@pytest.mark.slow
def test_twenty_recorded_rounds_replay_exactly(exchange: Exchange, what_if: WhatIf) -> None:
    clock = exchange.clock
    assert isinstance(clock, VirtualClock)
    for number in range(20):
        orders = [
            Submission(
                "buy_toy", terms(40 + 7 * k, 24, clock.now(), units=1 + (number + k) % 4, hours=1 + k % 3)
            )
            for k in range(8)
        ]
        exchange.submit_orders(OPERATOR, orders)
        round_ = exchange.clear_round(OPERATOR, RoundRequest(limits=LIMITS))
        replayed = what_if.replay(OPERATOR, round_.id)
        assert replayed.exact, number
        assert replayed.verified
        assert not replayed.ended_by_time
        clock.advance(timedelta(hours=1))


def test_only_operators_ask(what_if: WhatIf) -> None:
    for ask in (
        lambda: what_if.compare(BUYER, None, [], LIMITS),
        lambda: what_if.sweep(BUYER, None, 3, LIMITS),
        lambda: what_if.replay(BUYER, "rnd_x"),
    ):
        with pytest.raises(NotPermitted):
            ask()
    for ask in (
        lambda: what_if.compare(OPERATOR, "rnd_x", [], LIMITS),
        lambda: what_if.replay(OPERATOR, "rnd_x"),
    ):
        with pytest.raises(NotFound):
            ask()
