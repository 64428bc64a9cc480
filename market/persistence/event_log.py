"""The one log of what happened: written in the transaction that makes it happen (an outbox), never changed.

Rows are gathered and inserted at the end of a unit of work, on PostgreSQL under a lock that is held until the commit. So a
sequence is not visible before all smaller ones are, and whoever reads on from the last it saw misses nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from market.domain.events import EXCHANGE, Event, require_kind
from market.persistence.bulk import BoundRows, ReadyRows, bind_inserts
from market.persistence.database import TELLER
from market.persistence.models import EventRow
from market.persistence.notices import CHANNEL
from market.persistence.together import sent_together

EVENTS_LOCK = 0x4B42
"""Any number besides those of the round and capacity locks."""

_LOCK_AND_TELL = "SELECT pg_advisory_xact_lock(%s), pg_notify(%s, %s)"
"""Others are told when it is committed, wherever in the transaction that was asked for."""
_HISTORY = (
    select(EventRow.__table__)
    .where(EventRow.resource == bindparam("resource"), EventRow.resource_id == bindparam("id"))
    .order_by(EventRow.sequence)
)


class EventLog:
    """Writes events, and reads what happened to single resources, in one session."""

    def __init__(
        self,
        session: Session,
        at: datetime | None = None,
        actor: str = EXCHANGE,
        request_id: str | None = None,
    ) -> None:
        """`at`, `actor` and `request_id` are those of the unit of work, where an event does not say otherwise."""
        self._session = session
        self._at = at
        self._actor = actor
        self._request_id = request_id
        self._bound: list[ReadyRows] = []
        self._pending: list[dict[str, Any]] = []

    @property
    def actor(self) -> str:
        """Who does all of it, where an event does not say otherwise."""
        return self._actor

    def record(
        self,
        resource: str,
        what: str,
        resource_id: str,
        *,
        at: datetime | None = None,
        actor: str | None = None,
        buyer_id: str | None = None,
        provider_id: str | None = None,
        **data: Any,
    ) -> None:
        """Note that something happened; it is written with the rest of the unit of work, or not at all."""
        same = self._row(resource, what, at, actor, data)
        same |= {"resource_id": resource_id, "buyer_id": buyer_id, "provider_id": provider_id}
        self._pending.append(same)

    def record_of_each(
        self,
        resource: str,
        what: str,
        whose: Iterable[tuple[str, str]],
        data: Mapping[str, Any],
        *,
        at: datetime | None = None,
        actor: str | None = None,
    ) -> None:
        """Note that the same happened to many resources of buyers: (id, buyer id) of each."""
        same = self._row(resource, what, at, actor, data) | {"provider_id": None}
        self._pending += [{**same, "resource_id": id_, "buyer_id": buyer_id} for id_, buyer_id in whose]

    def record_many(
        self, resource: str, what: str, happened: Iterable[tuple[str, str, str, Mapping[str, Any]]]
    ) -> None:
        """Note that the like happened to many resources: (id, buyer id, provider id, data) of each."""
        same = self._row(resource, what, None, None, {})
        self._pending += [
            {**same, "resource_id": id_, "buyer_id": buyer_id, "provider_id": provider_id, "data": data}
            for id_, buyer_id, provider_id, data in happened
        ]

    def _row(
        self, resource: str, what: str, at: datetime | None, actor: str | None, data: Mapping[str, Any]
    ) -> dict[str, Any]:
        when, by = at or self._at, actor or self._actor
        if when is None:
            raise ValueError(f"{resource}.{what} needs a time: events are recorded in units of work")
        return {
            "kind": require_kind(resource, what),
            "resource": resource,
            "at": when,
            "actor": by,
            "request_id": self._request_id if by == self._actor else None,
            "data": data,
        }

    def hand_over(self) -> BoundRows:
        """What was noted, for another unit of work to `take_over`; each row is about its order."""
        about = [noted["data"].get("order_id", noted["resource_id"]) for noted in self._pending]
        rows = bind_inserts(self._session, EventRow, self._pending, about)
        self._pending = []
        return rows

    def take_over(self, rows: ReadyRows) -> None:
        """Note what was noted elsewhere, after everything that was noted here so far."""
        self._bound += [self.hand_over(), rows]

    def write(self) -> bool:
        """Insert what was noted; the last statement of a unit of work. Whether there was anything."""
        bound = [rows for rows in (*self._bound, self.hand_over()) if len(rows)]
        if not bound:
            return False
        with sent_together(self._session, max(map(len, bound))):
            if self._session.get_bind().dialect.name == "postgresql":
                teller = self._session.info.get(TELLER, "")
                self._session.connection().exec_driver_sql(_LOCK_AND_TELL, (EVENTS_LOCK, CHANNEL, teller))
            for rows in bound:
                rows.write(self._session)
        self._bound = []
        return True

    def newest(self) -> int:
        """The sequence up to which everything is committed that is seen from now on."""
        return self._session.scalar(select(func.max(EventRow.sequence))) or 0

    def touched_since(self, sequence: int, resources: Collection[str]) -> Mapping[str, set[str]]:
        """To what of some kinds of resource anything happened since then: their ids by kind."""
        query = select(EventRow.resource, EventRow.resource_id).where(
            EventRow.sequence > sequence, EventRow.resource.in_(sorted(resources))
        )
        touched: dict[str, set[str]] = {}
        for resource, id_ in self._session.execute(query):
            touched.setdefault(resource, set()).add(id_)
        return touched

    def history(self, resource: str, resource_id: str) -> tuple[Event, ...]:
        """Everything that was committed to have happened to one resource, oldest first."""
        found = self._session.connection().execute(_HISTORY, {"resource": resource, "id": resource_id})
        return tuple(read_event(row) for row in found)

    def histories(
        self, resource: str, resource_ids: Sequence[str]
    ) -> Mapping[str, list[tuple[datetime, Mapping[str, Any]]]]:
        """When what happened to many resources, in this unit of work as well: moments and data by id, oldest first."""
        found: dict[str, list[tuple[datetime, Mapping[str, Any]]]] = {}
        for start in range(0, len(resource_ids), 500):
            query = select(EventRow.resource_id, EventRow.at, EventRow.data).where(
                EventRow.resource == resource,
                EventRow.resource_id.in_(resource_ids[start : start + 500]),
            )
            for id_, at, data in self._session.execute(query.order_by(EventRow.sequence)):
                found.setdefault(id_, []).append((at, data))
        asked = set(resource_ids)
        for noted in self._pending:
            if noted["resource"] == resource and noted["resource_id"] in asked:
                found.setdefault(noted["resource_id"], []).append((noted["at"], noted["data"]))
        return found


def read_event(row: EventRow | Row[Any]) -> Event:
    """A row, or its plain columns, as an event."""
    return Event(
        sequence=row.sequence,
        kind=row.kind,
        resource=row.resource,
        resource_id=row.resource_id,
        at=row.at,
        buyer_id=row.buyer_id,
        provider_id=row.provider_id,
        actor=row.actor,
        request_id=row.request_id,
        data=row.data,
    )
