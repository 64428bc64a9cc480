"""Supply as arrays: what is free, what a unit costs, what it draws.

The problem counts in **parts**: a part is a unit, or a tenth of one where an offering sells tenths of a card. What a
part costs and draws is rounded up, so that neither a limit price nor a power cap is ever exceeded by a rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from market.clearing.snapshot import Horizon
from market.domain.catalogue import Catalogue
from market.domain.clock import HOUR
from market.domain.money import MICROS_PER_CNY
from market.domain.offerings import Offering
from market.domain.orders import WHOLE_UNIT
from market.domain.places import Node, Region
from market.domain.policy import CarbonBasis, Policy
from market.domain.quotes import HeldQuote, HeldQuoteState
from market.domain.rounds import Allocation, Holding
from market.domain.states import NodeState

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

UNCAPPED_WATTS = 10**15
"""Stands for "no power cap": a thousand times the draw of any national grid."""


@dataclass(frozen=True, slots=True)
class Supply:
    """Arrays over offerings O, nodes N and slots T (int64; money in micro-yuan per unit and slot)."""

    listed_units: Ints
    """(O,) most units listed in any slot, whatever is down, in maintenance, drained or allocated."""
    parts_per_unit: Ints
    """(O,) 10 where tenths of a card are sold, else 1."""
    capacity_parts: Ints
    """(O, T) free parts."""
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
    """(O,) IT watts x PUE of a whole unit."""
    node_power_watts: Ints
    """(N, T) power that new work may draw."""
    kg_per_kwh_location: Floats
    """(N,) carbon of a kWh from the grid's average."""
    kg_per_kwh_market: Floats
    """(N,) carbon of a kWh after contracted green power: residual mix x (1 - green share)."""

    @property
    def unit_cost_micros(self) -> Ints:
        """(O, T) priced ask + priced energy + priced carbon of a whole unit."""
        cost: Ints = self.priced_ask_micros[:, None] + self.energy_micros + self.carbon_micros
        return cost

    @property
    def part_cost_micros(self) -> Ints:
        """(O, T) the same of one part, rounded up."""
        cost: Ints = -(-self.unit_cost_micros // self.parts_per_unit[:, None])
        return cost

    @property
    def facility_watts_per_part(self) -> Ints:
        """(O,) what one part draws at the facility, rounded up."""
        watts: Ints = -(-self.facility_watts_per_unit // self.parts_per_unit)
        return watts

    @property
    def capacity_units(self) -> Floats:
        """(O, T) free units, and tenths of one where they are sold."""
        units: Floats = self.capacity_parts / self.parts_per_unit[:, None]
        return units


def parts_of(units: int, unit_tenths: int, parts_per_unit: int) -> int:
    """How many parts so many units (or that many tenths of one) are, rounded up."""
    return -(-units * unit_tenths * parts_per_unit // WHOLE_UNIT)


def build_supply(
    catalogue: Catalogue,
    allocations: Sequence[Allocation],
    policy: Policy,
    horizon: Horizon,
    held_quotes: Sequence[HeldQuote] = (),
) -> Supply:
    """What the catalogue offers over the horizon, less what is already allocated or promised."""
    node_row = {node.id: row for row, node in enumerate(catalogue.nodes)}
    offering_node = np.array([node_row[o.node_id] for o in catalogue.offerings], dtype=np.int32)
    watts = np.array(
        [_facility_watts(catalogue, o.node_id, o.device_id) for o in catalogue.offerings], dtype=np.int64
    )
    location, market = _carbon_factors(catalogue)
    tariff = _tariffs(catalogue, horizon)[offering_node]
    priced_factor = (location if policy.carbon_basis is CarbonBasis.LOCATION else market)[offering_node]
    kw = watts[:, None] / 1000
    listed = _listed_units(catalogue, horizon)
    ask: Ints = np.array([o.ask_micros_per_unit_hour for o in catalogue.offerings], dtype=np.int64)
    supply = Supply(
        listed_units=listed.max(axis=1, initial=0),
        parts_per_unit=np.array([o.slices_per_unit for o in catalogue.offerings], dtype=np.int64),
        capacity_parts=_usable_units(catalogue, horizon, listed),
        ask_micros=ask,
        priced_ask_micros=priced_ask_micros(ask, policy),
        energy_micros=_rounded(kw * tariff * policy.energy_weight),
        carbon_micros=_rounded(
            np.broadcast_to(kw * priced_factor[:, None], tariff.shape) * policy.carbon_micros_per_kg
        ),
        offering_node=offering_node,
        facility_watts_per_unit=watts,
        node_power_watts=_power_caps(catalogue, horizon),
        kg_per_kwh_location=location,
        kg_per_kwh_market=market,
    )
    supply.capacity_parts[:] *= supply.parts_per_unit[:, None]
    promised = [quote for quote in held_quotes if quote.state is HeldQuoteState.HELD]
    take(supply, catalogue, horizon, [*allocations, *promised])
    return supply


def priced_ask_micros(ask_micros: Ints, policy: Policy) -> Ints:
    """Asks as the policy weighs them."""
    return _rounded(ask_micros.astype(np.float64) * policy.ask_weight)


def market_carbon_kg_per_kwh(region: Region, node: Node) -> float:
    """Market-based factor: the residual mix for the share that is not contracted green."""
    return region.carbon_residual_kg_per_kwh * (1 - node.green_share)


def _facility_watts(catalogue: Catalogue, node_id: str, device_id: str) -> int:
    node, device = catalogue.node_by_id[node_id], catalogue.device_by_id[device_id]
    return round(device.watts_per_unit * node.pue)


def take(
    supply: Supply, catalogue: Catalogue, horizon: Horizon, taken: Sequence[Allocation | HeldQuote | Holding]
) -> None:
    """Subtract what is granted or promised from the free parts and the nodes' power; never below zero."""
    offering_row = {offering.id: row for row, offering in enumerate(catalogue.offerings)}
    per_unit = supply.parts_per_unit.tolist()
    steps = np.zeros((len(catalogue.offerings), horizon.slots + 1), dtype=np.int64)
    for holding in taken:
        first, end = _slots_of(holding, horizon)
        if first < end:
            row = offering_row[holding.offering_id]
            parts = parts_of(holding.units, holding.unit_tenths, per_unit[row])
            steps[row, first] += parts
            steps[row, end] -= parts
    held = np.cumsum(steps, axis=1)[:, :-1]
    watts = held * supply.facility_watts_per_part[:, None]
    np.subtract(supply.capacity_parts, held, out=supply.capacity_parts)
    np.subtract.at(supply.node_power_watts, supply.offering_node, watts)
    np.maximum(supply.capacity_parts, 0, out=supply.capacity_parts)
    np.maximum(supply.node_power_watts, 0, out=supply.node_power_watts)


def _usable_units(catalogue: Catalogue, horizon: Horizon, listed: Ints) -> Ints:
    """(O, T) listed units that may be used: none at a node that is down or once drained, few in maintenance."""
    usable = listed.copy()
    for row, offering in enumerate(catalogue.offerings):
        if catalogue.node_by_id[offering.node_id].state is NodeState.DOWN:
            usable[row] = 0
        elif offering.drain_at is not None or offering.maintenance:
            usable[row] = [
                most_units_at(offering, horizon.slot_start(slot), units)
                for slot, units in enumerate(listed[row].tolist())
            ]
    return usable


def most_units_at(offering: Offering, hour_start: datetime, listed: int) -> int:
    """How many of the units listed for an hour may be used in it: drain and maintenance take from the first minute."""
    hour_end = hour_start + HOUR
    if offering.drain_at is not None and hour_end > offering.drain_at:
        return 0
    left = [w.units_left for w in offering.maintenance if w.starts_at < hour_end and hour_start < w.ends_at]
    return min([listed, *left])


def _listed_units(catalogue: Catalogue, horizon: Horizon) -> Ints:
    """(O, T) units as listed hour by hour."""
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


def _slots_of(holding: Allocation | HeldQuote | Holding, horizon: Horizon) -> tuple[int, int]:
    first = (holding.starts_at - horizon.starts_at) // HOUR
    end = -((horizon.starts_at - holding.ends_at) // HOUR)
    return max(first, 0), min(max(end, 0), horizon.slots)


def _rounded(amounts: Floats) -> Ints:
    """Nearest micro-yuan, half up, as `market.domain.money.round_micros`."""
    return np.floor(amounts + 0.5).astype(np.int64)


def cny(micros: int) -> float:
    """Yuan as a number, for figures and pictures (never for money that moves)."""
    return micros / MICROS_PER_CNY
