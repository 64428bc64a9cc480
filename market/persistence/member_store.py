"""Members in one session."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from market.domain.members import Member, MemberRole, MemberState
from market.persistence.access_models import MemberRow
from market.persistence.event_log import EventLog
from market.persistence.paging import Page, PageRequest, read_page

COLUMNS = tuple(field.name for field in fields(Member))


class MemberStore:
    """Reads and writes members. The log tells their roles, never names or addresses: what it has cannot be removed."""

    def __init__(self, session: Session, events: EventLog) -> None:
        self._session = session
        self._events = events

    def add(self, member: Member, tenant: Mapping[str, Any]) -> None:
        """Insert a member of a tenant, as events name it."""
        self._session.execute(insert(MemberRow), [_columns(member)])
        self._events.record("member", "added", member.id, **tenant, role=member.role.value)

    def get(self, member_id: str) -> Member | None:
        """One member."""
        row = self._session.get(MemberRow, member_id)
        return None if row is None else _read(row)

    def held(self, member_id: str) -> Member | None:
        """One member whom nobody else changes meanwhile; nor is any other owner of the organisation."""
        found = self.get(member_id)
        if found is None:
            return None
        query = select(MemberRow).where(
            MemberRow.organisation_id == found.organisation_id,
            (MemberRow.id == member_id) | (MemberRow.role == MemberRole.OWNER),
        )
        held = query.order_by(MemberRow.id).with_for_update().execution_options(populate_existing=True)
        rows = {row.id: row for row in self._session.scalars(held)}
        return _read(rows[member_id])

    def count_owners(self, organisation_id: str | None) -> int:
        """Active owners of an organisation, or of the operator's staff."""
        query = select(MemberRow.id).where(
            MemberRow.organisation_id == organisation_id,
            MemberRow.role == MemberRole.OWNER,
            MemberRow.state == MemberState.ACTIVE,
        )
        return len(self._session.scalars(query).all())

    def page(self, request: PageRequest, organisation_id: str | None) -> Page[Member]:
        """Members, paged; of one organisation if given."""
        query = select(MemberRow)
        if organisation_id is not None:
            query = query.where(MemberRow.organisation_id == organisation_id)
        return read_page(self._session, query, MemberRow.id, _read, request)

    def replace(self, member: Member, tenant: Mapping[str, Any]) -> None:
        """Store what changed of a member that is held."""
        query = update(MemberRow).where(MemberRow.id == member.id)
        self._session.execute(query.values(**_columns(member)))
        what = "removed" if member.state is MemberState.REMOVED else "changed"
        self._events.record("member", what, member.id, **tenant, role=member.role.value)


def _columns(member: Member) -> dict[str, Any]:
    return {name: getattr(member, name) for name in COLUMNS}


def _read(row: MemberRow) -> Member:
    columns = {name: getattr(row, name) for name in COLUMNS}
    return Member(**columns | {"role": MemberRole(row.role), "state": MemberState(row.state)})
