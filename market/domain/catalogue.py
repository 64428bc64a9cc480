"""Everything that is listed, seen at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from market.domain.devices import Device
from market.domain.offerings import Offering
from market.domain.places import Node, Region, RoundTripTime


@dataclass
class Directory:
    """Which regions and devices there are: what orders may name."""

    region_ids: frozenset[str]
    device_by_id: Mapping[str, Device]

    def has_region(self, region_id: str) -> bool:
        """Whether there is such a region."""
        return region_id in self.region_ids

    def device(self, device_id: str) -> Device | None:
        """The device of that id."""
        return self.device_by_id.get(device_id)


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
    def directory(self) -> Directory:
        """What orders may name."""
        return Directory(frozenset(self.region_by_id), self.device_by_id)

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
