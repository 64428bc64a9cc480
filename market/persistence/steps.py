"""Orders and allocations as their steps leave them, written over what the writer had read: whoever was slower is refused.

A row is written once, however many steps it took since it was read: its state, its sums and its times together. Histories
are for the caller to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from market.domain.errors import Conflict
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.persistence import round_mapping
from market.persistence.models import AllocationRow, OrderRow

AT_ONCE = 500
"""Rows asked for in one statement."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of row that takes steps: its sums, what else comes with a new state, and the refusal of who was slower."""

    table: Any
    sums: Sequence[str]
    with_state: Sequence[str]
    moved_on: tuple[str, str]


_ORDERS = _Kind(
    OrderRow.__table__,
    ("held_micros", "paid_micros", "remaining_share"),
    (),
    ("order_changed", "an order changed state meanwhile; read it again"),
)
_ALLOCATIONS = _Kind(
    AllocationRow.__table__,
    ("settled_hours", "paid_micros"),
    ("live", "started_at", "heartbeat_at", "ended_at"),
    ("allocation_changed", "the allocation changed state meanwhile; read it again"),
)


def write_orders(session: Session, changes: Sequence[tuple[Order, Order]]) -> None:
    """(before, after) of each order: its state, what is held and paid, what remains to do.

    `Conflict` (`order_changed`, `sums_changed`) where before is outdated.
    """
    _write(session, _ORDERS, changes)


def write_allocations(session: Session, changes: Sequence[tuple[Allocation, Allocation]]) -> None:
    """(before, after) of each allocation: its state and times, what is settled and paid.

    `Conflict` (`allocation_changed`, `sums_changed`) where before is outdated.
    """
    _write(session, _ALLOCATIONS, changes)


def _write(session: Session, kind: _Kind, changes: Sequence[tuple[Any, Any]]) -> None:
    """A state that stays is left alone: it may have been moved otherwise in this unit of work."""
    in_sequence = sorted(changes, key=lambda change: str(change[0].id))
    stepped = [one for one in in_sequence if one[0].state is not one[1].state]
    paid = [one for one in in_sequence if one[0].state is one[1].state and _sums_differ(kind, *one)]
    if not _write_over(session, kind, ("state", *kind.sums), kind.with_state, stepped):
        raise _outdated(session, kind, stepped)
    if not _write_over(session, kind, kind.sums, (), paid):
        raise _sums_changed()


def _write_over(
    session: Session,
    kind: _Kind,
    over: Sequence[str],
    beside: Sequence[str],
    changes: Sequence[tuple[Any, Any]],
) -> bool:
    """Columns `over` what they were, those `beside` whatever they were; whether each row was as it had been read."""
    if not changes:
        return True
    columns, written = kind.table.c, (*over, *beside)
    statement = (
        update(kind.table)
        .where(columns.id == bindparam("of"), *(columns[name] == bindparam(f"old_{name}") for name in over))
        .values({columns[name]: bindparam(f"new_{name}") for name in written})
    )
    rows = [
        {"of": before.id}
        | {f"old_{name}": _value(before, name) for name in over}
        | {f"new_{name}": _value(after, name) for name in written}
        for before, after in changes
    ]
    found = session.connection().execute(statement, rows)
    session.expire_all()
    return found.rowcount == len(rows)


def _outdated(session: Session, kind: _Kind, stepped: Sequence[tuple[Any, Any]]) -> Conflict:
    """What still stands in the state that was read was refused for its sums."""
    read = {before.id: str(before.state) for before, _ in stepped}
    ids, columns = sorted(read), kind.table.c
    for start in range(0, len(ids), AT_ONCE):
        asked = select(columns.id, columns.state).where(columns.id.in_(ids[start : start + AT_ONCE]))
        if any(read[id_] == state for id_, state in session.connection().execute(asked)):
            return _sums_changed()
    return Conflict(*kind.moved_on)


def _sums_changed() -> Conflict:
    return Conflict("sums_changed", "what is held or paid changed meanwhile; read it again")


def _sums_differ(kind: _Kind, before: Any, after: Any) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in kind.sums)


def _value(of: Any, column: str) -> Any:
    if column == "live":
        return round_mapping.live_flag(of.state)
    value = getattr(of, column)
    return str(value) if column == "state" else value
