"""Regions, nodes and the distance between them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from market.domain.errors import InvalidInput
from market.domain.states import NodeState


class Side(StrEnum):
    """Which part of the country a region lies in."""

    EAST = "east"
    CENTRE = "centre"
    WEST = "west"
    NORTHEAST = "northeast"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a figure comes from, and how far to trust it: stated, derived or assumption."""

    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Region:
    """A place with a grid. Carbon factors in kg CO2 per kWh; coordinates in degrees."""

    id: str
    name_zh: str
    name_en: str
    province_zh: str
    province_en: str
    hub_zh: str | None
    side: Side
    lat: float
    lon: float
    carbon_location_kg_per_kwh: float
    carbon_residual_kg_per_kwh: float
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Node:
    """One computing centre.

    `power_cap_kw` is the facility power that new work may draw (None: no cap); `tariff_micros_per_kwh` has
    24 entries, one for each local hour; `green_share` is the share of contracted green power (0..1).
    """

    id: str
    region_id: str
    name_zh: str
    name_en: str
    pue: float
    cooling: str
    power_cap_kw: int | None
    tariff_micros_per_kwh: tuple[int, ...]
    green_share: float
    provenance: Provenance
    state: NodeState = NodeState.UP

    def __post_init__(self) -> None:
        if not 1.0 <= self.pue <= 3.0:
            raise InvalidInput("invalid_pue", f"PUE {self.pue} is not between 1.0 and 3.0", node=self.id)
        if not 0.0 <= self.green_share <= 1.0:
            raise InvalidInput("invalid_green_share", "green_share is not between 0 and 1", node=self.id)
        if len(self.tariff_micros_per_kwh) != 24 or min(self.tariff_micros_per_kwh) < 0:
            raise InvalidInput("invalid_tariff", "a tariff has 24 hourly prices, none negative", node=self.id)
        if self.power_cap_kw is not None and self.power_cap_kw <= 0:
            raise InvalidInput("invalid_power_cap", "power_cap_kw is a positive number or null", node=self.id)


@dataclass(frozen=True, slots=True)
class RoundTripTime:
    """RTT between two regions in ms; symmetric, stored once for each direction."""

    from_region_id: str
    to_region_id: str
    rtt_ms: float
    provenance: Provenance


EARTH_RADIUS_KM = 6371.0
ROUTE_FACTOR = 1.35
FIBRE_MS_PER_KM_ONE_WAY = 0.005
TRUNK_EQUIPMENT_MS = 0.5
METRO_ACCESS_MS = 1.0
MODELLED = Provenance("modelled from coordinates: great circle x 1.35, 5 us/km each way", "assumption")


def modelled_rtt_ms(a: Region, b: Region) -> float:
    """RTT where nobody stated one.

    Great circle x 1.35 (backbone route factor, within the official ceiling of 1.5) x 5 us/km each way,
    plus 0.5 ms of trunk equipment and 1 ms of metro access at each end: an assumption, and labelled so.
    """
    kilometres = great_circle_km(a, b)
    trunk = TRUNK_EQUIPMENT_MS if a.id != b.id else 0.0
    return round(kilometres * ROUTE_FACTOR * 2 * FIBRE_MS_PER_KM_ONE_WAY + trunk + 2 * METRO_ACCESS_MS, 2)


def great_circle_km(a: Region, b: Region) -> float:
    """Haversine distance."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, math.radians(b.lon - a.lon) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(chord))


def modelled_distances(region: Region, others: Iterable[Region]) -> list[RoundTripTime]:
    """Distances of a new region to itself and, both ways, to all others."""
    distances = [RoundTripTime(region.id, region.id, modelled_rtt_ms(region, region), MODELLED)]
    for other in others:
        rtt = modelled_rtt_ms(region, other)
        distances.append(RoundTripTime(region.id, other.id, rtt, MODELLED))
        distances.append(RoundTripTime(other.id, region.id, rtt, MODELLED))
    return distances
