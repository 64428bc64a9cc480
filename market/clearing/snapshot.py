"""The market at one moment, frozen: what a round clears."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from market.domain.clock import HOUR, local_hour
from market.domain.devices import Device
from market.domain.offerings import Offering
from market.domain.orders import Order
from market.domain.places import Node, Region, RoundTripTime
from market.domain.policy import Policy
from market.domain.rounds import Allocation


@dataclass(frozen=True, slots=True)
class Horizon:
    """Hourly slots from a full hour on."""

    starts_at: datetime
    slots: int

    def slot_start(self, slot: int) -> datetime:
        """When a slot begins."""
        return self.starts_at + slot * HOUR

    @property
    def ends_at(self) -> datetime:
        """When the last slot is over."""
        return self.slot_start(self.slots)

    def local_hours(self) -> list[int]:
        """Local hour of the day of each slot."""
        return [local_hour(self.slot_start(slot)) for slot in range(self.slots)]


@dataclass(frozen=True)
class Catalogue:
    """Everything that is listed: regions, nodes, devices, offerings and distances, each sorted by id."""

    regions: tuple[Region, ...]
    nodes: tuple[Node, ...]
    devices: tuple[Device, ...]
    offerings: tuple[Offering, ...]
    round_trip_times: tuple[RoundTripTime, ...]

    @cached_property
    def region_by_id(self) -> Mapping[str, Region]:
        """Regions by id."""
        return {region.id: region for region in self.regions}

    @cached_property
    def node_by_id(self) -> Mapping[str, Node]:
        """Nodes by id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def device_by_id(self) -> Mapping[str, Device]:
        """Devices by id."""
        return {device.id: device for device in self.devices}

    @cached_property
    def rtt_ms(self) -> Mapping[tuple[str, str], float]:
        """RTT by (from region, to region)."""
        return {(rtt.from_region_id, rtt.to_region_id): rtt.rtt_ms for rtt in self.round_trip_times}

    def region_of(self, node_id: str) -> Region:
        """The region a node lies in."""
        return self.region_by_id[self.node_by_id[node_id].region_id]


@dataclass(frozen=True, slots=True)
class MarketSnapshot:
    """All that decides a round: catalogue, what is already allocated, the open book, and the policy."""

    catalogue: Catalogue
    allocations: tuple[Allocation, ...]
    orders: tuple[Order, ...]
    policy: Policy
    horizon: Horizon
