"""The problem built from a market, reckoned by hand."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from toy_market import CATALOGUE, FREE, HOUR, START, offering, order, snapshot

from market.clearing.builder import build_problem, order_window
from market.clearing.snapshot import Horizon
from market.domain.policy import PRESETS, CarbonBasis, Policy
from market.domain.rounds import Allocation
from market.domain.states import AllocationState, OfferingState


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
