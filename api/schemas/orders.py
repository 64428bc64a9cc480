"""Orders as they come in and go out."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.allocations import AllocationAnswer
from api.schemas.fields import NO_DEFAULT, Cny, CnyText, Moment, PageQuery, Reference, Schema, example
from api.schemas.jobs import JOB, JobNeeds, job_fields
from api.schemas.problems import Problem
from market.domain.devices import ComputeClass
from market.domain.errors import InvalidInput
from market.domain.money import format_cny
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.states import Cause, OrderState
from market.enquiries.desk import OrderStory
from market.persistence.filters import Filters, Span

LARGEST_BATCH = 10_000
ON_LINE = "Number of the line it came on, for orders sent one a line; else left out."
TERMS: Mapping[str, Any] = {
    "limit_price": "1200.00",
    "latency_cost_per_ms_hour": "0.02",
    "earliest_start": None,
    "deadline": "2025-07-17T08:00:00Z",
    "interruptible": False,
    "divisible": None,
    "time_in_force": "until_deadline",
    "voucher_pool_id": None,
}
ACCEPTED: Mapping[str, Any] = {
    "id": "ord_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "buyer_id": "buy_0001",
    "state": "open",
    "submitted_at": "2025-07-16T08:00:00Z",
    "held": "1200.00",
    "paid": "0.00",
    "remaining_share": 1.0,
}
SUBMITTED: Mapping[str, Any] = {
    "at": "2025-07-16T08:00:00Z",
    "state": "open",
    "cause": "submitted",
    "actor": "key_01k0a1b2c3",
    "reason": "submitted",
}


COUNTED = {"open": 120, "allocated": 310, "active": 54, "completed": 1350}
LINES = "".join(
    json.dumps({"job": JOB, **TERMS, "limit_price": limit}) + "\n" for limit in ("1200.00", "900.00")
)
"""Two orders, one on each line."""
ANSWERED_LINES = json.dumps({"status": 201, "order": {**ACCEPTED, "job": JOB, **TERMS}, "line": 1}) + "\n"
"""The answer to a line."""


class OrderRequest(Schema):
    """A job and its commercial terms."""

    model_config = example(job=JOB, **TERMS)

    job: JobNeeds
    limit_price: Cny = Field(description="Most the buyer pays for the whole job, in CNY.")
    latency_cost_per_ms_hour: Cny = Field(
        default=0,
        description="What a millisecond of RTT costs the buyer, in CNY per unit-hour.",
        json_schema_extra={"default": "0"},
    )
    earliest_start: Moment | None = None
    deadline: Moment = Field(description="When the job must be over.")
    interruptible: bool = Field(
        default=False,
        description="May be interrupted and go on elsewhere: finished hours are kept, and stay paid.",
    )
    divisible: bool | None = Field(None, description="Only null or false for now.")
    time_in_force: Annotated[TimeInForce, Field(strict=False)] = Field(
        TimeInForce.UNTIL_DEADLINE,
        description="How long it waits: `immediate` (placed at once or refused), `next_round`, or "
        "`until_deadline`.",
    )
    voucher_pool_id: Reference | None = Field(
        None, description="The voucher pool that pays its share of every hour, if any."
    )
    draft: bool = Field(
        default=False,
        description="Keep it as a draft: no round sees it and nothing is held until it is submitted.",
    )
    quote_id: Reference | None = Field(
        None,
        description="A held quote: the order is placed at once, at exactly its price and place, or refused "
        "(409 `quote_expired`, `quote_mismatch`).",
    )
    buyer_id: Reference | None = Field(
        None, description="Operators only: on whose behalf. A quote may leave it open."
    )

    def terms(self) -> OrderTerms:
        """The market's noun."""
        if self.divisible:
            raise InvalidInput(
                "not_supported", "divisible orders are not supported yet: leave divisible null"
            )
        return OrderTerms(
            job=self.job.job(),
            limit_price_micros=self.limit_price,
            latency_cost_micros_per_ms_unit_hour=self.latency_cost_per_ms_hour,
            earliest_start=self.earliest_start,
            deadline=self.deadline,
            interruptible=self.interruptible,
            time_in_force=self.time_in_force,
            voucher_pool_id=self.voucher_pool_id,
        )


class OrderAnswer(Schema):
    """An order in the book."""

    model_config = example(**ACCEPTED, job=JOB, **TERMS)

    id: str
    buyer_id: str
    state: OrderState
    submitted_at: datetime
    job: JobNeeds
    limit_price: CnyText
    latency_cost_per_ms_hour: CnyText
    earliest_start: datetime | None
    deadline: datetime
    interruptible: bool
    divisible: bool | None = None
    time_in_force: TimeInForce
    voucher_pool_id: str | None
    held: CnyText = Field(description="Lies in escrow for it.")
    paid: CnyText = Field(description="Was captured for it so far.")
    remaining_share: float = Field(
        description="Of its run time: below 1 after an interruption that kept work."
    )

    @classmethod
    def of(cls, order: Order) -> "OrderAnswer":
        """What an order looks like from outside."""
        return cls.model_construct(**_told(order, JobNeeds.of(order.job)))


class OrderEvent(Schema):
    """One step of an order's life."""

    model_config = example(**SUBMITTED)

    at: datetime
    state: OrderState
    cause: Cause = Field(description="Why, for programs.")
    actor: str = Field(description="The key that acted, or `exchange`.")
    reason: str = Field(description="Why, for people.")


