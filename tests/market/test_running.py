"""What happens after an order was placed: hours run, nodes fail, providers report, and money follows."""


import pytest
from market_day import CNY, Day
from toy_market import HOUR, START

from market.domain.clock import VirtualClock
from market.domain.parties import Actor
from market.domain.states import AllocationState, OrderState
from market.exchange import Exchange


@pytest.fixture
def day(exchange: Exchange, clock: VirtualClock, operator: Actor, buyer: Actor) -> Day:
    return Day(exchange, clock, operator, buyer)


def test_a_whole_life_hour_by_hour(day: Day) -> None:
    order = day.submit(devices=("a100_80",), limit_cny=100)
    assert day.order(order).held_micros == 100 * CNY
    day.clear()
    placed = day.order(order)
    assert (placed.state, placed.held_micros) == (OrderState.ALLOCATED, 30 * CNY)
    assert day.paid_cny() == 0
    seen = []
    for hour in range(4):
        day.at(hour) if hour else day.tick()
        now, allocation = day.order(order), day.allocation(order)
        seen.append(
            (now.state.value, now.held_micros // CNY, now.paid_micros // CNY, allocation.settled_hours)
        )
        assert day.balance("acc_prv_toy") == now.paid_micros == allocation.paid_micros
    assert seen == [
        ("active", 30, 0, 0),
        ("active", 20, 10, 1),
        ("active", 10, 20, 2),
        ("completed", 0, 30, 3),
    ]
    assert day.life(order) == ["submitted", "placed_in_round", "started", "completed"]
    done = day.allocation(order)
    assert (done.state, done.started_at, done.ended_at) == (
        AllocationState.COMPLETED,
        START,
        START + 3 * HOUR,
    )
