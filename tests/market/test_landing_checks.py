"""What a round grants is counted again when it lands: what was taken meanwhile is not granted twice."""

from dataclasses import replace
from typing import Any

from toy_market import CATALOGUE, HOUR, START, order, snapshot

from market.clearing.snapshot import MarketSnapshot
from market.domain.quotes import HeldQuote
from market.domain.rounds import Allocation
from market.domain.states import AllocationState, NodeState
from market.rounds.landing_checks import no_longer_fitting

OFFERINGS = {offering.id: offering for offering in CATALOGUE.offerings}


def granted(order_id: str, offering_id: str, units: int, hours: range = range(4), **more: Any) -> Allocation:
    offering = OFFERINGS[offering_id]
    plain = Allocation(
        id=f"alo_{order_id}_{offering_id}",
        round_id="rnd_1",
        order_id=order_id,
        buyer_id="buy_toy",
        offering_id=offering_id,
        provider_id=offering.provider_id,
        node_id=offering.node_id,
        units=units,
        starts_at=START + hours.start * HOUR,
        ends_at=START + hours.stop * HOUR,
        ask_micros_per_unit_hour=offering.ask_micros_per_unit_hour,
        price_micros=1,
        rtt_ms=1.0,
        facility_kwh=1.0,
        carbon_kg_location=1.0,
        carbon_kg_market=1.0,
        state=AllocationState.GRANTED,
    )
    return replace(plain, **more)


def market(*allocations: Allocation, orders: tuple[str, ...] = (), **changes: Any) -> MarketSnapshot:
    asked = [replace(order(), id=order_id) for order_id in orders]
    return snapshot(*asked, allocations=allocations, **changes)


def test_nothing_taken_leaves_nothing_out() -> None:
    """Not even what would not fit: that is for the judge, who has looked already."""
    frozen = market(granted("ord_old", "off_3", 8))
    assert no_longer_fitting(frozen, frozen, [granted("ord_1", "off_3", 8)]) == set()


def test_the_later_order_gives_way_where_units_were_taken() -> None:
    mine = [
        granted(f"ord_{n}", "off_3", 3, range(n, n + 4)) for n in (1, 2, 6)
    ]  # two meet from 2 to 5 o'clock
    taken = granted("ord_new", "off_3", 4, range(3, 4))  # leaves 4 of 8 at 3 o'clock: one of the two
    assert no_longer_fitting(market(), market(taken), mine) == {"ord_2"}
    smaller = replace(taken, units=2)
    assert no_longer_fitting(market(), market(smaller), mine) == set()


def test_power_and_held_quotes_and_tenths_count() -> None:
    mine = [granted("ord_1", "off_4", 2), granted("ord_2", "off_4", 1)]  # 1.2 kW a card of 5 kW
    power = granted("ord_new", "off_4", 2)
    assert no_longer_fitting(market(), market(power), mine) == {"ord_2"}
    quote = HeldQuote(
        "quo_1", "buy_toy", "off_4", "west_tight", 2, 10, START, START + HOUR, 1, 1, 1, START + HOUR
    )
    assert no_longer_fitting(market(), market(held_quotes=(quote,)), mine) == {"ord_2"}
    sliced = tuple(replace(o, slices_per_unit=10) if o.id == "off_4" else o for o in CATALOGUE.offerings)
    listed = replace(CATALOGUE, offerings=sliced)
    a_tenth = replace(mine[1], unit_tenths=1)  # 2 + 2 cards draw 4.8 kW: a tenth of a card, 120 W, is left
    frozen, current = market(catalogue=listed), market(power, catalogue=listed)
    assert no_longer_fitting(frozen, current, [mine[0], a_tenth]) == set()


def test_what_was_granted_at_a_node_that_went_down_is_left_out() -> None:
    down = tuple(replace(n, state=NodeState.DOWN) if n.id == "west_green" else n for n in CATALOGUE.nodes)
    current = market(catalogue=replace(CATALOGUE, nodes=down))
    mine = [granted("ord_1", "off_3", 1), granted("ord_2", "off_1", 1)]
    assert no_longer_fitting(market(), current, mine) == {"ord_1"}


def test_a_moved_order_gives_up_its_place_and_keeps_it_where_the_new_one_is_taken() -> None:
    at_home = granted("ord_mover", "off_3", 8)
    frozen = market(orders=("ord_mover", "ord_2"))  # what may be moved is cleared as if it had no place
    mine = [granted("ord_mover", "off_2", 8), granted("ord_2", "off_3", 8)]
    elsewhere = granted("ord_new", "off_1", 4)
    assert no_longer_fitting(frozen, market(at_home, elsewhere), mine) == set()
    in_its_way = granted("ord_new", "off_2", 1)
    assert no_longer_fitting(frozen, market(at_home, in_its_way), mine) == {"ord_mover", "ord_2"}


def test_an_order_that_stays_after_all_keeps_its_place_though_nothing_else_was_taken() -> None:
    """Its new place was left out for another reason, so it is not among what is granted."""
    at_home = granted("ord_mover", "off_3", 8)
    frozen = market(at_home, orders=("ord_mover", "ord_2"))
    assert no_longer_fitting(frozen, market(at_home), [granted("ord_2", "off_3", 8)]) == {"ord_2"}
