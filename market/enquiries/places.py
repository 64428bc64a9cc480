"""What can be asked of one place or device, and of how far places are from each other. Public."""

from collections.abc import Callable
from typing import TypeVar

from market.domain.devices import Device
from market.domain.errors import NotFound
from market.domain.places import Node, Region, RoundTripTime
from market.persistence.database import Database
from market.persistence.paging import Page, PageRequest, page_in_memory
from market.persistence.store import Store

T = TypeVar("T")


class PlaceEnquiries:
    """Read-only desk for the catalogue. Safe between threads: each call has a session of its own."""

    _database: Database

    def region(self, region_id: str) -> Region:
        """One region."""
        return self._known(lambda work: work.region(region_id), f"region {region_id}")

    def node(self, node_id: str) -> Node:
        """One computing centre."""
        return self._known(lambda work: work.node(node_id), f"node {node_id}")

    def device(self, device_id: str) -> Device:
        """One device."""
        return self._known(lambda work: work.device(device_id), f"device {device_id}")

    def round_trip_times(
        self, request: PageRequest, from_region_id: str | None = None, to_region_id: str | None = None
    ) -> Page[RoundTripTime]:
        """RTT between regions, paged, from one region or to one if given."""
        with self._database.reading() as session:
            found = Store(session).round_trip_times()
        asked = [
            rtt
            for rtt in found
            if from_region_id in {None, rtt.from_region_id} and to_region_id in {None, rtt.to_region_id}
        ]
        return page_in_memory(
            asked, lambda rtt: f"{rtt.from_region_id}:{rtt.to_region_id}", "round_trip_times", request
        )

    def _known(self, find: Callable[[Store], T | None], named: str) -> T:
        with self._database.reading() as session:
            found = find(Store(session))
        if found is None:
            raise NotFound("not_found", f"no {named}")
        return found
