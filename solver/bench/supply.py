"""The supply side of a made-up market: regions on a plane, nodes, offerings with their cost and free units by hour.

Figures are round numbers in the range of the shipped east-west catalogue; BENCHMARKS.md lists them. Speeds are
relative to one A100 in fp16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.outcome import Float64Array
from solver.problem import Int64Array

EAST_SHARE = 0.5
"""Regions whose x lies beyond this share of the plane are east: dear, crowded, where most orders come from."""
PLANE_KM = (2600.0, 1800.0)
RTT_MS_PER_KM = 2 * 5e-3 * 1.35
"""There and back through fibre at 5 us per km, on a route 1.35 x the straight line."""
RTT_ACCESS_MS = 2.5
WIDE_OPEN_WATTS = 10**12
"""The power of a node without a cap."""
CAPPED_NODES, CURTAILED_NODES = 0.25, 0.1
CARBON_MICROS_PER_KG = 70_000.0
"""0.07 CNY per kg, about the national market's price."""


@dataclass(frozen=True)
class Device:
    """One kind of card."""

    name: str
    speed: float
    memory_gb: int
    watts: int
    """IT watts of a card with its share of the server."""
    ask_yuan: float
    """Per card-hour, before the provider's own factor."""
    share: float
    """Of offerings."""


DEVICES = (
    Device("rtx4090", 0.5, 24, 500, 2.3, 0.14),
    Device("l40s", 0.8, 48, 508, 3.9, 0.10),
    Device("910b", 0.8, 64, 750, 3.7, 0.20),
    Device("a800", 1.0, 80, 813, 5.1, 0.18),
    Device("h20", 0.7, 96, 740, 3.6, 0.08),
    Device("910c", 2.0, 128, 1295, 10.2, 0.10),
    Device("h800", 3.0, 80, 1275, 14.4, 0.14),
    Device("h200", 3.2, 141, 1275, 16.0, 0.06),
)


@dataclass(frozen=True)
class Supply:
    """R regions, N nodes, O offerings, T slots; units are shares of the market until `sized` says how many there are."""

    rtt_ms: Float64Array
    """(R, R)"""
    east: npt.NDArray[np.bool_]
    """(R,)"""
    node_region: Int64Array
    """(N,)"""
    offering_node: Int64Array
    """(O,)"""
    offering_device: Int64Array
    """(O,) into DEVICES."""
    unit_cost_micros: Int64Array
    """(O, T)"""
    facility_watts: Int64Array
    """(O,)"""
    units_share: Float64Array
    """(O, T) free units, up to a common factor."""
    power_share: Float64Array
    """(N, T) power cap over the most watts the node's free units could draw at once; infinite where there is no cap."""

    def sized(self, factor: float) -> tuple[Int64Array, Int64Array]:
        """(O, T) free units, and (N, T) watts, where a share of 1 stands for `factor` units."""
        units = np.floor(self.units_share * factor + 0.5).astype(np.int64)
        draw = np.zeros(self.power_share.shape)
        np.add.at(draw, self.offering_node, units * self.facility_watts[:, None].astype(np.float64))
        capped = np.isfinite(self.power_share)
        cap = np.ceil(draw.max(axis=1, keepdims=True) * np.where(capped, self.power_share, 0.0))
        return units, np.where(capped, cap, WIDE_OPEN_WATTS).astype(np.int64)


