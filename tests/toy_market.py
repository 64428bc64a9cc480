"""A market small enough to reckon by hand: one eastern and one western region, three nodes, three devices."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from market.clearing.snapshot import Horizon, MarketSnapshot
from market.domain.catalogue import Catalogue
from market.domain.devices import ComputeClass, Device, Precision
from market.domain.offerings import Offering
from market.domain.orders import Job, Order, OrderTerms
from market.domain.parties import Buyer, Provider
from market.domain.places import Node, Provenance, Region, RoundTripTime, Side
from market.domain.policy import PRESETS, Policy
from market.domain.states import OfferingState, OrderState
from market.scenarios.scenario import Scenario

TOLD = Provenance("test", "assumption")
START = datetime(2030, 1, 1, 16, tzinfo=UTC)
"""Local midnight of 2030-01-02 in Shanghai."""
HOUR = timedelta(hours=1)
FREE = Policy("free", 0.0, 0, PRESETS["balanced"].carbon_basis, 0.0, 0)
"""Prices nothing besides the ask: costs are then easy to see."""


def region(id_: str, side: Side, lat: float, lon: float, carbon: float) -> Region:
    return Region(id_, id_, id_, id_, id_, None, side, lat, lon, carbon, 0.6, TOLD)


def node(id_: str, region_id: str, pue: float, green: float, power_cap_kw: int | None = None) -> Node:
    return Node(id_, region_id, id_, id_, pue, "air", power_cap_kw, (500_000,) * 24, green, TOLD)


def device(id_: str, compute_class: ComputeClass, memory_gb: float, **speed: float) -> Device:
    speeds = {Precision(p): s for p, s in speed.items()}
    return Device(id_, compute_class, id_, id_, "test", False, memory_gb, 1000, {}, speeds, TOLD)


def offering(id_: str, node_id: str, device_id: str, units: int, ask_cny: int, **more: Any) -> Offering:
    plain = Offering(
        id=id_,
        provider_id="prv_toy",
        node_id=node_id,
        device_id=device_id,
        units=units,
        max_gang_units=units,
        ask_micros_per_unit_hour=ask_cny * 10**6,
        free_units_by_hour=(units,) * 24,
        available_from=None,
        available_until=None,
        state=OfferingState.OPEN,
        listed_at=START,
        provenance=TOLD,
    )
    return replace(plain, **more)


REGIONS = (region("east", Side.EAST, 31.2, 121.5, 0.58), region("west", Side.WEST, 37.5, 105.2, 0.64))
NODES = (
    node("east_metro", "east", 1.5, 0.0),
    node("west_green", "west", 1.1, 0.9),
    node("west_tight", "west", 1.2, 0.5, power_cap_kw=5),
)
DEVICES = (
    device("a100_80", ComputeClass.GPU, 80, fp16=1.0, fp32=1.0, fp64=1.0),
    device("910b", ComputeClass.GPU, 64, fp16=0.5, fp32=1.0),
    device("x86_core_hpc", ComputeClass.HPC, 4, fp64=1.0),
)
OFFERINGS = (
    offering("off_1", "east_metro", "a100_80", 4, 10),
    offering("off_2", "west_green", "a100_80", 8, 6),
    offering("off_3", "west_green", "910b", 8, 2),
    offering("off_4", "west_tight", "a100_80", 8, 5),
    offering("off_5", "west_green", "x86_core_hpc", 1000, 1),
)
RTT = tuple(
    RoundTripTime(a, b, 2.0 if a == b else 28.0, TOLD) for a in ("east", "west") for b in ("east", "west")
)
CATALOGUE = Catalogue(REGIONS, NODES, DEVICES, OFFERINGS, RTT)
SCENARIO = Scenario(
    REGIONS,
    RTT,
    NODES,
    DEVICES,
    (
        Provider("prv_toy", "玩具", "Toy", "cloud", "west", TOLD),
        Provider("prv_other", "他", "Other", "cloud", None, TOLD),
    ),
    (
        Buyer("buy_toy", "玩具", "Toy", "lab", "east", TOLD),
        Buyer("buy_other", "他", "Other", "lab", None, TOLD),
    ),
    OFFERINGS,
)


def job(**changes: Any) -> Job:
    plain = Job(
        compute_class=ComputeClass.GPU,
        devices=None,
        min_memory_gb=None,
        precision=Precision.FP16,
        units=2,
        hours=3,
        origin_region="east",
        max_rtt_ms=None,
        data_gb=0,
        allowed_regions=None,
        max_pue=None,
        min_green_share=None,
    )
    return replace(plain, **changes)


def terms(
    limit_cny: int = 1000, hours_to_deadline: int = 24, start: datetime = START, **changes: Any
) -> OrderTerms:
    latency = changes.pop("latency_cost_micros", 0)
    earliest = changes.pop("earliest_start", None)
    return OrderTerms(job(**changes), limit_cny * 10**6, latency, earliest, start + hours_to_deadline * HOUR)


def order(number: int = 1, **changes: Any) -> Order:
    return Order(f"ord_{number:03d}", "buy_toy", terms(**changes), OrderState.OPEN, START)


def snapshot(*orders: Order, policy: Policy = FREE, slots: int = 24, **changes: Any) -> MarketSnapshot:
    plain = MarketSnapshot(CATALOGUE, (), orders, policy, Horizon(START, slots))
    return replace(plain, **changes)
