"""The schedule of a round: by hand, and its sums against the round's figures."""

from dataclasses import replace
from datetime import UTC

import pytest
from market_day import CNY, Day
from toy_market import CATALOGUE, FREE, HOUR, START

from market.clearing.schedule import schedule_of
from market.clearing.snapshot import Horizon
from market.domain.clock import MARKET_ZONE, VirtualClock
from market.domain.errors import NotFound
from market.domain.parties import Actor
from market.domain.rounds import GrantedRun, Run
from market.domain.states import OfferingState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange

FOUR_HOURS = Horizon(START, 4)


def run(node_id: str, first: int, past: int, facility_kwh: float) -> Run:
    return Run(node_id, START + first * HOUR, START + past * HOUR, facility_kwh)


def granted(node_id: str, first: int, past: int, facility_kwh: float, job_class: str = "hpc") -> GrantedRun:
    whole = run(node_id, first, past, facility_kwh)
    return GrantedRun(whole.node_id, whole.starts_at, whole.ends_at, facility_kwh, "east", job_class)


def test_by_hand() -> None:
    """PUE is 1.5 in the east and 1.1 at the green node in the west; a unit draws 1 kW."""
    schedule = schedule_of(
        CATALOGUE,
        FOUR_HOURS,
        [
            granted("west_green", 1, 3, 4.4),
            granted("west_green", 2, 4, 2.2),
            granted("west_tight", 0, 1, 1.2),
            granted("east_metro", 0, 2, 6.0, "rendering"),
        ],
        [run("east_metro", -2, 1, 9.0), run("west_green", 3, 9, 6.6)],
    )
    assert schedule.hours == tuple(START + hour * HOUR for hour in range(4))
    east, green, tight = schedule.nodes
    assert [node.node_id for node in schedule.nodes] == ["east_metro", "west_green", "west_tight"]
    # 4 A100 x 1.5; (8 A100 + 8 Ascend + 1000 cores) x 1.1; 8 A100 x 1.2
    assert [node.listed_kw for node in schedule.nodes] == [6.0, 1117.6, 9.6]
    assert all(node.outside_kw == (0.0,) * 4 for node in schedule.nodes)  # all of it is offered, all day
    assert (east.before_kw, east.granted_kw) == ((3.0, 0, 0, 0), (3.0, 3.0, 0, 0))
    assert (green.before_kw, green.granted_kw) == ((0, 0, 0, 1.1), (0, 2.2, 3.3, 1.1))
    assert (tight.before_kw, tight.granted_kw) == ((0, 0, 0, 0), (1.2, 0, 0, 0))
    western, eastern = schedule.flows  # 7 kWh and 4 kWh of IT
    assert (western.from_region, western.to_region, western.job_class) == ("east", "west", "hpc")
    assert (western.orders, western.it_kwh, western.first_hour) == (3, 7.0, 0)
    assert western.it_kw == (1.0, 2.0, 3.0, 1.0)
    assert (eastern.to_region, eastern.job_class, eastern.orders) == ("east", "rendering", 1)
    assert (eastern.first_hour, eastern.it_kw) == (0, (2.0, 2.0))


def test_what_is_not_offered_in_an_hour_runs_outside() -> None:
    """Half of the eastern A100 are used elsewhere from 02:00 local time on, the rest from 03:00: 1.5 kW each."""
    (hours,) = {
        offering.free_units_by_hour for offering in CATALOGUE.offerings if offering.node_id == "east_metro"
    }
    offered = tuple(2 if hour == 2 else 0 if hour > 2 else units for hour, units in enumerate(hours))
    offerings = tuple(
        replace(offering, free_units_by_hour=offered) if offering.node_id == "east_metro" else offering
        for offering in CATALOGUE.offerings
    )
    midnight = START.astimezone(MARKET_ZONE).replace(hour=0).astimezone(UTC)
    east, *_ = schedule_of(replace(CATALOGUE, offerings=offerings), Horizon(midnight, 4), [], []).nodes
    assert east.outside_kw == (0.0, 0.0, 3.0, 6.0)


def test_a_flow_begins_with_its_first_hour() -> None:
    (flow,) = schedule_of(CATALOGUE, FOUR_HOURS, [granted("west_green", 2, 3, 1.1)], []).flows
    assert (flow.first_hour, flow.it_kw) == (2, (1.0,))


def test_what_is_withdrawn_is_not_listed() -> None:
    gone = tuple(replace(o, state=OfferingState.WITHDRAWN) for o in CATALOGUE.offerings)
    schedule = schedule_of(replace(CATALOGUE, offerings=gone), FOUR_HOURS, [], [])
    assert [node.listed_kw for node in schedule.nodes] == [0, 0, 0]


@pytest.fixture
def day(exchange: Exchange, clock: VirtualClock, operator: Actor, buyer: Actor) -> Day:
    return Day(exchange, clock, operator, buyer)


