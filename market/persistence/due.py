"""What may be due by a moment, asked of the database: all else that is live is left alone without being read.

And of listings just what decides it, because that is read with every report and with every few lives taken forward.

It names too much rather than too little (SQLite's hours are over by less than a second too soon): who asks decides.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Dialect, and_, func, literal, literal_column, or_, select
from sqlalchemy.orm import Session

from market.domain.states import AllocationState, NodeState
from market.persistence.models import AllocationRow, NodeRow, OfferingRow, UtcDateTime

_ONE_HOUR: Any = literal_column("interval '1 hour'")


class Tenure(NamedTuple):
    """For how long an offering keeps what was granted on it: until it is drained, or its provider is silent too long."""

    drain_at: datetime | None
    heartbeat_minutes: int | None


def tenures(session: Session) -> dict[str, Tenure]:
    """Of every offering, by id."""
    query = select(OfferingRow.id, OfferingRow.drain_at, OfferingRow.heartbeat_minutes)
    found = session.connection().execute(query)
    return {id_: Tenure(drain_at, minutes) for id_, drain_at, minutes in found}


def nodes_down(session: Session) -> frozenset[str]:
    """Ids of nodes that are down."""
    query = select(NodeRow.id).where(NodeRow.state == NodeState.DOWN)
    return frozenset(session.connection().execute(query).scalars())


def may_be_due(
    dialect: Dialect, now: datetime, listening_since: datetime, heartbeat_minutes: Iterable[int]
) -> ColumnElement[bool]:
    """Of live allocations: those that start, have an hour or their whole time behind them, or lose what they run on.

    `heartbeat_minutes`: for how long providers may be silent, each length that there is.
    """
    return or_(
        and_(AllocationRow.state == AllocationState.GRANTED, AllocationRow.starts_at <= now),
        AllocationRow.ends_at <= now,
        _hour_over(dialect, now),
        AllocationRow.offering_id.in_(select(OfferingRow.id).where(OfferingRow.drain_at <= now)),
        AllocationRow.node_id.in_(select(NodeRow.id).where(NodeRow.state == NodeState.DOWN)),
        *_silent(now, listening_since, heartbeat_minutes),
    )


def _hour_over(dialect: Dialect, now: datetime) -> ColumnElement[bool]:
    """Whether one hour more than is settled has gone by."""
    hours: Any = AllocationRow.settled_hours + 1
    over: Any = (
        AllocationRow.starts_at + hours * _ONE_HOUR
        if dialect.name == "postgresql"
        else func.datetime(AllocationRow.starts_at, func.printf("+%d hours", hours))
    )
    ended: ColumnElement[bool] = over <= literal(now, UtcDateTime())
    return ended


def _silent(
    now: datetime, listening_since: datetime, heartbeat_minutes: Iterable[int]
) -> Iterator[ColumnElement[bool]]:
    """Whose provider reports and was last heard too long ago; nobody heard what was said before `listening_since`."""
    heard = func.coalesce(AllocationRow.heartbeat_at, AllocationRow.started_at, AllocationRow.starts_at)
    for minutes in heartbeat_minutes:
        before = now - timedelta(minutes=minutes)
        if listening_since < before:
            reporting = select(OfferingRow.id).where(OfferingRow.heartbeat_minutes == minutes)
            yield and_(AllocationRow.offering_id.in_(reporting), heard < before)
