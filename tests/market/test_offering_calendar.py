"""An offering hour by hour: what its calendar tells, on a real database."""

from datetime import datetime, timedelta

import pytest
from toy_market import FREE, HOUR, START, terms

from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, InvalidInput
from market.domain.offerings import Maintenance
from market.domain.orders import Order
from market.domain.parties import Actor
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest, Submission

ROUND = RoundRequest(policy=FREE)


def placed_at(exchange: Exchange, operator: Actor) -> None:
    """Three units of off_4 for four hours."""
    asked = terms(devices=("a100_80",), units=3, hours=4)
    (answer,) = exchange.submit_orders(operator, [Submission("buy_toy", asked)])
    assert isinstance(answer, Order)
    assert exchange.clear_round(operator, ROUND).placed == 1


def hours_of(enquiries: Enquiries, start: datetime | None, hours: int) -> list[tuple[int, ...]]:
    return [
        (hour.listed_tenths, hour.usable_tenths, hour.allocated_tenths, hour.held_tenths, hour.free_tenths)
        for hour in enquiries.offering_calendar("off_4", start, hours)
    ]


def test_the_calendar_tells_listed_usable_granted_and_free_units(
    exchange: Exchange,
    enquiries: Enquiries,
    operator: Actor,
    clock: VirtualClock,
) -> None:
    exchange.amend_offering(operator, "off_4", free_units_by_hour=(8, 8, 8, 8, 8, 6) + (8,) * 18)
    placed_at(exchange, operator)
    exchange.add_maintenance(operator, "off_4", Maintenance(START + 3 * HOUR, START + 5 * HOUR, 4))
    exchange.drain_offering(operator, "off_4", START + 6.5 * HOUR)
    assert hours_of(enquiries, None, 8) == [
        (80, 80, 30, 0, 50),
        (80, 80, 30, 0, 50),
        (80, 80, 30, 0, 50),
        (80, 40, 30, 0, 10),
        (80, 40, 0, 0, 40),
        (60, 60, 0, 0, 60),
        (80, 0, 0, 0, 0),
        (80, 0, 0, 0, 0),
    ]
    clock.advance(2.5 * HOUR)
    exchange.keep_time()
    assert hours_of(enquiries, None, 2) == hours_of(enquiries, START + 2 * HOUR, 2)
    assert hours_of(enquiries, None, 2) == [(80, 80, 30, 0, 50), (80, 40, 30, 0, 10)]
    exchange.withdraw_offering(operator, "off_4")
    assert hours_of(enquiries, None, 1) == [(0, 0, 30, 0, 0)]


def test_the_calendar_of_a_node_that_is_down_has_nothing_usable(
    exchange: Exchange, enquiries: Enquiries, operator: Actor
) -> None:
    exchange.node_down(operator, "west_tight")
    assert hours_of(enquiries, None, 1) == [(80, 0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("start", "hours", "code"),
    [
        (START - HOUR, 1, "invalid_start"),
        (datetime.max.replace(tzinfo=START.tzinfo), 24, "invalid_start"),
        (None, 0, "invalid_hours"),
        (None, 745, "invalid_hours"),
    ],
)
def test_a_calendar_looks_ahead(
    enquiries: Enquiries, exchange: Exchange, start: datetime | None, hours: int, code: str
) -> None:
    assert exchange
    with pytest.raises(InvalidInput) as refusal:
        enquiries.offering_calendar("off_4", start, hours)
    assert refusal.value.code == code


def test_a_quote_that_is_held_is_in_the_calendar_and_in_the_way_of_maintenance(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor, clock: VirtualClock
) -> None:
    exchange.set_policy(operator, FREE)
    quote = exchange.hold_quote(buyer, "buy_toy", terms(devices=("a100_80",), units=2, hours=1), 10)
    assert (quote.offering_id, quote.starts_at) == ("off_4", START + HOUR)
    assert hours_of(enquiries, None, 2) == [(80, 80, 0, 0, 80), (80, 80, 0, 20, 60)]
    window = Maintenance(START + HOUR, START + 2 * HOUR, 1)
    for force in (False, True):
        with pytest.raises(Conflict) as refusal:
            exchange.add_maintenance(operator, "off_4", window, force=force)
        assert (refusal.value.code, refusal.value.facts["units_in_use"]) == ("in_use", 2.0)
    clock.advance(timedelta(minutes=11))  # the quote has lapsed
    assert hours_of(enquiries, START + HOUR, 1) == [(80, 80, 0, 0, 80)]
    assert exchange.add_maintenance(operator, "off_4", window).maintenance == (window,)
