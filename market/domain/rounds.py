"""Rounds and what they leave behind: allocations and reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from market.domain.policy import Policy
from market.domain.states import AllocationState, RoundState


class ReasonCode(StrEnum):
    """Why a node did not take an order, from the most to the least fundamental."""

    NO_SUCH_DEVICE = "NO_SUCH_DEVICE"
    TOO_FAR = "TOO_FAR"
    NOT_ALLOWED_THERE = "NOT_ALLOWED_THERE"
    TOO_LARGE = "TOO_LARGE"
    TOO_LATE = "TOO_LATE"
    PRICED_OUT = "PRICED_OUT"
    NO_CAPACITY = "NO_CAPACITY"
    NO_POWER = "NO_POWER"
    NOT_THIS_ROUND = "NOT_THIS_ROUND"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one node did not take an order, with the facts that decided."""

    node_id: str
    code: ReasonCode
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """The smallest change of one field that would place an order."""

    field: str
    to: Any
    by: float
    node_id: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an order was not placed: the deciding code, node by node, and what would help."""

    order_id: str
    round_id: str
    code: ReasonCode
    reasons: tuple[Reason, ...]
    price_to_place_micros: int | None
    smallest_change: Change | None


@dataclass(frozen=True, slots=True)
class Allocation:
    """Units of an offering granted to an order for a window, at a price.

    `price_micros` is what the buyer pays for the whole window, and the sum of `charges_micros`, one for each of its
    hours (all units); the provider earns `earnings_micros` for them, never less than its ask. Of these,
    `settled_hours` are settled, in full; `paid_micros` was captured so far. Energy in facility kWh, carbon in kg.
    `round_id` is None where the order was placed at once.
    """

    id: str
    round_id: str | None
    order_id: str
    buyer_id: str
    offering_id: str
    provider_id: str
    node_id: str
    units: int
    starts_at: datetime
    ends_at: datetime
    ask_micros_per_unit_hour: int
    price_micros: int
    rtt_ms: float
    facility_kwh: float
    carbon_kg_location: float
    carbon_kg_market: float
    state: AllocationState
    unit_tenths: int = 10
    charges_micros: tuple[int, ...] = ()
    earnings_micros: tuple[int, ...] = ()
    settled_hours: int = 0
    paid_micros: int = 0
    offering_version: int = 1
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What an allocation takes, and nothing else of it: for whoever only asks what is left free."""

    offering_id: str
    units: int
    unit_tenths: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """What something draws in whole hours at a node: facility energy over the window, in kWh."""

    node_id: str
    starts_at: datetime
    ends_at: datetime
    facility_kwh: float


@dataclass(frozen=True, slots=True)
class GrantedRun(Run):
    """What one granted order draws, and which demand it is part of."""

    origin_region: str
    job_class: str


@dataclass(frozen=True, slots=True)
class Round:
    """One batch clearing. Figures are None until it has landed; `failure` is public: codes, never an error's text.

    `left_out` counts placements that were cleared but not granted, because their order or offering left the market or
    changed meanwhile; `placed`, value, gap and figures are of what was granted.
    """

    id: str
    state: RoundState
    policy: Policy
    starts_at: datetime
    slots: int
    opened_at: datetime
    closed_at: datetime | None = None
    orders: int = 0
    placed: int = 0
    left_out: int = 0
    status: str | None = None
    value_micros: int | None = None
    bound_micros: int | None = None
    gap: float | None = None
    seconds: float | None = None
    failure: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
