"""Rounds, what was recorded with them, and the allocations they granted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, literal_column, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.domain.clock import rfc3339
from market.domain.errors import Conflict
from market.domain.rounds import Allocation, Holding, Round
from market.domain.states import ALLOCATION_MOVES, AllocationState, RoundState, advance
from market.persistence import round_mapping
from market.persistence.bulk import BoundRows, bind_columns
from market.persistence.due import may_be_due
from market.persistence.event_log import EventLog
from market.persistence.filters import NO_FILTERS, Filters, conditions
from market.persistence.models import AllocationRow, ExplanationRow, RoundRecordRow, RoundRow
from market.persistence.paging import Page, PageRequest, read_page

_ALLOCATIONS = select(AllocationRow.__table__)
_NEWEST_OF_ORDER = (
    _ALLOCATIONS.where(AllocationRow.order_id == bindparam("order_id"))
    .order_by(AllocationRow.id.desc())
    .limit(1)
)
_LIVE = AllocationRow.live == literal_column("1")
"""Written out, so that the index of what is live is known to hold all of it."""
_ALLOCATION_FILTERS = (
    "buyer_id",
    "provider_id",
    "round_id",
    "order_id",
    "offering_id",
    "node_id",
    "state",
    "starts_at",
)


class RoundStore:
    """Reads and writes rounds in one session."""

    def __init__(self, session: Session, events: EventLog) -> None:
        self._session = session
        self._events = events

    def open(self, round_: Round) -> None:
        """Insert a round that starts clearing; `Conflict` while another one is."""
        try:
            self._session.execute(insert(RoundRow), [round_mapping.round_columns(round_)])
        except IntegrityError as error:
            raise Conflict(
                "round_in_progress", "another round is clearing; try again when it is done"
            ) from error
        self._events.record("round", round_.state.value, round_.id, at=round_.opened_at, orders=round_.orders)

    def close(self, round_: Round) -> None:
        """Write a round's end over its beginning."""
        closed = update(RoundRow).where(RoundRow.id == round_.id, RoundRow.state == RoundState.CLEARING)
        result = self._session.execute(closed.values(**round_mapping.round_columns(round_)))
        if result.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("round_over", f"round {round_.id} is not clearing any more")
        names = ("orders", "placed", "left_out", "status", "gap", "seconds", "failure")
        told = {name: getattr(round_, name) for name in names}
        self._events.record("round", round_.state.value, round_.id, at=round_.closed_at, **told)
        if round_.state is not RoundState.LANDED:
            self._forget_prepared(round_.id)

    def require_clearing(self, round_id: str) -> None:
        """`Conflict` (round_over) unless the round clears, and does until the end of this unit of work."""
        asked = select(RoundRow.id).where(RoundRow.id == round_id, RoundRow.state == RoundState.CLEARING)
        if self._session.scalar(asked.with_for_update()) is None:
            raise Conflict("round_over", f"round {round_id} is not clearing any more")

    def _forget_prepared(self, round_id: str) -> None:
        """What was stored beforehand of a round that did not land: nobody has seen it."""
        for table in (ExplanationRow, RoundRecordRow):
            self._session.execute(delete(table).where(table.round_id == round_id))

    def get(self, round_id: str) -> Round | None:
        """One round."""
        row = self._session.get(RoundRow, round_id)
        return None if row is None else round_mapping.read_round(row)

    def opened_at(self, round_id: str) -> datetime | None:
        """When a round began, without its figures."""
        return self._session.scalar(select(RoundRow.opened_at).where(RoundRow.id == round_id))

    def in_progress(self, *, held: bool = False) -> Round | None:
        """The round that is clearing, if any; `held`: nobody lands it within this unit of work."""
        query = select(RoundRow).where(RoundRow.in_progress == 1)
        row = self._session.scalar(query.with_for_update() if held else query)
        return None if row is None else round_mapping.read_round(row)

    def newest_id(self, *states: RoundState) -> str | None:
        """The id of the round opened last, of those in these states if any are named."""
        query = select(RoundRow.id).order_by(RoundRow.id.desc()).limit(1)
        return self._session.scalar(query.where(RoundRow.state.in_(states)) if states else query)

    def newest_landed(self) -> Round | None:
        """The last round that landed."""
        query = (
            select(RoundRow).where(RoundRow.state == RoundState.LANDED).order_by(RoundRow.id.desc()).limit(1)
        )
        row = self._session.scalar(query)
        return None if row is None else round_mapping.read_round(row)

    def page(self, request: PageRequest, filters: Filters = NO_FILTERS) -> Page[Round]:
        """Rounds, paged, filtered by state or opened_at."""
        columns = {"state": RoundRow.state, "opened_at": RoundRow.opened_at}
        query = select(RoundRow).where(*conditions(columns, filters))
        return read_page(self._session, query, RoundRow.id, round_mapping.read_round, request)

    def add_record(
        self,
        round_id: str,
        problem_npz: bytes,
        clearing_npz: bytes,
        names: Mapping[str, Any],
        limits: Mapping[str, Any],
    ) -> None:
        """Keep what it takes to check a round again, and to clear it again; nobody sees it before the round has landed."""
        row = {
            "round_id": round_id,
            "problem_npz": problem_npz,
            "clearing_npz": clearing_npz,
            "names": dict(names),
            "limits": dict(limits),
        }
        self._session.execute(insert(RoundRecordRow), [row])

    def record(self, round_id: str) -> RoundRecordRow | None:
        """The problem, the clearing and the names of their rows, of a round that has landed."""
        query = select(RoundRecordRow).join(RoundRow, RoundRow.id == RoundRecordRow.round_id)
        return self._session.scalar(query.where(RoundRow.id == round_id, RoundRow.state == RoundState.LANDED))

    def add_allocations(self, allocations: Sequence[Allocation]) -> None:
        """Insert what was granted."""
        self.bind_allocations(allocations).write(self._session)

    def bind_allocations(self, allocations: Sequence[Allocation]) -> BoundRows:
        """What is granted, to be inserted later; it is told of here."""
        for state, alike in groupby(allocations, attrgetter("state")):
            self._record(tuple(alike), state)
        columns = round_mapping.allocations_by_column(allocations)
        return bind_columns(self._session, AllocationRow, columns, [a.order_id for a in allocations])

    def tell(self, allocation: Allocation, to: AllocationState) -> None:
        """Note a step of an allocation that is written otherwise."""
        self._record([allocation], to)

    def move_allocation(self, allocation: Allocation, to: AllocationState, **facts: Any) -> None:
        """Advance one allocation, and write facts (columns) that come with the step."""
        advance(ALLOCATION_MOVES, allocation.state, to)
        live = round_mapping.live_flag(to)
        statement = update(AllocationRow).where(
            AllocationRow.id == allocation.id, AllocationRow.state == allocation.state
        )
        result = self._session.execute(statement.values(state=to, live=live, **facts))
        if result.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("allocation_changed", "the allocation changed state meanwhile; read it again")
        self._record([allocation], to)

    def note_heartbeat(self, allocation_id: str, at: datetime) -> None:
        """The provider said that it still runs."""
        statement = update(AllocationRow).where(AllocationRow.id == allocation_id)
        self._session.execute(statement.values(heartbeat_at=at))

    def allocation(self, allocation_id: str) -> Allocation | None:
        """One allocation."""
        row = self._session.get(AllocationRow, allocation_id, populate_existing=True)
        return None if row is None else round_mapping.read_allocation(row)

    def named_allocations(self, allocation_ids: Sequence[str]) -> dict[str, Allocation]:
        """Those of the given allocations that there are, by id."""
        found: dict[str, Allocation] = {}
        for start in range(0, len(allocation_ids), 500):
            query = select(AllocationRow).where(AllocationRow.id.in_(allocation_ids[start : start + 500]))
            found |= {row.id: round_mapping.read_allocation(row) for row in self._session.scalars(query)}
        return found

    def running_allocations(self) -> tuple[Allocation, ...]:
        """Everything that is granted or active, whenever it runs."""
        return self._read(_ALLOCATIONS.where(_LIVE).order_by(AllocationRow.id))

    def due_allocations(
        self, now: datetime, listening_since: datetime, heartbeat_minutes: Collection[int]
    ) -> tuple[Allocation, ...]:
        """Those live that something may be due on by now, by id; `market.persistence.due` says what that is."""
        dialect = self._session.get_bind().dialect
        due = may_be_due(dialect, now, listening_since, sorted(heartbeat_minutes))
        found = self._read(_ALLOCATIONS.where(_LIVE, due))  # asked to sort, SQLite reads the dead as well
        return tuple(sorted(found, key=lambda allocation: allocation.id))

    def live_allocations(self, from_moment: datetime) -> tuple[Allocation, ...]:
        """Allocations that hold capacity at or after a moment."""
        query = _ALLOCATIONS.where(_LIVE, AllocationRow.ends_at > from_moment)
        return self._read(query.order_by(AllocationRow.id))

    def holdings(self, from_moment: datetime, but_of: str) -> tuple[Holding, ...]:
        """What is held at or after a moment, but by one order: several times faster than the allocations whole."""
        columns = (getattr(AllocationRow, name) for name in Holding.__slots__)
        query = select(*columns).where(
            _LIVE, AllocationRow.ends_at > from_moment, AllocationRow.order_id != but_of
        )
        return tuple(Holding(*row) for row in self._session.execute(query))

    def live_allocation_of(self, order_id: str) -> Allocation | None:
        """The live allocation of an order."""
        query = select(AllocationRow).where(AllocationRow.order_id == order_id, AllocationRow.live == 1)
        row = self._session.scalar(query)
        return None if row is None else round_mapping.read_allocation(row)

    def live_allocations_of(self, order_ids: Collection[str]) -> dict[str, Allocation]:
        """The live allocations of orders, by order id."""
        wanted = sorted(order_ids)
        found: dict[str, Allocation] = {}
        for start in range(0, len(wanted), 500):
            query = _ALLOCATIONS.where(AllocationRow.order_id.in_(wanted[start : start + 500]), _LIVE)
            found |= {allocation.order_id: allocation for allocation in self._read(query)}
        return found

    def live_allocations_at(self, node_id: str) -> tuple[Allocation, ...]:
        """Everything that is granted or active at a node."""
        query = _ALLOCATIONS.where(AllocationRow.node_id == node_id, _LIVE)
        return self._read(query.order_by(AllocationRow.id))

    def allocations_of_round(self, round_id: str) -> tuple[Allocation, ...]:
        """Everything one round granted."""
        query = select(AllocationRow).where(AllocationRow.round_id == round_id).order_by(AllocationRow.id)
        return tuple(round_mapping.read_allocation(row) for row in self._session.scalars(query))

    def allocations_before(self, round_: Round) -> tuple[Allocation, ...]:
        """What was allocated when a round opened and ran into its horizon; ids sort by the time they were made."""
        made_by_then = AllocationRow.id < round_.id.replace("rnd_", "alo_", 1)
        held_then = or_(AllocationRow.ended_at.is_(None), AllocationRow.ended_at > round_.opened_at)
        query = select(AllocationRow).where(made_by_then, held_then, AllocationRow.ends_at > round_.starts_at)
        return tuple(round_mapping.read_allocation(row) for row in self._session.scalars(query))

    def newest_allocation_of(self, order_id: str) -> Allocation | None:
        """What was granted to an order last."""
        row = self._session.connection().execute(_NEWEST_OF_ORDER, {"order_id": order_id}).mappings().first()
        return None if row is None else round_mapping.allocation_of(row)

    def page_allocations(self, request: PageRequest, filters: Filters) -> Page[Allocation]:
        """Allocations, paged, filtered by the columns in `_ALLOCATION_FILTERS`."""
        columns = {name: getattr(AllocationRow, name) for name in _ALLOCATION_FILTERS}
        query = select(AllocationRow).where(*conditions(columns, filters))
        return read_page(self._session, query, AllocationRow.id, round_mapping.read_allocation, request)

    def _read(self, query: Select[Any]) -> tuple[Allocation, ...]:
        """Plain columns: several times faster than rows, where there are thousands."""
        found = self._session.connection().execute(query).mappings()
        return tuple(round_mapping.allocation_of(columns) for columns in found)

    def _record(self, allocations: Sequence[Allocation], state: AllocationState) -> None:
        """What both sides may know of them: no money."""
        said = {moment: rfc3339(moment) for a in allocations for moment in (a.starts_at, a.ends_at)}
        told = (
            (a.id, a.buyer_id, a.provider_id, _told(a, state.value, said[a.starts_at], said[a.ends_at]))
            for a in allocations
        )
        self._events.record_many("allocation", state.value, told)


def _told(allocation: Allocation, state: str, starts_at: str, ends_at: str) -> dict[str, Any]:
    return {
        "state": state,
        "order_id": allocation.order_id,
        "round_id": allocation.round_id,
        "offering_id": allocation.offering_id,
        "node_id": allocation.node_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