def make_supply(rng: np.random.Generator, offerings: int, slots: int, slot_hours: float) -> Supply:
    """Draw regions, nodes and offerings."""
    nodes = max(1, round(offerings / 10))
    regions = max(1, min(16, round(nodes * 0.75)))
    hours: Float64Array = np.asarray(np.arange(slots) * slot_hours % 24.0, dtype=np.float64)
    # 1. Regions: half of them east; the east has no room and no cheap power.
    x = (np.arange(regions) + rng.random(regions)) / regions
    y = rng.random(regions)
    place = np.stack([x * PLANE_KM[0], y * PLANE_KM[1]], axis=1)
    distance = np.hypot(*(place[:, None, :] - place[None, :, :]).transpose(2, 0, 1))
    east = x > EAST_SHARE
    # 2. Nodes: one in every region at least.
    extra = rng.choice(regions, nodes - regions, p=_weights(np.where(east, 1.0, 1.4)))
    node_region = np.concatenate([np.arange(regions), extra]).astype(np.int64)
    node_east = east[node_region]
    pue = np.where(node_east, rng.uniform(1.2, 1.5, nodes), rng.uniform(1.1, 1.25, nodes))
    energy_micros_per_kwh = _tariffs(rng, node_east, hours) + _carbon(rng, node_east)[:, None]
    # 3. Offerings: every node has one at least, every device is somewhere.
    node = np.concatenate([np.arange(nodes), rng.integers(0, nodes, offerings - nodes)]).astype(np.int64)
    device = _devices(rng, offerings)
    facility_watts = np.ceil(np.array([d.watts for d in DEVICES])[device] * pue[node]).astype(np.int64)
    ask = np.array([d.ask_yuan for d in DEVICES])[device] * 1e6 * rng.lognormal(0.0, 0.08, offerings)
    ask *= np.where(node_east[node], 1.02, 0.98)
    cost = ask[:, None] + facility_watts[:, None] / 1000.0 * energy_micros_per_kwh[node]
    # 4. Free units: sizes are lognormal, the west is roomier, the night is emptier.
    size = rng.lognormal(0.0, 0.6, offerings) * np.where(node_east[node], 0.8, 1.25)
    free = _free_share(rng, node_east[node], hours)
    return Supply(
        rtt_ms=RTT_ACCESS_MS + distance * RTT_MS_PER_KM,
        east=east,
        node_region=node_region,
        offering_node=node,
        offering_device=device,
        unit_cost_micros=np.rint(cost * slot_hours).astype(np.int64),
        facility_watts=facility_watts,
        units_share=size[:, None] * free,
        power_share=_power_shares(rng, nodes, hours),
    )


def _weights(parts: Float64Array) -> Float64Array:
    return np.asarray(parts / parts.sum(), dtype=np.float64)


def _devices(rng: np.random.Generator, offerings: int) -> Int64Array:
    kinds = len(DEVICES)
    shares = _weights(np.array([device.share for device in DEVICES]))
    drawn = rng.choice(kinds, offerings, p=shares)
    drawn[:kinds] = rng.permutation(kinds)[:offerings]
    return drawn.astype(np.int64)


def _tariffs(rng: np.random.Generator, east: npt.NDArray[np.bool_], hours: Float64Array) -> Float64Array:
    """(N, T) micro-yuan per kWh: the east peaks by day and evening, the west is cheap, cheapest at noon (solar)."""
    night, noon = (hours < 7) | (hours >= 23), (hours >= 10) & (hours < 16)
    peak = ((hours >= 10) & (hours < 12)) | ((hours >= 17) & (hours < 21))
    eastern = np.where(night, 0.34, np.where(peak, 1.12, 0.7))
    western = np.where(noon, 0.22, np.where(peak, 0.46, 0.33))
    level = rng.lognormal(0.0, 0.08, east.size)
    return np.asarray(np.where(east[:, None], eastern, western) * level[:, None] * 1e6)


def _carbon(rng: np.random.Generator, east: npt.NDArray[np.bool_]) -> Float64Array:
    """(N,) micro-yuan per kWh at 0.35 to 0.65 kg per kWh; the west is not cleaner everywhere."""
    kilograms = np.where(east, rng.uniform(0.45, 0.6, east.size), rng.uniform(0.35, 0.65, east.size))
    return np.asarray(kilograms * CARBON_MICROS_PER_KG)


def _free_share(rng: np.random.Generator, east: npt.NDArray[np.bool_], hours: Float64Array) -> Float64Array:
    """(O, T) free share of the installed units: a daily wave, lowest at 15 h, flatter in the west."""
    wave = np.cos((hours - 3.0) / 24.0 * 2 * np.pi)
    mean = np.where(east, 0.45, 0.65) * rng.uniform(0.85, 1.15, east.size)
    swing = np.where(east, 0.18, 0.08)
    return np.asarray(mean[:, None] + swing[:, None] * wave[None, :])


def _power_shares(rng: np.random.Generator, nodes: int, hours: Float64Array) -> Float64Array:
    """(N, T) see Supply.power_share: some nodes are capped all day, some are curtailed in the evening peak."""
    kind = rng.random(nodes)
    share = np.full((nodes, hours.size), np.inf)
    share[kind < CAPPED_NODES] = rng.uniform(0.75, 0.95, nodes)[kind < CAPPED_NODES, None]
    curtailed = (kind >= CAPPED_NODES) & (kind < CAPPED_NODES + CURTAILED_NODES)
    evening = (hours >= 17) & (hours < 21)
    share[np.ix_(curtailed, evening)] = 0.7
    return share
