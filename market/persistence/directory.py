"""The directory of what orders may name, kept between units of work.

Regions and devices are added and never changed or removed, and no buyer leaves: what was found once is there, and an order
that names it asks nothing of the database. What was not found may have been added meanwhile, so it is looked for once more.
"""

from collections.abc import Iterable

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from market.domain.catalogue import Directory
from market.domain.devices import Device
from market.persistence import mapping
from market.persistence.models import BuyerRow, DeviceRow, RegionRow
from market.persistence.remembered import RememberedIds

_BUYERS = select(BuyerRow.id).where(BuyerRow.id.in_(bindparam("ids", expanding=True)))


class KeptDirectory:
    """The directory of one database. Safe between threads: what is kept is replaced whole."""

    def __init__(self) -> None:
        self._kept = Directory(frozenset(), {})
        self._buyers = RememberedIds()

    def read(self, session: Session) -> Directory:
        """The directory as the session sees it, for one unit of work."""
        return _SeenDirectory(self, session)

    def kept(self) -> Directory:
        """As it was read last, by whichever session."""
        return self._kept

    def read_anew(self, session: Session) -> Directory:
        """What there is now; kept from now on."""
        ids = session.scalars(select(RegionRow.id))
        rows = session.scalars(select(DeviceRow))
        self._kept = Directory(frozenset(ids), {row.id: mapping.read_device(row) for row in rows})
        return self._kept

    def buyers_among(self, session: Session, buyer_ids: Iterable[str]) -> frozenset[str]:
        """Those of the ids that are buyers'; the session is asked only for whom nobody asked before."""
        asked = frozenset(buyer_ids)
        known, found = self._buyers.among(asked), frozenset[str]()
        new = sorted(asked - known)
        for start in range(0, len(new), 500):
            ids = {"ids": new[start : start + 500]}
            found |= frozenset(session.connection().execute(_BUYERS, ids).scalars())
        self._buyers.keep(found)
        return known | found


class _SeenDirectory(Directory):
    """What is kept, read anew by this session when something is not in it; once, whatever is asked for after that."""

    def __init__(self, of: KeptDirectory, session: Session) -> None:
        kept = of.kept()
        super().__init__(kept.region_ids, kept.device_by_id)
        self._of, self._session = of, session
        self._is_new = False

    def has_region(self, region_id: str) -> bool:
        return super().has_region(region_id) or (self._read_anew() and super().has_region(region_id))

    def device(self, device_id: str) -> Device | None:
        return super().device(device_id) or (super().device(device_id) if self._read_anew() else None)

    def _read_anew(self) -> bool:
        """Whether there is anything to look at that was not looked at before."""
        if self._is_new:
            return False
        found, self._is_new = self._of.read_anew(self._session), True
        self.region_ids, self.device_by_id = found.region_ids, found.device_by_id
        return True
