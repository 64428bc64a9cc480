"""What can be asked of one place or device, and of how far places are from each other. Public."""

from market.domain.devices import Device
from market.domain.errors import NotFound
from market.domain.places import Region, RoundTripTime
from market.persistence.database import Database
from market.persistence.paging import Page, PageRequest, page_in_memory
from market.persistence.store import Store


class PlaceEnquiries:
    """Read-only desk for the catalogue. Safe between threads: each call has a session of its own."""

    _database: Database

    def region(self, region_id: str) -> Region:
        """One region."""
        with self._database.reading() as session:
            found = Store(session).region(region_id)
        if found is None:
            raise NotFound("not_found", f"no region {region_id}")
        return found

    def device(self, device_id: str) -> Device:
        """One device."""
        with self._database.reading() as session:
            found = Store(session).device(device_id)
        if found is None:
            raise NotFound("not_found", f"no device {device_id}")
        return found

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
