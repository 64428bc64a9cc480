"""Moves: only what may, only where it pays, and nobody ever loses a place or pays more."""

from dataclasses import replace

import pytest
from market_day import CNY, Day
from toy_market import FREE, HOUR, START

from market.domain.clock import VirtualClock
from market.domain.orders import Order, TimeInForce
from market.domain.parties import Actor
from market.domain.policy import PricingRule
from market.domain.states import AllocationState, OrderState, RoundState
from market.exchange import Exchange
from market.persistence.store import Store
from solver import Clearing, ClearingProblem, Limits, clear

pytestmark = pytest.mark.slow

MOVING = replace(FREE, may_move=True, move_cost_micros=2 * CNY)
GIVES_WAY = {"interruptible": True, "earliest_start": START + 2 * HOUR}


@pytest.fixture
def day(exchange: Exchange, clock: VirtualClock, operator: Actor, buyer: Actor) -> Day:
    return Day(exchange, clock, operator, buyer, MOVING)


def granted(day: Day, **more: object) -> Order:
    """Four cards for three hours at off_4, the cheapest; nothing else fits there then."""
    asked = GIVES_WAY | {"deadline": START + 5 * HOUR} | more
    order = day.submit(asked, devices=("a100_80",), units=4, limit_cny=200)
    day.clear()
    assert day.allocation(order).offering_id == "off_4"
    return order


def test_it_gives_way_to_what_can_run_nowhere_else_at_that_price(day: Day) -> None:
    # placed while off_4 was dear: at off_2 for 6; then a tight order comes that needs off_2
    day.exchange.node_down(day.operator, "west_tight")
    first = day.submit(
        GIVES_WAY | {"deadline": START + 5 * HOUR}, devices=("a100_80",), units=4, limit_cny=200
    )
    day.clear()
    assert day.allocation(first).offering_id == "off_2"
    day.exchange.node_up(day.operator, "west_tight")
    tight = day.submit(
        {"earliest_start": START + 2 * HOUR, "deadline": START + 5 * HOUR},
        devices=("a100_80",),
        units=8,
        limit_cny=150,
    )
    landed = day.clear()
    assert (landed.placed, landed.figures["movable"], landed.figures["moved"]) == (1, 1, 1)
    assert day.allocation(tight).offering_id == "off_2"
    before, after = day.allocations(first)
    assert (before.state, before.ended_at) == (AllocationState.MOVED, START)
    assert (after.offering_id, after.starts_at, after.ends_at) == (
        "off_4",
        before.starts_at,
        before.ends_at,
    )
    assert (before.price_micros, after.price_micros) == (72 * CNY, 60 * CNY)
    assert day.order(first).held_micros == 60 * CNY
    assert day.life(first) == ["submitted", "placed_in_round", "moved"]
    # the round is worth the tight order, 150 - 144, and the 12 that the move saves less its cost of 2
    assert landed.value_micros == pytest.approx(16 * CNY, abs=10)
    day.at(6)
    assert [day.order(order).state for order in (first, tight)] == [OrderState.COMPLETED] * 2
    assert day.paid_cny() == 60 + 144


@pytest.mark.parametrize(("move_cost_cny", "moved"), [(11, 1), (12, 0), (13, 0)])
def test_it_moves_only_where_that_saves_more_than_it_costs(day: Day, move_cost_cny: int, moved: int) -> None:
    policy = replace(MOVING, move_cost_micros=move_cost_cny * CNY)
    day.exchange.node_down(day.operator, "west_tight")
    order = day.submit(GIVES_WAY, devices=("a100_80",), units=4)
    day.clear(policy=policy)
    day.exchange.node_up(day.operator, "west_tight")
    landed = day.clear(policy=policy)
    assert (landed.placed, landed.figures["moved"]) == (0, moved)
    assert len(day.allocations(order)) == 1 + moved
    assert landed.value_micros == pytest.approx(CNY * moved, abs=10)
    assert landed.bound_micros is not None
    assert landed.value_micros is not None
    assert 0 <= landed.bound_micros - landed.value_micros < 100


@pytest.mark.parametrize("force", TimeInForce)
def test_what_stays_where_it_was_has_missed_nothing_and_waits_for_nothing(
    day: Day, force: TimeInForce
) -> None:
    order = granted(day, time_in_force=force)
    landed = day.clear()
    assert (landed.state, landed.figures["movable"], landed.placed) == (RoundState.LANDED, 1, 0)
    assert day.order(order).state is OrderState.ALLOCATED
    with day.exchange.database.reading() as session:
        assert not Store(session).promises.forecast_since(START - HOUR)


