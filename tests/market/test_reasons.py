"""Each reason where it belongs, and every proposed change proven by doing it."""

from dataclasses import replace
from typing import Any

import pytest
from toy_market import CATALOGUE, HOUR, START, node, offering, order, snapshot

from market.clearing.builder import build_problem
from market.clearing.changes import apply_change, smallest_change
from market.clearing.free_market import FreeMarket
from market.clearing.landing import explain_unplaced
from market.clearing.snapshot import MarketSnapshot
from market.domain.orders import Order
from market.domain.rounds import Allocation, Explanation, ReasonCode
from market.domain.states import AllocationState
from solver import clear

ONE_NODE = replace(CATALOGUE, offerings=(offering("off_2", "west_green", "a100_80", 8, 6),))
POWERLESS = replace(
    CATALOGUE,
    nodes=(*CATALOGUE.nodes[:2], node("west_tight", "west", 1.2, 0.5, power_cap_kw=5)),
    offerings=(offering("off_4", "west_tight", "a100_80", 8, 5),),
)


def explanations(market: MarketSnapshot) -> dict[str, Explanation]:
    built = build_problem(market)
    return {e.order_id: e for e in explain_unplaced(built, clear(built.problem), "rnd_1")}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"devices": ("910b",)}, ReasonCode.NO_SUCH_DEVICE),
        ({"max_rtt_ms": 10}, ReasonCode.TOO_FAR),
        ({"max_pue": 1.05}, ReasonCode.NOT_ALLOWED_THERE),
        ({"units": 9}, ReasonCode.TOO_LARGE),
        ({"hours": 6, "hours_to_deadline": 5}, ReasonCode.TOO_LATE),
        ({"limit_cny": 36}, ReasonCode.PRICED_OUT),  # 2 units x 3 hours x 6 is no gain
    ],
)
def test_what_no_competition_decides(changes: dict[str, Any], code: ReasonCode) -> None:
    found = explanations(snapshot(order(1, **changes), catalogue=ONE_NODE))["ord_001"]
    assert (found.code, [reason.node_id for reason in found.reasons]) == (code, ["west_green"])
    assert found.reasons[0].facts


def test_a_yuan_more_than_the_cost_is_placed() -> None:
    assert explanations(snapshot(order(1, limit_cny=37), catalogue=ONE_NODE)) == {}


def test_competition_for_units() -> None:
    rich = order(1, units=8, hours=24, limit_cny=10_000)
    poor = order(2, units=8, hours=24, limit_cny=2_000)
    found = explanations(snapshot(rich, poor, catalogue=ONE_NODE))
    assert found["ord_002"].code is ReasonCode.NO_CAPACITY


def test_competition_for_power() -> None:
    # 5 kW carry four units of 1.2 kW, though eight are listed
    rich = order(1, units=3, hours=24, limit_cny=10_000)
    poor = order(2, units=3, hours=24, limit_cny=2_000)
    found = explanations(snapshot(rich, poor, catalogue=POWERLESS))
    assert found["ord_002"].code is ReasonCode.NO_POWER


def test_a_gang_the_power_never_carries() -> None:
    found = explanations(snapshot(order(1, units=5), catalogue=POWERLESS))
    assert found["ord_001"].code is ReasonCode.NO_POWER


def _taken(units: int, hours: int) -> Allocation:
    return Allocation(
        "alo_1", "rnd_0", "ord_0", "buy_toy", "off_2", "prv_toy", "west_green", units, START, START + hours * HOUR,
        0, 0, 0.0, 0.0, 0.0, 0.0, AllocationState.GRANTED,
    )  # fmt: skip


def market_with(*, taken_hours: int = 0, slots: int = 48) -> FreeMarket:
    taken = (_taken(8, taken_hours),) if taken_hours else ()
    return FreeMarket(snapshot(catalogue=ONE_NODE, allocations=taken, slots=slots))


@pytest.mark.parametrize(
    ("taken_hours", "changes", "field", "to"),
    [
        (0, {"limit_cny": 30}, "limit_price", 36_010_000),
        (10, {"hours_to_deadline": 12}, "deadline", "2030-01-02T05:00:00Z"),
        (0, {"max_rtt_ms": 10}, "max_rtt_ms", 28.0),
    ],
)
def test_the_smallest_change_is_found_and_places_the_order(
    taken_hours: int, changes: dict[str, Any], field: str, to: object
) -> None:
    market, refused = market_with(taken_hours=taken_hours), order(1, **changes)
    assert all(fit.cost_micros >= refused.terms.limit_price_micros for fit in market.fits(refused))
    change = smallest_change(market, refused)
    assert change is not None
    assert (change.field, change.to) == (field, to)
    assert _is_placed(market, apply_change(refused, change))


def _is_placed(market: FreeMarket, changed: Order) -> bool:
    alone = replace(market.snapshot, orders=(changed,))
    return bool((clear(build_problem(alone).problem).chosen >= 0).all())


def test_no_single_change_helps_what_is_wrong_twice() -> None:
    assert smallest_change(market_with(), order(1, limit_cny=1, max_rtt_ms=10, units=1)) is None


def test_the_price_to_place_is_the_least_that_places() -> None:
    market, refused = market_with(), order(1, limit_cny=30)
    price = market.price_to_place(refused)
    assert price is not None
    at_price = replace(refused, terms=replace(refused.terms, limit_price_micros=price))
    below = replace(refused, terms=replace(refused.terms, limit_price_micros=price - 10_000))
    assert (_is_placed(market, at_price), _is_placed(market, below)) == (True, False)


def test_fits_are_what_a_round_would_choose_from() -> None:
    market = FreeMarket(snapshot(slots=24))
    fits = market.fits(order(1))
    # cheapest first: 910b 2 x 2 x 6 h = 24; tight 5 x 2 x 3 = 30; green 36; metro 60
    assert [fit.cost_micros for fit in fits] == [24_000_000, 30_000_000, 36_000_000, 60_000_000]
    assert [fit.slots for fit in fits] == [6, 3, 3, 3]
