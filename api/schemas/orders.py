"""Orders as they come in and go out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from api.schemas.allocations import AllocationAnswer
from api.schemas.fields import Cny, CnyText, Moment, PageQuery, Reference, Schema, example
from api.schemas.problems import Problem
from market.domain.devices import ComputeClass, Precision
from market.domain.errors import InvalidInput
from market.domain.money import format_cny
from market.domain.orders import LONGEST_JOB_HOURS, Job, JobClass, Order, OrderTerms
from market.domain.states import OrderState
from market.persistence.models import OrderEventRow

LARGEST_BATCH = 10_000
Hours = Annotated[float, Field(gt=0, le=LONGEST_JOB_HOURS)]
JOB: Mapping[str, Any] = {
    "compute_class": "gpu",
    "devices": ["h800_sxm", "910b"],
    "min_memory_gb": 64,
    "precision": "fp16",
    "units": 8,
    "hours": 6,
    "origin_region": "shanghai",
    "max_rtt_ms": 30,
    "data_gb": 500,
    "allowed_regions": None,
    "max_pue": 1.3,
    "min_green_share": 0.5,
    "job_class": "training_large",
}
TERMS: Mapping[str, Any] = {
    "limit_price": "1200.00",
    "latency_cost_per_ms_hour": "0.02",
    "earliest_start": None,
    "deadline": "2025-07-17T08:00:00Z",
    "interruptible": False,
    "divisible": None,
}
ACCEPTED: Mapping[str, Any] = {
    "id": "ord_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "buyer_id": "buy_0001",
    "state": "open",
    "submitted_at": "2025-07-16T08:00:00Z",
}


class JobNeeds(Schema):
    """The technical part of an order: what runs, how long, and where it may."""

    model_config = example(**JOB)

    compute_class: Annotated[ComputeClass, Field(strict=False)]
    devices: Annotated[list[Reference], Field(min_length=1, max_length=200)] | None = Field(
        None, description="Any of these devices; null for any that fits. GET /v1/devices lists them."
    )
    min_memory_gb: Annotated[float, Field(ge=0, le=10**6)] | None = None
    precision: Annotated[Precision, Field(strict=False)] | None = Field(
        None, description="Arithmetic the job is bound by; null if it runs equally fast everywhere."
    )
    units: int = Field(ge=1, le=10**7, description="Cards or cores, all at once (a gang).")
    hours: Annotated[
        Annotated[Hours, Tag("number")]
        | Annotated[dict[Reference, Hours], Field(min_length=1, max_length=200), Tag("by_device")],
        Discriminator(lambda given: "by_device" if isinstance(given, dict) else "number"),
    ] = Field(
        description="Run time on the first listed device (or the class's reference device), scaled by device "
        "speed elsewhere; or hours for each device by id."
    )
    origin_region: Reference = Field(description="Where the user and the data are.")
    max_rtt_ms: Annotated[float, Field(ge=0, le=10**6)] | None = None
    data_gb: float = Field(0.0, ge=0, le=10**7, description="Data to move if it runs outside its origin.")
    allowed_regions: Annotated[list[Reference], Field(min_length=1, max_length=500)] | None = None
    max_pue: Annotated[float, Field(ge=1, le=10)] | None = None
    min_green_share: Annotated[float, Field(ge=0, le=1)] | None = None
    job_class: Annotated[JobClass, Field(strict=False)] = Field(
        JobClass.OTHER, description="A label for reports and maps; it decides nothing."
    )

    def job(self) -> Job:
        """The market's noun."""
        return Job(
            compute_class=self.compute_class,
            devices=None if self.devices is None else tuple(self.devices),
            min_memory_gb=self.min_memory_gb,
            precision=self.precision,
            units=self.units,
            hours=self.hours,
            origin_region=self.origin_region,
            max_rtt_ms=self.max_rtt_ms,
            data_gb=self.data_gb,
            allowed_regions=None if self.allowed_regions is None else tuple(self.allowed_regions),
            max_pue=self.max_pue,
            min_green_share=self.min_green_share,
            job_class=self.job_class,
        )

    @classmethod
    def of(cls, job: Job) -> "JobNeeds":
        """A stored job; nothing in it is checked again."""
        fields = {name: getattr(job, name) for name in cls.model_fields}
        for name in ("devices", "allowed_regions"):
            fields[name] = None if fields[name] is None else list(fields[name])
        return cls.model_construct(**fields)


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
        default=False, description="May be paused. Kept with the order; for now every job runs in one piece."
    )
    divisible: bool | None = Field(None, description="Only null or false for now.")
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

    @classmethod
    def of(cls, order: Order) -> "OrderAnswer":
        """What an order looks like from outside."""
        return cls.model_construct(**_order_fields(order))


