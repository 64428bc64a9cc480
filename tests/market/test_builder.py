"""The problem built from a market, reckoned by hand."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from toy_market import CATALOGUE, FREE, HOUR, NODES, START, offering, order, snapshot

from market.clearing.builder import build_problem, order_window
from market.clearing.snapshot import Horizon
from market.clearing.supply import parts_of
from market.domain.money import hourly_price_micros
from market.domain.offerings import Maintenance
from market.domain.policy import PRESETS, CarbonBasis, Policy
from market.domain.quotes import HeldQuote, HeldQuoteState
from market.domain.rounds import Allocation
from market.domain.states import AllocationState, NodeState, OfferingState


def test_a_unit_costs_ask_plus_energy_plus_carbon() -> None:
    built = build_problem(snapshot(order(), policy=Policy("p", 1.0, 100_000, CarbonBasis.LOCATION, 0.0, 0)))
    # off_1: ask 10; 1 kW x PUE 1.5 x 0.50 CNY/kWh = 0.75; 1.5 kWh x 0.58 kg x 0.1 CNY/kg = 0.087
    assert built.problem.unit_cost_micros[0, 0] == 10_000_000 + 750_000 + 87_000
    assert build_problem(snapshot(order())).problem.unit_cost_micros[0, 0] == 10_000_000


def test_carbon_is_priced_on_the_chosen_basis() -> None:
    market_based = Policy("p", 0.0, 1_000_000, CarbonBasis.MARKET, 0.0, 0)
    built = build_problem(snapshot(order(), policy=market_based))
    # off_2: 1.1 kWh x residual 0.6 x (1 - 0.9 green) = 0.066 kg
    assert built.supply.carbon_micros[1, 0] == 66_000


def test_latency_and_transfer_are_fixed_costs_of_the_placement() -> None:
    policy = replace(FREE, latency_weight=2.0, transfer_micros_per_gb=1_000_000)
    far = order(devices=("a100_80",), latency_cost_micros=10_000, data_gb=10, units=2, hours=3)
    problem = build_problem(snapshot(far, policy=policy)).problem
    # per unit: 28 ms x 3 h x 0.01 CNY x weight 2 = 1.68; 10 GB x 1 CNY / 2 units = 5; at home 2 ms and no transfer
    assert problem.candidate_fixed_micros.tolist() == [120_000, 6_680_000, 6_680_000]


def test_orders_with_equal_needs_share_a_profile_whatever_their_size_and_value() -> None:
    problem = build_problem(
        snapshot(order(1, units=1, limit_cny=9), order(2, units=2), order(3, hours=5))
    ).problem
    assert problem.job_profile.tolist() == [0, 0, 1]
    assert problem.job_scale.tolist() == [1, 2, 2]
    assert problem.value_micros.tolist() == [9_000_000, 1_000_000_000, 1_000_000_000]


def test_orders_of_different_origin_never_share_a_profile() -> None:
    problem = build_problem(snapshot(order(1), order(2, origin_region="west"))).problem
    assert problem.job_profile.tolist() == [0, 1]


def _granted(units: int, first: int, end: int) -> Allocation:
    return Allocation(
        "alo_1", "rnd_1", "ord_9", "buy_toy", "off_4", "prv_toy", "west_tight", units, START + first * HOUR,
        START + end * HOUR, 0, 0, 0.0, 0.0, 0.0, 0.0, AllocationState.GRANTED,
    )  # fmt: skip


def test_what_is_allocated_is_not_free() -> None:
    problem = build_problem(snapshot(order(), allocations=(_granted(3, 2, 4),))).problem
    assert problem.capacity_units[3, :5].tolist() == [8, 8, 5, 5, 8]
    # west_tight caps 5 kW; three units draw 3 x 1.2 kW
    assert problem.node_power_watts[2, :5].tolist() == [5000, 5000, 1400, 1400, 5000]


def test_an_allocation_that_began_earlier_holds_only_what_is_left_of_it() -> None:
    problem = build_problem(snapshot(order(), allocations=(_granted(3, -5, 1),))).problem
    assert problem.capacity_units[3, :2].tolist() == [5, 8]


@pytest.mark.parametrize(
    ("changes", "free"),
    [
        ({"available_from": START + 2 * HOUR}, [0, 0, 4, 4]),
        ({"available_until": START + 2 * HOUR}, [4, 4, 0, 0]),
        ({"state": OfferingState.WITHDRAWN}, [0, 0, 0, 0]),
        ({"free_units_by_hour": (3, 2, 1, 0) + (4,) * 20}, [3, 2, 1, 0]),
        ({"drain_at": START + 2 * HOUR}, [4, 4, 0, 0]),
        ({"drain_at": START + 2 * HOUR - timedelta(seconds=1)}, [4, 0, 0, 0]),  # what runs is over by then
        ({"maintenance": (Maintenance(START + HOUR, START + 2 * HOUR, 1),)}, [4, 1, 4, 4]),
        ({"maintenance": (Maintenance(START + HOUR, START + 2.1 * HOUR, 9),)}, [4, 4, 4, 4]),
        ({"maintenance": (Maintenance(START + 1.5 * HOUR, START + 2.1 * HOUR, 3),)}, [4, 3, 3, 4]),
        (
            {"maintenance": (Maintenance(START, START + 2 * HOUR, 3), Maintenance(START, START + HOUR, 2))},
            [2, 3, 4, 4],
        ),
    ],
)
def test_capacity_follows_the_listing(changes: dict[str, Any], free: list[int]) -> None:
    listing = offering("off_1", "east_metro", "a100_80", 4, 10, **changes)
    catalogue = replace(CATALOGUE, offerings=(listing,))
    problem = build_problem(snapshot(order(), catalogue=catalogue, slots=4)).problem
    assert problem.capacity_units[0].tolist() == free


@pytest.mark.parametrize(
    ("start_minutes", "deadline_minutes", "window"),
    [
        (None, 180, (0, 3)),
        (0, 180, (0, 3)),
        (1, 180, (1, 3)),  # a begun hour is lost
        (60, 179, (1, 2)),  # so is one that ends too late
        (-300, 180, (0, 3)),
        (60, 6000, (1, 24)),
        (150, 170, (0, 0)),  # no full hour left
        (3000, 6000, (0, 0)),  # beyond the horizon
    ],
)
def test_windows_are_whole_slots(
    start_minutes: int | None, deadline_minutes: int, window: tuple[int, int]
) -> None:
    earliest = None if start_minutes is None else START + timedelta(minutes=start_minutes)
    made = replace(
        order().terms, earliest_start=earliest, deadline=START + timedelta(minutes=deadline_minutes)
    )
    assert order_window(made, Horizon(START, 24)) == window


def test_an_offering_beyond_any_price_is_no_candidate() -> None:
    gold = offering("off_1", "east_metro", "a100_80", 4, 10, ask_micros_per_unit_hour=10**14)
    built = build_problem(snapshot(order(), catalogue=replace(CATALOGUE, offerings=(gold,))))
    assert len(built.problem.candidate_offering) == 0


def test_an_empty_market_builds() -> None:
    built = build_problem(snapshot(policy=PRESETS["balanced"]))
    assert built.problem.capacity_units.shape == (5, 24)
    assert np.array_equal(built.problem.profile_start, [0])


def _promised(units: int, tenths: int, first: int, end: int, state: HeldQuoteState) -> HeldQuote:
    return HeldQuote(
        id="quo_1", buyer_id="buy_toy", offering_id="off_4", node_id="west_tight", units=units, unit_tenths=tenths,
        starts_at=START + first * HOUR, ends_at=START + end * HOUR, ask_micros_per_unit_hour=0, price_micros=0,
        offering_version=1, expires_at=START + HOUR, state=state,
    )  # fmt: skip


def test_a_quote_that_is_held_takes_units_and_power_like_an_allocation() -> None:
    held = _promised(3, 10, 2, 4, HeldQuoteState.HELD)
    problem = build_problem(snapshot(order(), held_quotes=(held,))).problem
    assert problem.capacity_units[3, :5].tolist() == [8, 8, 5, 5, 8]
    assert problem.node_power_watts[2, :5].tolist() == [5000, 5000, 1400, 1400, 5000]
    over = replace(held, state=HeldQuoteState.LAPSED)
    assert build_problem(snapshot(order(), held_quotes=(over,))).problem.capacity_units[3].min() == 8


def test_a_node_that_is_down_takes_nothing_now() -> None:
    nodes = tuple(replace(n, state=NodeState.DOWN) if n.id == "west_green" else n for n in NODES)
    built = build_problem(snapshot(order(), catalogue=replace(CATALOGUE, nodes=nodes)))
    assert built.problem.capacity_units.max(axis=1).tolist() == [4, 0, 0, 8, 0]
    assert built.supply.listed_units.tolist() == [4, 8, 8, 8, 1000]


def test_an_interrupted_order_is_worth_what_is_still_paid_and_runs_for_what_is_still_to_do() -> None:
    # 3 h on the a100, 6 h on the slower 910b; 0.4 of it is left: 1.2 h and 2.4 h, in whole slots 2 and 3
    left = replace(order(limit_cny=1000), remaining_share=0.4, paid_micros=600_000_000)
    problem = build_problem(snapshot(left, order(2))).problem
    assert problem.value_micros.tolist() == [400_000_000, 1_000_000_000]
    first, second = (problem.profile_start[p : p + 2] for p in problem.job_profile)
    assert problem.candidate_slots[first[0] : first[1]].tolist() == [2, 2, 3, 2]
    assert problem.candidate_slots[second[0] : second[1]].tolist() == [3, 3, 6, 3]


SLICED = replace(
    CATALOGUE,
    offerings=(
        offering("off_1", "east_metro", "a100_80", 4, 10),
        offering(
            "off_2", "west_tight", "a100_80", 8, 6, slices_per_unit=10, ask_micros_per_unit_hour=6_000_001
        ),
    ),
)


def test_tenths_of_a_card_are_counted_where_they_are_sold() -> None:
    built = build_problem(snapshot(order(units=1, unit_tenths=3), order(2, units=2), catalogue=SLICED))
    problem = built.problem
    assert problem.capacity_units[:, 0].tolist() == [4, 80]
    # 0.6000001 CNY a tenth, rounded up to 600,001; 1.2 kW a card
    assert problem.unit_cost_micros[:, 0].tolist() == [10_000_000, 600_001]
    assert problem.facility_watts_per_unit.tolist() == [1500, 120]
    assert problem.job_scale.tolist() == [1, 2]
    part, whole = (slice(*problem.profile_start[p : p + 2]) for p in problem.job_profile)
    assert (problem.candidate_offering[part].tolist(), problem.candidate_units[part].tolist()) == ([1], [3])
    assert (problem.candidate_offering[whole].tolist(), problem.candidate_units[whole].tolist()) == (
        [0, 1],
        [1, 10],
    )
    assert built.supply.capacity_units[1, 0] == 8.0


def test_tenths_pay_their_share_of_latency_and_all_of_their_data() -> None:
    policy = replace(FREE, latency_weight=1.0, transfer_micros_per_gb=1_000_000)
    asked = order(units=1, unit_tenths=3, hours=2, latency_cost_micros=10_000, data_gb=5)
    problem = build_problem(snapshot(asked, catalogue=SLICED, policy=policy)).problem
    # 28 ms x 2 h x 0.01 CNY x 0.3 = 0.168; 5 GB x 1 CNY
    assert problem.candidate_fixed_micros.tolist() == [5_168_000]


def test_what_tenths_hold_is_not_free() -> None:
    some = replace(_granted(1, 0, 2), unit_tenths=7, offering_id="off_2")
    all_ = replace(_granted(2, 1, 2), offering_id="off_2")
    problem = build_problem(snapshot(order(), allocations=(some, all_), catalogue=SLICED)).problem
    assert problem.capacity_units[1, :3].tolist() == [73, 53, 80]
    assert problem.node_power_watts[2, :3].tolist() == [5000 - 840, 5000 - 840 - 2400, 5000]


def test_parts_and_prices_of_parts_are_rounded_up() -> None:
    assert [parts_of(2, 10, 1), parts_of(2, 10, 10), parts_of(1, 3, 10), parts_of(1, 3, 1)] == [2, 20, 3, 1]
    assert hourly_price_micros(6_000_001, 2) == 12_000_002
    assert hourly_price_micros(6_000_001, 1, 3) == 1_800_001