def test_its_sums_are_the_rounds_figures(day: Day, enquiries: Enquiries) -> None:
    for hours in (2, 3, 5, 7):
        day.submit(units=1, hours=hours)
    day.submit(compute_class="hpc", precision=None, units=20, hours=4)
    landed = day.clear()
    assert landed.placed == 5
    schedule = enquiries.round_schedule(day.operator, landed.id)
    figures = landed.figures
    by_hour = sum(sum(node.granted_kw) for node in schedule.nodes)
    assert by_hour == pytest.approx(figures["solver"]["facility_kwh"], abs=0.01)
    told = [
        {"from_region": f.from_region, "to_region": f.to_region, "job_class": f.job_class, "orders": f.orders}
        for f in schedule.flows
    ]
    assert told == [{name: flow[name] for name in told[0]} for flow in figures["flows"]]
    for flow, figure in zip(schedule.flows, figures["flows"], strict=True):
        assert flow.it_kwh == figure["it_kwh"]
        assert sum(flow.it_kw) == pytest.approx(figure["it_kwh"], abs=0.01)


def test_it_stays_as_the_round_landed_and_becomes_what_ran_before(day: Day, enquiries: Enquiries) -> None:
    order = day.submit(units=1, hours=3)
    first = day.clear()
    told = enquiries.round_schedule(day.operator, first.id)
    day.clock.advance(HOUR / 2)
    second = day.clear(starts_at=START, slots=4)
    after = enquiries.round_schedule(day.operator, second.id)
    assert [node.before_kw[:3] for node in after.nodes] == [node.granted_kw[:3] for node in told.nodes]
    assert after.flows == ()
    day.clock.advance(HOUR / 2)
    day.exchange.cancel_order(day.operator, order.id)
    assert enquiries.round_schedule(day.operator, first.id) == told
    assert enquiries.round_schedule(day.operator, second.id) == after


@pytest.mark.slow
def test_what_a_round_moved_ran_nowhere_before(day: Day, enquiries: Enquiries) -> None:
    moving = replace(FREE, may_move=True, move_cost_micros=CNY)
    late = {"interruptible": True, "earliest_start": START + 2 * HOUR, "deadline": START + 5 * HOUR}
    day.exchange.node_down(day.operator, "west_tight")
    day.submit(late, devices=("a100_80",), units=4)
    day.clear(policy=moving)
    day.exchange.node_up(day.operator, "west_tight")
    second = day.clear(policy=moving)
    assert second.figures["moved"] == 1
    schedule = enquiries.round_schedule(day.operator, second.id)
    drawn = {node.node_id: (sum(node.before_kw), sum(node.granted_kw)) for node in schedule.nodes}
    assert drawn == {"east_metro": (0, 0), "west_green": (0, 0), "west_tight": (0, pytest.approx(14.4))}


def test_nothing_tells_a_single_buyer(day: Day, enquiries: Enquiries) -> None:
    for _ in range(2):
        day.submit(units=1, hours=3)
    for hours in (1, 2, 3):
        day.submit(compute_class="hpc", precision=None, units=10, hours=hours, job_class="hpc")
    landed = day.clear()
    whole = enquiries.round_schedule(day.operator, landed.id)
    assert {flow.orders: flow.first_hour for flow in whole.flows} == {2: 0, 3: 0}
    for public in (enquiries.round_schedule(None, landed.id), enquiries.round_schedule(day.buyer, landed.id)):
        hours = {flow.orders: (flow.first_hour, len(flow.it_kw)) for flow in public.flows}
        assert hours == {2: (None, 0), 3: (0, 3)}
        assert [flow.it_kwh for flow in public.flows] == [flow.it_kwh for flow in whole.flows]
    assert "buy_toy" not in repr(whole)
    assert "ord_" not in repr(whole)


def test_few_orders_of_several_classes_are_told_together() -> None:
    """Between two regions 1 + 2 orders of two classes make three; one order of another pair stays alone."""
    schedule = schedule_of(
        CATALOGUE,
        FOUR_HOURS,
        [
            granted("west_green", 1, 3, 4.4, "rendering"),
            granted("west_green", 0, 1, 1.1),
            granted("west_tight", 2, 4, 2.4),
            granted("east_metro", 0, 2, 6.0),
        ],
        [],
    )
    assert [(flow.job_class, flow.orders) for flow in schedule.flows] == [
        *(("hpc", 1), ("rendering", 1), ("hpc", 2)),
    ]
    west, east = schedule.told_of_at_least(3).flows
    assert (west.to_region, west.job_class, west.orders, west.it_kwh) == ("west", None, 3, 7.0)
    assert (west.first_hour, west.it_kw) == (0, (1.0, 2.0, 3.0, 1.0))
    assert (east.to_region, east.job_class, east.orders, east.it_kwh) == ("east", "hpc", 1, 4.0)
    assert (east.first_hour, east.it_kw) == (None, ())
    assert schedule.told_of_at_least(1) == schedule


def test_a_round_that_has_not_landed_has_no_hours(enquiries: Enquiries) -> None:
    with pytest.raises(NotFound, match="no landed round rnd_none"):
        enquiries.round_schedule(None, "rnd_none")
