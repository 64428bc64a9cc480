"""Whatever mixture of whole cards and tenths of one is granted: no card and no watt is sold twice."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thoroughness import often
from toy_market import CATALOGUE, FREE, HOUR, START, TOLD, offering, order, snapshot

from market.clearing.builder import build_problem
from market.clearing.placements import build_allocations, read_placements
from market.domain.catalogue import Catalogue
from market.domain.ids import IdSource
from market.domain.offerings import Maintenance
from market.domain.orders import Order
from market.domain.places import Node
from market.domain.policy import PRESETS, Policy
from market.domain.rounds import Allocation
from solver import Limits, clear, verify

SLOTS = 12
LIMITS = Limits(seconds=0.3, seed=1)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Two nodes, one of them short of power, with an offering of tenths and one of whole cards each."""
    pue = draw(st.sampled_from([1.0, 1.237, 1.5]))
    nodes = (
        Node("east_metro", "east", "e", "e", pue, "air", None, (500_001,) * 24, 0.0, TOLD),
        Node(
            "west_tight", "west", "w", "w", 1.173, "air", draw(st.integers(1, 6)), (333_333,) * 24, 0.5, TOLD
        ),
    )
    offerings = []
    for number, (node_id, slices) in enumerate(
        [("east_metro", 10), ("east_metro", 1), ("west_tight", 10), ("west_tight", 1)]
    ):
        units = draw(st.integers(1, 4))
        listing = offering(f"off_{number}", node_id, "a100_80", units, 1, slices_per_unit=slices)
        start = START + draw(st.integers(0, SLOTS)) * HOUR
        offerings.append(
            replace(
                listing,
                ask_micros_per_unit_hour=draw(st.integers(1, 9_999_999)),
                free_units_by_hour=tuple(draw(st.lists(st.integers(0, units), min_size=24, max_size=24))),
                maintenance=(Maintenance(start, start + 2 * HOUR, draw(st.integers(0, units))),),
                drain_at=draw(st.none() | st.just(START + 7 * HOUR + timedelta(minutes=1))),
            )
        )
    devices = tuple(
        replace(device, watts_per_unit=draw(st.integers(301, 999))) for device in CATALOGUE.devices
    )
    return replace(CATALOGUE, nodes=nodes, devices=devices, offerings=tuple(offerings))


@st.composite
def orders(draw: st.DrawFn, number: int) -> Order:
    """Whole cards or tenths of one, small and short."""
    tenths = draw(st.integers(1, 10))
    units = draw(st.integers(1, 3)) if tenths == 10 else 1
    return order(
        number,
        units=units,
        unit_tenths=tenths,
        hours=draw(st.integers(1, 4)),
        limit_cny=draw(st.integers(1, 200)),
        hours_to_deadline=draw(st.integers(2, SLOTS)),
    )


@st.composite
def books(draw: st.DrawFn, first: int) -> list[Order]:
    return [draw(orders(first + number)) for number in range(draw(st.integers(1, 14)))]


@pytest.mark.slow
@settings(max_examples=often(25, 50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    catalogue=catalogues(),
    book=books(1),
    later=books(100),
    policy=st.sampled_from([FREE, PRESETS["balanced"]]),
)
def test_no_card_and_no_watt_is_sold_twice(
    catalogue: Catalogue, book: list[Order], later: list[Order], policy: Policy
) -> None:
    running: tuple[Allocation, ...] = ()
    for orders_ in (book, later):
        built = build_problem(
            snapshot(
                *orders_,
                catalogue=catalogue,
                policy=policy,
                slots=SLOTS,
                allocations=running,
            )
        )
        clearing = clear(built.problem, LIMITS)
        assert verify(built.problem, clearing).ok
        placed = read_placements(built, clearing)
        granted = build_allocations(built, placed, "rnd_1", IdSource(), START)
        check_prices(catalogue, orders_, granted)
        running += granted
    check_cards_and_watts(catalogue, running)


def check_prices(catalogue: Catalogue, book: list[Order], granted: tuple[Allocation, ...]) -> None:
    """No provider gets less than its ask to the last micro-yuan, no buyer pays above the limit."""
    limits = {asked.id: asked.terms.limit_price_micros for asked in book}
    asks = {listed.id: listed.ask_micros_per_unit_hour for listed in catalogue.offerings}
    for allocation in granted:
        share = Fraction(allocation.units * allocation.unit_tenths, 10)
        exact = asks[allocation.offering_id] * share
        assert sum(allocation.charges_micros) == allocation.price_micros < limits[allocation.order_id]
        assert all(exact <= charge < exact + 1 for charge in allocation.charges_micros)


def check_cards_and_watts(catalogue: Catalogue, granted: tuple[Allocation, ...]) -> None:
    """Sums in whole cards and true watts, hour by hour; nothing of the builder is used."""
    watts = catalogue.device_by_id["a100_80"].watts_per_unit
    for number in range(SLOTS):
        hour = START + number * HOUR
        running = [a for a in granted if a.starts_at <= hour < a.ends_at]
        drawn = dict.fromkeys(catalogue.node_by_id, Fraction(0))
        for listed in catalogue.offerings:
            here = [a for a in running if a.offering_id == listed.id]
            cards = sum((Fraction(a.units * a.unit_tenths, 10) for a in here), Fraction(0))
            window = listed.maintenance[0]
            # START is midnight where the market lives: slot n is local hour n
            most = listed.free_units_by_hour[number]
            if window.starts_at <= hour < window.ends_at:
                most = min(most, window.units_left)
            if listed.drain_at is not None and hour + HOUR > listed.drain_at:
                most = 0
            assert cards <= most
            assert listed.slices_per_unit == 10 or all(a.unit_tenths == 10 for a in here)
            drawn[listed.node_id] += cards * round(watts * catalogue.node_by_id[listed.node_id].pue)
        for node in catalogue.nodes:
            assert node.power_cap_kw is None or drawn[node.id] <= node.power_cap_kw * 1000
