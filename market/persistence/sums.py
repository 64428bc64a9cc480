"""What is held, paid and settled, written over what the writer had read: whoever was slower is refused.

Sums are not steps in a life: states stay, and nothing is recorded in histories.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from market.domain.errors import Conflict
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.persistence.models import AllocationRow, Base, OrderRow

_ORDER_SUMS = ("held_micros", "paid_micros", "remaining_share")
_ALLOCATION_SUMS = ("settled_hours", "paid_micros")


def write_order_sums(session: Session, changes: Sequence[tuple[Order, Order]]) -> None:
    """(before, after) of each order: what is held, paid, and remains to do; `Conflict` where before is outdated."""
    _write_over(session, OrderRow, _ORDER_SUMS, changes)


def write_allocation_sums(session: Session, changes: Sequence[tuple[Allocation, Allocation]]) -> None:
    """(before, after) of each allocation: what is settled and paid; `Conflict` where before is outdated."""
    _write_over(session, AllocationRow, _ALLOCATION_SUMS, changes)


def _write_over(
    session: Session, table: type[Base], names: Sequence[str], changes: Sequence[tuple[Any, Any]]
) -> None:
    rows = [
        {"of": after.id}
        | {f"old_{name}": getattr(before, name) for name in names}
        | {f"new_{name}": getattr(after, name) for name in names}
        for before, after in sorted(changes, key=lambda change: str(change[1].id))
        if any(getattr(before, name) != getattr(after, name) for name in names)
    ]
    if not rows:
        return
    columns: Any = table.__table__.c
    statement = (
        update(table.__table__)  # type: ignore[arg-type]
        .where(columns.id == bindparam("of"), *(columns[name] == bindparam(f"old_{name}") for name in names))
        .values({columns[name]: bindparam(f"new_{name}") for name in names})
    )
    written = session.connection().execute(statement, rows)
    session.expire_all()
    if written.rowcount != len(rows):
        raise Conflict("sums_changed", "what is held or paid changed meanwhile; read it again")