class OrderEvent(Schema):
    """One step of an order's life."""

    model_config = example(
        at="2025-07-16T08:00:00Z", state="open", actor="key_01k0a1b2c3", reason="submitted"
    )

    at: datetime
    state: OrderState
    actor: str = Field(description="The key that acted, or `exchange`.")
    reason: str


class OrderDetail(OrderAnswer):
    """An order with what was granted to it, and its history."""

    model_config = example(
        **ACCEPTED,
        job=JOB,
        **TERMS,
        allocation=None,
        history=[
            {"at": "2025-07-16T08:00:00Z", "state": "open", "actor": "key_01k0a1b2c3", "reason": "submitted"}
        ],
    )

    allocation: AllocationAnswer | None
    history: list[OrderEvent]

    @classmethod
    def tell(
        cls, order: Order, allocation: AllocationAnswer | None, history: tuple[OrderEventRow, ...]
    ) -> "OrderDetail":
        """The whole story of an order."""
        events = [
            OrderEvent(at=row.at, state=OrderState(row.state), actor=row.actor, reason=row.reason)
            for row in history
        ]
        return cls.model_construct(**_order_fields(order), allocation=allocation, history=events)


def _order_fields(order: Order) -> dict[str, Any]:
    terms = order.terms
    return {
        "id": order.id,
        "buyer_id": order.buyer_id,
        "state": order.state,
        "submitted_at": order.submitted_at,
        "job": JobNeeds.of(terms.job),
        "limit_price": format_cny(terms.limit_price_micros),
        "latency_cost_per_ms_hour": format_cny(terms.latency_cost_micros_per_ms_unit_hour),
        "earliest_start": terms.earliest_start,
        "deadline": terms.deadline,
        "interruptible": terms.interruptible,
        "divisible": None,
    }


class OrderBatch(Schema):
    """Many orders at once; each is validated, taken or refused on its own."""

    model_config = example(orders=[{"job": JOB, **TERMS}])

    orders: list[Any] = Field(
        min_length=1,
        max_length=LARGEST_BATCH,
        json_schema_extra={"items": {"$ref": "#/components/schemas/OrderRequest"}},
    )


class OrderAccepted(Schema):
    """An order of a batch that is in the book."""

    model_config = example(status=201, order={**ACCEPTED, "job": JOB, **TERMS})

    status: int = 201
    order: OrderAnswer


class OrderRefused(Schema):
    """An order of a batch that was refused, and why."""

    model_config = example(
        status=422,
        error={
            "type": "urn:suanli:problem:unknown_region",
            "title": "Invalid input",
            "status": 422,
            "detail": "no region 'atlantis'; GET /v1/regions lists them",
            "code": "unknown_region",
        },
    )

    status: int
    error: Problem


class OrderBatchAnswer(Schema):
    """One answer for each order of a batch, in the same sequence."""

    model_config = example(items=[{"status": 201, "order": {**ACCEPTED, "job": JOB, **TERMS}}])

    items: list[OrderAccepted | OrderRefused]


class OrdersQuery(PageQuery):
    """Which orders."""

    state: OrderState | None = Field(None, description="Only orders in this state.")
