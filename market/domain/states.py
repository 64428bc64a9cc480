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


class OrderState(StrEnum):
    """An order's life."""

    OPEN = "open"
    ALLOCATED = "allocated"
    ACTIVE = "active"
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


OFFERING_MOVES: Mapping[OfferingState, frozenset[OfferingState]] = {
    OfferingState.OPEN: frozenset({OfferingState.WITHDRAWN}),
    OfferingState.WITHDRAWN: frozenset(),
}

ORDER_MOVES: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.OPEN: frozenset({OrderState.ALLOCATED, OrderState.CANCELLED, OrderState.EXPIRED}),
    OrderState.ALLOCATED: frozenset({OrderState.ACTIVE, OrderState.CANCELLED, OrderState.FAILED}),
    OrderState.ACTIVE: frozenset({OrderState.COMPLETED, OrderState.FAILED}),
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
        {AllocationState.ACTIVE, AllocationState.CANCELLED, AllocationState.FAILED}
    ),
    AllocationState.ACTIVE: frozenset({AllocationState.COMPLETED, AllocationState.FAILED}),
    AllocationState.COMPLETED: frozenset(),
    AllocationState.CANCELLED: frozenset(),
    AllocationState.FAILED: frozenset(),
}

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
