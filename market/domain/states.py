"""Which state may follow which: the only place that knows.

Every change of state goes through `advance`; what is not listed cannot happen.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from market.domain.errors import Conflict


class OfferingState(StrEnum):
    """A listing is open for orders until it is withdrawn."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"


class NodeState(StrEnum):
    """A computing centre runs, or it is down and takes nothing."""

    UP = "up"
    DOWN = "down"


class OrderState(StrEnum):
    """An order's life. Open and interrupted orders are in the book: the next round may place them."""

    DRAFT = "draft"
    OPEN = "open"
    ALLOCATED = "allocated"
    ACTIVE = "active"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


class RoundState(StrEnum):
    """A round lands whole, is refused by the judge, or fails; never anything between."""

    CLEARING = "clearing"
    LANDED = "landed"
    REFUSED = "refused"
    FAILED = "failed"


class AllocationState(StrEnum):
    """What happened to what was granted."""

    GRANTED = "granted"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    MOVED = "moved"


class Cause(StrEnum):
    """Why something changed in an order's life."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    AMENDED = "amended"
    PLACED_IN_ROUND = "placed_in_round"
    PLACED_AT_ONCE = "placed_at_once"
    RE_MATCHED = "re_matched"
    MOVED = "moved"
    STARTED = "started"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DEADLINE_PASSED = "deadline_passed"
    ROUND_MISSED = "round_missed"
    JOB_FAILED = "job_failed"
    PROVIDER_FAILED = "provider_failed"
    NODE_DOWN = "node_down"
    HEARTBEAT_MISSED = "heartbeat_missed"
    DRAINED = "drained"


OFFERING_MOVES: Mapping[OfferingState, frozenset[OfferingState]] = {
    OfferingState.OPEN: frozenset({OfferingState.WITHDRAWN}),
    OfferingState.WITHDRAWN: frozenset(),
}

NODE_MOVES: Mapping[NodeState, frozenset[NodeState]] = {
    NodeState.UP: frozenset({NodeState.DOWN}),
    NodeState.DOWN: frozenset({NodeState.UP}),
}

ORDER_MOVES: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.DRAFT: frozenset({OrderState.OPEN, OrderState.CANCELLED, OrderState.EXPIRED}),
    OrderState.OPEN: frozenset({OrderState.ALLOCATED, OrderState.CANCELLED, OrderState.EXPIRED}),
    OrderState.ALLOCATED: frozenset(
        {OrderState.ACTIVE, OrderState.CANCELLED, OrderState.FAILED, OrderState.INTERRUPTED}
    ),
    OrderState.ACTIVE: frozenset(
        {OrderState.COMPLETED, OrderState.CANCELLED, OrderState.FAILED, OrderState.INTERRUPTED}
    ),
    OrderState.INTERRUPTED: frozenset({OrderState.ALLOCATED, OrderState.CANCELLED, OrderState.EXPIRED}),
    OrderState.COMPLETED: frozenset(),
    OrderState.CANCELLED: frozenset(),
    OrderState.EXPIRED: frozenset(),
    OrderState.FAILED: frozenset(),
}

ROUND_MOVES: Mapping[RoundState, frozenset[RoundState]] = {
    RoundState.CLEARING: frozenset({RoundState.LANDED, RoundState.REFUSED, RoundState.FAILED}),
    RoundState.LANDED: frozenset(),
    RoundState.REFUSED: frozenset(),
    RoundState.FAILED: frozenset(),
}

ALLOCATION_MOVES: Mapping[AllocationState, frozenset[AllocationState]] = {
    AllocationState.GRANTED: frozenset(
        {
            AllocationState.ACTIVE,
            AllocationState.CANCELLED,
            AllocationState.FAILED,
            AllocationState.INTERRUPTED,
            AllocationState.MOVED,
        }
    ),
    AllocationState.ACTIVE: frozenset(
        {
            AllocationState.COMPLETED,
            AllocationState.CANCELLED,
            AllocationState.FAILED,
            AllocationState.INTERRUPTED,
        }
    ),
    AllocationState.COMPLETED: frozenset(),
    AllocationState.CANCELLED: frozenset(),
    AllocationState.FAILED: frozenset(),
    AllocationState.INTERRUPTED: frozenset(),
    AllocationState.MOVED: frozenset(),
}

IN_BOOK = frozenset({OrderState.OPEN, OrderState.INTERRUPTED})
HOLDS_CAPACITY = frozenset({AllocationState.GRANTED, AllocationState.ACTIVE})

S = TypeVar("S", bound=StrEnum)


def advance(moves: Mapping[S, frozenset[S]], current: S, to: S) -> S:
    """The next state, or `Conflict` where the move is not legal."""
    if to not in moves[current]:
        raise Conflict(
            "illegal_transition",
            f"{type(current).__name__.removesuffix('State').lower()} is {current.value} and cannot become {to.value}",
            current=current.value,
            requested=to.value,
        )
    return to