def test_nobody_is_evicted_for_what_pays_more(day: Day) -> None:
    kept = granted(day)
    # it could go to off_2 at 6 or off_1 at 10, but would pay more than the 5 it was promised
    rich = day.submit(
        {"earliest_start": START + 2 * HOUR, "deadline": START + 5 * HOUR},
        devices=("a100_80",),
        units=4,
        limit_cny=100_000,
        allowed_regions=("west",),
        max_pue=1.3,
    )
    filler = day.submit(
        {"earliest_start": START + 2 * HOUR, "deadline": START + 5 * HOUR},
        devices=("a100_80",),
        units=8,
        limit_cny=100_000,
    )
    landed = day.clear()
    assert (landed.placed, landed.figures["moved"]) == (1, 0)
    assert {day.order(o).state for o in (rich, filler)} == {OrderState.ALLOCATED, OrderState.OPEN}
    assert len(day.allocations(kept)) == 1
    assert day.allocation(kept).state is AllocationState.GRANTED


@pytest.mark.parametrize("change", ["not interruptible", "policy", "started"])
def test_what_may_not_be_moved_stays(day: Day, change: str) -> None:
    day.exchange.node_down(day.operator, "west_tight")
    asked = {**GIVES_WAY, "interruptible": change != "not interruptible"}
    order = day.submit(asked, devices=("a100_80",), units=4)
    day.clear()
    day.exchange.node_up(day.operator, "west_tight")
    if change == "started":
        day.at(2)
    landed = day.clear(policy=FREE if change == "policy" else MOVING)
    assert (landed.figures["movable"], landed.figures["moved"]) == (0, 0)
    assert len(day.allocations(order)) == 1


def test_an_evicting_clearing_is_thrown_away(day: Day) -> None:
    kept, waiting = granted(day), day.submit(devices=("910b",))
    problems: list[ClearingProblem] = []

    def careless(problem: ClearingProblem, limits: Limits) -> Clearing:
        """Forgets the last job, which is the one to be moved, at first."""
        problems.append(problem)
        if len(problems) > 1:
            return clear(problem, limits)
        without = replace(
            problem, end_slot=[*problem.end_slot[:-1], 0], first_slot=[*problem.first_slot[:-1], 0]
        )  # type: ignore[arg-type]
        return clear(without, limits)

    day.exchange._solve = careless
    landed = day.clear()
    assert [problem.jobs for problem in problems] == [2, 1]
    assert (landed.placed, landed.figures["moved"]) == (1, 0)
    assert day.order(waiting).state is OrderState.ALLOCATED
    assert len(day.allocations(kept)) == 1


@pytest.mark.parametrize("what", ["cancelled", "node down"])
def test_what_changed_while_a_round_cleared_is_not_moved(day: Day, what: str) -> None:
    day.exchange.node_down(day.operator, "west_tight")
    order = day.submit(GIVES_WAY | {"deadline": START + 5 * HOUR}, devices=("a100_80",), units=4)
    day.clear()
    day.exchange.node_up(day.operator, "west_tight")
    tight = day.submit(
        {"earliest_start": START + 2 * HOUR, "deadline": START + 5 * HOUR}, devices=("a100_80",), units=8
    )

    def meanwhile(problem: ClearingProblem, limits: Limits) -> Clearing:
        if what == "cancelled":
            day.exchange.cancel_order(day.buyer, order.id)
        else:
            day.exchange.node_down(day.operator, "west_tight")
        return clear(problem, limits)

    day.exchange._solve = meanwhile
    landed = day.clear()
    assert landed.figures["moved"] == 0
    if what == "cancelled":
        assert day.order(tight).state is OrderState.ALLOCATED
    else:  # the move had made room for it
        assert day.order(tight).state is OrderState.OPEN
        assert day.allocation(order).offering_id == "off_2"
    assert len(day.allocations(order)) == 1


def test_a_moved_order_never_pays_more_when_prices_are_marginal(day: Day) -> None:
    policy = replace(MOVING, pricing=PricingRule.MARGINAL)
    day.exchange.node_down(day.operator, "west_tight")
    order = day.submit(GIVES_WAY | {"deadline": START + 5 * HOUR}, devices=("a100_80",), units=4)
    day.clear(policy=policy)
    day.exchange.node_up(day.operator, "west_tight")
    window = {"earliest_start": START + 2 * HOUR, "deadline": START + 5 * HOUR}
    for _ in range(3):
        day.submit(window, devices=("a100_80",), units=4, limit_cny=900)
    landed = day.clear(policy=policy)
    prices = [allocation.price_micros for allocation in day.allocations(order)]
    assert prices == sorted(prices, reverse=True)
    assert landed.figures["moved"] == len(prices) - 1
    parts = landed.figures["settlement"]["gap_parts"]
    gap = round(sum(float(part) for part in parts.values()) * CNY)
    assert landed.bound_micros is not None
    assert landed.value_micros is not None
    assert gap == landed.bound_micros - landed.value_micros
