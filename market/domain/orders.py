"""Orders: a job, what it needs, and the most its buyer pays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from market.domain.devices import ComputeClass, Precision
from market.domain.errors import InvalidInput
from market.domain.states import OrderState

LONGEST_JOB_HOURS = 24 * 366
FURTHEST_DEADLINE = timedelta(days=366)


class JobClass(StrEnum):
    """What the job is for: a label for reports and maps; the solver never reads it."""

    TRAINING_LARGE = "training_large"
    TRAINING_SMALL = "training_small"
    INFERENCE_REALTIME = "inference_realtime"
    INFERENCE_INTERACTIVE = "inference_interactive"
    INFERENCE_BATCH = "inference_batch"
    HPC = "hpc"
    RENDERING = "rendering"
    GENERAL = "general"
    OTHER = "other"


class TimeInForce(StrEnum):
    """How long an order waits: placed at once or refused; for one round; or until it cannot finish in time."""

    IMMEDIATE = "immediate"
    NEXT_ROUND = "next_round"
    UNTIL_DEADLINE = "until_deadline"


WHOLE_UNIT = 10
"""Tenths of a card in a card."""


@dataclass(frozen=True, slots=True)
class Job:
    """The technical part of an order.

    `hours` is either one number, measured on the first listed device (the class's reference device where
    none is listed) and scaled by device speed elsewhere, or hours for each device by id.
    `unit_tenths` below 10 asks for that many tenths of one card; `units` is 1 then.
    """

    compute_class: ComputeClass
    devices: tuple[str, ...] | None
    min_memory_gb: float | None
    precision: Precision | None
    units: int
    hours: float | Mapping[str, float]
    origin_region: str
    max_rtt_ms: float | None
    data_gb: float
    allowed_regions: tuple[str, ...] | None
    max_pue: float | None
    min_green_share: float | None
    job_class: JobClass = JobClass.OTHER
    unit_tenths: int = WHOLE_UNIT

    def __post_init__(self) -> None:
        if not 0 < self.units <= 10**7:
            raise InvalidInput("invalid_units", "units is a whole number from 1 to 10,000,000")
        if not 0 < self.unit_tenths <= WHOLE_UNIT or (self.unit_tenths < WHOLE_UNIT and self.units != 1):
            raise InvalidInput("invalid_units", "a share of a card is 0.1 to 0.9 of one card")
        if not self._hours_are_possible():
            raise InvalidInput("invalid_hours", f"hours lie above 0 and at most {LONGEST_JOB_HOURS}")
        if self.devices is not None and not self.devices:
            raise InvalidInput(
                "invalid_devices", "devices is a list with at least one device, or null for any"
            )
        if self.devices is not None and len(set(self.devices)) != len(self.devices):
            raise InvalidInput("invalid_devices", "devices names each device once")
        if not isinstance(self.hours, float | int) and self.devices and set(self.devices) - set(self.hours):
            raise InvalidInput("invalid_hours", "hours by device must name every listed device")

    def _hours_are_possible(self) -> bool:
        if isinstance(self.hours, float | int):
            return 0 < self.hours <= LONGEST_JOB_HOURS
        return bool(self.hours) and all(0 < hours <= LONGEST_JOB_HOURS for hours in self.hours.values())


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What a buyer asks for: all of an order that the buyer decides. Amounts in micro-yuan."""

    job: Job
    limit_price_micros: int
    latency_cost_micros_per_ms_unit_hour: int
    earliest_start: datetime | None
    deadline: datetime
    interruptible: bool = False
    time_in_force: TimeInForce = TimeInForce.UNTIL_DEADLINE
    voucher_pool_id: str | None = None

    def __post_init__(self) -> None:
        if self.limit_price_micros <= 0:
            raise InvalidInput("invalid_amount", "limit_price must be above zero")
        if self.latency_cost_micros_per_ms_unit_hour < 0:
            raise InvalidInput("invalid_amount", "latency_cost_per_ms_hour is not negative")
        if self.earliest_start is not None and self.earliest_start >= self.deadline:
            raise InvalidInput("deadline_before_start", "deadline must be after earliest_start")

    def check_dates(self, now: datetime) -> None:
        """Refuse windows that are over or absurdly far away."""
        if self.deadline <= now:
            raise InvalidInput("deadline_passed", "deadline lies in the past", now=now.isoformat())
        if self.deadline > now + FURTHEST_DEADLINE:
            raise InvalidInput("deadline_too_far", "deadline lies more than a year ahead")
        if self.earliest_start is not None and self.earliest_start < now - timedelta(days=1):
            raise InvalidInput("start_too_old", "earliest_start lies more than a day in the past")


@dataclass(frozen=True, slots=True)
class Order:
    """An order. Orders queue by `queue_key`: the id, until an amendment sends the order to the end of the queue.

    `held_micros` lies in escrow for it, `paid_micros` was captured for it; `remaining_share` of its run time is
    still to do: below 1 only after an interruption that kept what was done.
    """

    id: str
    buyer_id: str
    terms: OrderTerms
    state: OrderState
    submitted_at: datetime
    queue_key: str = ""
    remaining_share: float = 1.0
    held_micros: int = 0
    paid_micros: int = 0

    def __post_init__(self) -> None:
        if not self.queue_key:
            object.__setattr__(self, "queue_key", self.id)

    @property
    def remaining_limit_micros(self) -> int:
        """Most the buyer still pays: the limit price less what was paid; once interrupted, what is held for it."""
        left = self.terms.limit_price_micros - self.paid_micros
        return min(left, self.held_micros) if self.state is OrderState.INTERRUPTED else left

    @property
    def job(self) -> Job:
        """The technical part."""
        return self.terms.job
