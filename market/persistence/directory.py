"""The directory of what orders may name, kept between units of work.

Regions and devices are added and never changed or removed, so as long as there are as many of each as before, they are those
that were read before: two counts instead of two tables for every order that comes in.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.domain.catalogue import Directory
from market.persistence import mapping
from market.persistence.models import DeviceRow, RegionRow

_COUNTS = select(
    select(func.count()).select_from(RegionRow).scalar_subquery(),
    select(func.count()).select_from(DeviceRow).scalar_subquery(),
)


class KeptDirectory:
    """The directory of one database. Safe between threads: what is kept is replaced whole."""

    def __init__(self) -> None:
        self._kept = Directory(frozenset(), {})

    def read(self, session: Session) -> Directory:
        """The directory as the session sees it."""
        kept = self._kept
        regions, devices = session.execute(_COUNTS).one()
        if (len(kept.region_ids), len(kept.device_by_id)) != (regions, devices):
            ids = session.scalars(select(RegionRow.id))
            rows = session.scalars(select(DeviceRow))
            kept = Directory(frozenset(ids), {row.id: mapping.read_device(row) for row in rows})
            self._kept = kept
        return kept
