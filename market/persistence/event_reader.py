"""Reading the log: on from where one was, or page by page; each audience its own part of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session

from market.domain.audience import Audience, Wanted
from market.domain.events import PUBLIC, Event
from market.persistence.access_models import ApiKeyRow, MemberRow
from market.persistence.event_log import read_event
from market.persistence.models import EventRow
from market.persistence.paging import Page, PageRequest, read_joined_page


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines of the audit: who did it, for whom, what to what, when. None: any."""

    actor: str | None = None
    organisation_id: str | None = None
    wanted: Wanted = field(default_factory=Wanted)
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An event, and the name of the member whose key did it, if it was one."""

    event: Event
    member: str | None


class EventReader:
    """Reads events in one session, with the role and organisation of whose key did it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def newest(self) -> int:
        """The last sequence there is; 0 where nothing happened yet."""
        return self._session.scalar(select(func.max(EventRow.sequence))) or 0

    def after(
        self,
        sequence: int,
        most: int,
        audience: Audience,
        wanted: Wanted | None = None,
        *,
        until: int | None = None,
    ) -> tuple[Event, ...]:
        """The next events that the audience may see, oldest first; `until` a sequence, that one included."""
        query = _joined().where(EventRow.sequence > sequence, *_conditions(audience, wanted or Wanted()))
        if until is not None:
            query = query.where(EventRow.sequence <= until)
        rows = self._session.execute(query.order_by(EventRow.sequence).limit(most))
        return tuple(_read(row) for row in rows)

    def named(self, sequences: Sequence[int]) -> Mapping[int, Event]:
        """Single events by sequence."""
        rows = self._session.execute(_joined().where(EventRow.sequence.in_(sequences)))
        return {event.sequence: event for event in map(_read, rows)}

    def page(self, audience: Audience, wanted: Wanted, request: PageRequest, after: int = 0) -> Page[Event]:
        """The same, paged."""
        query = _joined().where(EventRow.sequence > after, *_conditions(audience, wanted))
        return read_joined_page(self._session, query, EventRow.sequence, _read, request)

    def audit(self, asked: AuditFilter, request: PageRequest) -> Page[AuditLine]:
        """Everything, with who did it, paged."""
        query = _joined().where(*_conditions(Audience(everything=True), asked.wanted))
        if asked.actor is not None:
            query = query.where(EventRow.actor == asked.actor)
        if asked.organisation_id is not None:
            query = query.where(ApiKeyRow.organisation_id == asked.organisation_id)
        if asked.since is not None:
            query = query.where(EventRow.at >= asked.since)
        if asked.until is not None:
            query = query.where(EventRow.at < asked.until)
        return read_joined_page(self._session, query, EventRow.sequence, _read_line, request)


def _joined() -> Select[*tuple[Any, ...]]:
    """Members, and keys that did anything, are never removed, so who acted can always be told."""
    query: Select[*tuple[Any, ...]] = (
        select(EventRow, ApiKeyRow.role, ApiKeyRow.organisation_id, MemberRow.name)
        .outerjoin(ApiKeyRow, ApiKeyRow.id == EventRow.actor)
        .outerjoin(MemberRow, MemberRow.id == ApiKeyRow.member_id)
    )
    return query


def _conditions(audience: Audience, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if not audience.everything:
        mine: list[ColumnElement[bool]] = [EventRow.resource.in_(sorted(PUBLIC))]
        if audience.buyer_id is not None:
            mine.append(EventRow.buyer_id == audience.buyer_id)
        if audience.provider_id is not None:
            mine.append(EventRow.provider_id == audience.provider_id)
        found.append(or_(*mine))
    if wanted.kinds or wanted.families:
        families = EventRow.resource.in_(sorted(wanted.families))
        found.append(or_(EventRow.kind.in_(sorted(wanted.kinds)), families))
    if wanted.resource is not None:
        found.append(EventRow.resource == wanted.resource)
    if wanted.resource_id is not None:
        found.append(EventRow.resource_id == wanted.resource_id)
    return found


def _read(row: Row[*tuple[Any, ...]]) -> Event:
    stored, role, organisation_id, _ = row
    return replace(read_event(stored), actor_role=role, actor_organisation_id=organisation_id)


def _read_line(row: Row[*tuple[Any, ...]]) -> AuditLine:
    return AuditLine(_read(row), row.name)