class OrderDetail(OrderAnswer):
    """An order with what was granted to it, and its history."""

    model_config = example(
        **ACCEPTED,
        job=JOB,
        **TERMS,
        allocation=None,
        history=[SUBMITTED],
    )

    allocation: AllocationAnswer | None
    history: list[OrderEvent]


def order_fields(order: Order) -> dict[str, Any]:
    """An order as it goes out, for JSON: what `OrderAnswer.of` holds, without a model for each of ten thousand."""
    fields = _told(order, job_fields(order.job))
    fields["state"], fields["time_in_force"] = str(order.state), str(order.terms.time_in_force)
    return fields


def story_fields(story: OrderStory) -> dict[str, Any]:
    """What `OrderDetail` tells beyond the order, for JSON."""
    history = [
        {
            "at": event.at,
            "state": event.data["state"],
            "cause": event.data["cause"],
            "actor": event.actor,
            "reason": event.data["reason"],
        }
        for event in story.history
    ]
    return {
        "allocation": None if story.granted is None else AllocationAnswer.of(story.granted),
        "history": history,
    }


def _told(order: Order, job: Any) -> dict[str, Any]:
    terms = order.terms
    return {
        "id": order.id,
        "buyer_id": order.buyer_id,
        "state": order.state,
        "submitted_at": order.submitted_at,
        "job": job,
        "limit_price": format_cny(terms.limit_price_micros),
        "latency_cost_per_ms_hour": format_cny(terms.latency_cost_micros_per_ms_unit_hour),
        "earliest_start": terms.earliest_start,
        "deadline": terms.deadline,
        "interruptible": terms.interruptible,
        "divisible": None,
        "time_in_force": terms.time_in_force,
        "voucher_pool_id": terms.voucher_pool_id,
        "held": format_cny(order.held_micros),
        "paid": format_cny(order.paid_micros),
        "remaining_share": order.remaining_share,
    }


class OrderBatch(Schema):
    """Many orders at once; each is validated, taken or refused on its own."""

    model_config = example(orders=[{"job": JOB, **TERMS}])

    orders: list[Any] = Field(
        min_length=1,
        max_length=LARGEST_BATCH,
    )


class OrderAccepted(Schema):
    """An order of a batch that is in the book."""

    model_config = example(status=201, order={**ACCEPTED, "job": JOB, **TERMS})

    status: int = 201
    order: OrderAnswer
    line: int = Field(0, description=ON_LINE, json_schema_extra=NO_DEFAULT)


class OrderRefused(Schema):
    """An order of a batch that was refused, and why."""

    model_config = example(
        status=422,
        error={
            "type": "/problems/unknown_region",
            "title": "Unknown region",
            "status": 422,
            "detail": "no region 'atlantis'; GET /v1/regions lists them",
            "code": "unknown_region",
        },
    )

    status: int
    error: Problem
    line: int = Field(0, description=ON_LINE, json_schema_extra=NO_DEFAULT)


class OrderBatchAnswer(Schema):
    """One answer for each order of a batch, in the same sequence."""

    model_config = example(items=[{"status": 201, "order": {**ACCEPTED, "job": JOB, **TERMS}}])

    items: list[OrderAccepted | OrderRefused]


class OrdersQuery(PageQuery):
    """Which orders."""

    state: list[OrderState] = Field([], description="Only orders in this state; several: any of them.")
    buyer_id: Reference | None = Field(None, description="Only orders of this buyer; for the operator.")
    compute_class: ComputeClass | None = Field(None, description="Only jobs of this class.")
    submitted_after: Moment | None = Field(None, description="Only orders submitted then or later.")
    submitted_before: Moment | None = Field(None, description="Only orders submitted before.")
    sort: Literal["submitted_at", "-submitted_at"] = Field(
        "-submitted_at", description="Oldest first, or newest first."
    )

    def filters(self) -> Filters:
        """What is asked of the rows."""
        return {
            "state": tuple(self.state),
            "buyer_id": self.buyer_id,
            "compute_class": self.compute_class,
            "submitted_at": Span(self.submitted_after, self.submitted_before),
        }


class OrderCountsQuery(BaseModel):
    """Which orders are counted: the filters of the list, but for the state."""

    model_config = ConfigDict(extra="forbid")

    buyer_id: Reference | None = Field(None, description="Only orders of this buyer; for the operator.")
    compute_class: ComputeClass | None = Field(None, description="Only jobs of this class.")
    submitted_after: Moment | None = Field(None, description="Only orders submitted then or later.")
    submitted_before: Moment | None = Field(None, description="Only orders submitted before.")

    def filters(self) -> Filters:
        """What is asked of the rows."""
        return {
            "buyer_id": self.buyer_id,
            "compute_class": self.compute_class,
            "submitted_at": Span(self.submitted_after, self.submitted_before),
        }


class OrderCountsAnswer(Schema):
    """How many orders there are, by state."""

    model_config = example(total=1834, by_state={state.value: 0 for state in OrderState} | COUNTED)

    total: int
    by_state: dict[OrderState, int] = Field(description="Every state, those that no order is in as well.")

    @classmethod
    def of(cls, counts: Mapping[OrderState, int]) -> "OrderCountsAnswer":
        """States nobody is in are told too."""
        return cls(total=sum(counts.values()), by_state={state: counts.get(state, 0) for state in OrderState})
