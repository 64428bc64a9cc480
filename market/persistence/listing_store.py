"""Listings as they change: held for a change, each version of their terms, what still runs on them."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from market.domain.offerings import LOADED, Offering, OfferingVersion
from market.domain.rounds import Allocation
from market.domain.states import OfferingState
from market.persistence import mapping, round_mapping
from market.persistence.event_log import EventLog
from market.persistence.models import AllocationRow, OfferingRow, OfferingVersionRow
from market.persistence.paging import Page, PageRequest, read_page


class ListingStore:
    """Reads and writes listings in one session."""

    def __init__(self, session: Session, events: EventLog) -> None:
        self._session = session
        self._events = events

    def held(self, offering_id: str) -> Offering | None:
        """One offering, as it is in the database now; nobody else changes it before the end of this unit of work."""
        query = select(OfferingRow).where(OfferingRow.id == offering_id).with_for_update()
        row = self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else mapping.read_offering(row)

    def replace(self, offering: Offering) -> None:
        """Write an offering's fields over what is stored."""
        statement = update(OfferingRow).where(OfferingRow.id == offering.id)
        self._session.execute(statement.values(**mapping.sourced_columns(offering)))

    def add_version(self, version: OfferingVersion) -> None:
        """Keep the terms that hold from now on."""
        row = {
            "offering_id": version.offering.id,
            "version": version.offering.version,
            "since": version.since,
            "changed_by": version.changed_by,
            "terms": mapping.offering_terms(version.offering),
        }
        self._session.execute(insert(OfferingVersionRow), [row])
        if version.changed_by != LOADED:  # that one is old: it is kept now because another follows
            self._record(version)

    def has_version(self, offering_id: str, version: int) -> bool:
        """Whether a version is kept: the first of a loaded scenario is not, before something changes."""
        return self._session.get(OfferingVersionRow, (offering_id, version)) is not None

    def page_versions(self, offering_id: str, request: PageRequest) -> Page[OfferingVersion]:
        """Kept versions of an offering, paged."""
        query: Any = select(OfferingVersionRow).where(OfferingVersionRow.offering_id == offering_id)
        column: Any = OfferingVersionRow.version
        return read_page(self._session, query, column, mapping.read_offering_version, request)

    def running_on(self, offering_id: str, from_moment: datetime) -> tuple[Allocation, ...]:
        """What holds units of an offering at or after a moment, in the order in which it was granted."""
        query = select(AllocationRow).where(
            AllocationRow.offering_id == offering_id,
            AllocationRow.live == 1,
            AllocationRow.ends_at > from_moment,
        )
        rows = self._session.scalars(query.order_by(AllocationRow.id))
        return tuple(round_mapping.read_allocation(row) for row in rows)

    def _record(self, version: OfferingVersion) -> None:
        offering = version.offering
        changed = "listed" if offering.version == 1 else "changed"
        self._events.record(
            "offering",
            "withdrawn" if offering.state is OfferingState.WITHDRAWN else changed,
            offering.id,
            at=version.since,
            actor=version.changed_by,
            provider_id=offering.provider_id,
            version=offering.version,
            state=offering.state.value,
            node_id=offering.node_id,
        )
