"""Supply as arrays: what is free, what a unit costs, what it draws."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from market.clearing.snapshot import Horizon
from market.domain.catalogue import Catalogue
from market.domain.clock import HOUR
from market.domain.money import MICROS_PER_CNY
from market.domain.places import Node, Region
from market.domain.policy import CarbonBasis, Policy
from market.domain.rounds import Allocation

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

UNCAPPED_WATTS = 10**15
"""Stands for "no power cap": a thousand times the draw of any national grid."""


@dataclass(frozen=True, slots=True)
class Supply:
    """Arrays over offerings O, nodes N and slots T (int64; money in micro-yuan per unit and slot)."""

    listed_units: Ints
    """(O,) most units listed in any slot, before anything is allocated."""
    capacity_units: Ints
    """(O, T) free units."""
    ask_micros: Ints
    """(O,) ask per unit-hour."""
    priced_ask_micros: Ints
    """(O,) ask per unit-hour, as the policy weighs it."""
    energy_micros: Ints
    """(O, T) electricity bill of one unit for one slot, as the policy weighs it."""
    carbon_micros: Ints
    """(O, T) carbon of one unit for one slot, as the policy prices it."""
    offering_node: npt.NDArray[np.int32]
    """(O,) row of the node."""
    facility_watts_per_unit: Ints
    """(O,) IT watts x PUE."""
    node_power_watts: Ints
    """(N, T) power that new work may draw."""
    kg_per_kwh_location: Floats
    """(N,) carbon of a kWh from the grid's average."""
    kg_per_kwh_market: Floats
    """(N,) carbon of a kWh after contracted green power: residual mix x (1 - green share)."""

    @property
    def unit_cost_micros(self) -> Ints:
        """(O, T) priced ask + priced energy + priced carbon."""
        cost: Ints = self.priced_ask_micros[:, None] + self.energy_micros + self.carbon_micros
        return cost


def build_supply(
    catalogue: Catalogue, allocations: tuple[Allocation, ...], policy: Policy, horizon: Horizon
) -> Supply:
    """What the catalogue offers over the horizon, less what is already allocated."""
    node_row = {node.id: row for row, node in enumerate(catalogue.nodes)}
    offering_row = {offering.id: row for row, offering in enumerate(catalogue.offerings)}
    offering_node = np.array([node_row[o.node_id] for o in catalogue.offerings], dtype=np.int32)
    watts = np.array(
        [_facility_watts(catalogue, o.node_id, o.device_id) for o in catalogue.offerings], dtype=np.int64
    )
    location, market = _carbon_factors(catalogue)
    tariff = _tariffs(catalogue, horizon)[offering_node]
    priced_factor = (location if policy.carbon_basis is CarbonBasis.LOCATION else market)[offering_node]
    kw = watts[:, None] / 1000
    capacity = _listed_capacity(catalogue, horizon)
    listed = capacity.max(axis=1, initial=0)
    power = _power_caps(catalogue, horizon)
    ask: Ints = np.array([o.ask_micros_per_unit_hour for o in catalogue.offerings], dtype=np.int64)
    for allocation in allocations:
        first, end = _slots_of(allocation, horizon)
        row = offering_row[allocation.offering_id]
        capacity[row, first:end] -= allocation.units
        power[offering_node[row], first:end] -= allocation.units * watts[row]
    return Supply(
        listed_units=listed,
        capacity_units=np.maximum(capacity, 0),
        ask_micros=ask,
        priced_ask_micros=priced_ask_micros(ask, policy),
        energy_micros=_rounded(kw * tariff * policy.energy_weight),
        carbon_micros=_rounded(
            np.broadcast_to(kw * priced_factor[:, None], tariff.shape) * policy.carbon_micros_per_kg
        ),
        offering_node=offering_node,
        facility_watts_per_unit=watts,
        node_power_watts=np.maximum(power, 0),
        kg_per_kwh_location=location,
        kg_per_kwh_market=market,
    )


def priced_ask_micros(ask_micros: Ints, policy: Policy) -> Ints:
    """Asks as the policy weighs them."""
    return _rounded(ask_micros.astype(np.float64) * policy.ask_weight)


def market_carbon_kg_per_kwh(region: Region, node: Node) -> float:
    """Market-based factor: the residual mix for the share that is not contracted green."""
    return region.carbon_residual_kg_per_kwh * (1 - node.green_share)


def _facility_watts(catalogue: Catalogue, node_id: str, device_id: str) -> int:
    node, device = catalogue.node_by_id[node_id], catalogue.device_by_id[device_id]
    return round(device.watts_per_unit * node.pue)


def _listed_capacity(catalogue: Catalogue, horizon: Horizon) -> Ints:
    hours = horizon.local_hours()
    starts = [horizon.slot_start(slot) for slot in range(horizon.slots)]
    capacity = np.zeros((len(catalogue.offerings), horizon.slots), dtype=np.int64)
    for row, offering in enumerate(catalogue.offerings):
        free = np.array(offering.free_units_by_hour, dtype=np.int64)[hours]
        capacity[row] = np.where([offering.is_available(start) for start in starts], free, 0)
    return capacity


def _power_caps(catalogue: Catalogue, horizon: Horizon) -> Ints:
    caps = [UNCAPPED_WATTS if n.power_cap_kw is None else n.power_cap_kw * 1000 for n in catalogue.nodes]
    return np.repeat(np.array(caps, dtype=np.int64)[:, None], horizon.slots, axis=1)


def _tariffs(catalogue: Catalogue, horizon: Horizon) -> Floats:
    """(N, T) micro-yuan per kWh."""
    hourly = np.array([node.tariff_micros_per_kwh for node in catalogue.nodes], dtype=np.float64)
    return hourly.reshape(len(catalogue.nodes), 24)[:, horizon.local_hours()]


def _carbon_factors(catalogue: Catalogue) -> tuple[Floats, Floats]:
    regions = [catalogue.region_of(node.id) for node in catalogue.nodes]
    location = np.array([region.carbon_location_kg_per_kwh for region in regions])
    pairs = zip(regions, catalogue.nodes, strict=True)
    market = np.array([market_carbon_kg_per_kwh(region, node) for region, node in pairs])
    return location, market


def _slots_of(allocation: Allocation, horizon: Horizon) -> tuple[int, int]:
    first = (allocation.starts_at - horizon.starts_at) // HOUR
    end = -((horizon.starts_at - allocation.ends_at) // HOUR)
    return max(first, 0), min(max(end, 0), horizon.slots)


def _rounded(amounts: Floats) -> Ints:
    """Nearest micro-yuan, half up, as `market.domain.money.round_micros`."""
    return np.floor(amounts + 0.5).astype(np.int64)


def cny(micros: int) -> float:
    """Yuan as a number, for figures and pictures (never for money that moves)."""
    return micros / MICROS_PER_CNY
