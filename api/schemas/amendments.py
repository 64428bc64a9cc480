"""What is to be different about an order: any of its fields, those of the job flat or inside `job`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.fields import NO_DEFAULT, Cny, Moment, Reference, Schema, example
from api.schemas.jobs import HoursNeeded, UnitsNeeded, units_and_tenths
from market.domain.devices import ComputeClass, Precision
from market.domain.orders import JobClass, TimeInForce

NEVER = datetime.max.replace(tzinfo=UTC)
TUPLES = frozenset({"devices", "allowed_regions"})
MARKET_NAMES: Mapping[str, str] = {
    "limit_price": "limit_price_micros",
    "latency_cost_per_ms_hour": "latency_cost_micros_per_ms_unit_hour",
}


class JobChanges(Schema):
    """Fields of a job that are to be different; the rest stays."""

    model_config = example(max_rtt_ms=40) | {
        "json_schema_extra": {"examples": [{"max_rtt_ms": 40}], "minProperties": 1}
    }

    compute_class: Annotated[ComputeClass, Field(strict=False)] = Field(
        default=ComputeClass.GPU, json_schema_extra=NO_DEFAULT
    )
    devices: Annotated[list[Reference], Field(min_length=1, max_length=200)] | None = None
    min_memory_gb: Annotated[float, Field(ge=0, le=10**6)] | None = None
    precision: Annotated[Precision, Field(strict=False)] | None = None
    units: UnitsNeeded = Field(default=1, json_schema_extra=NO_DEFAULT)
    hours: HoursNeeded = Field(default=1.0, json_schema_extra=NO_DEFAULT)
    origin_region: Reference = Field(default="", json_schema_extra=NO_DEFAULT)
    max_rtt_ms: Annotated[float, Field(ge=0, le=10**6)] | None = None
    data_gb: Annotated[float, Field(ge=0, le=10**7)] = Field(default=0.0, json_schema_extra=NO_DEFAULT)
    allowed_regions: Annotated[list[Reference], Field(min_length=1, max_length=500)] | None = None
    max_pue: Annotated[float, Field(ge=1, le=10)] | None = None
    min_green_share: Annotated[float, Field(ge=0, le=1)] | None = None
    job_class: Annotated[JobClass, Field(strict=False)] = Field(
        default=JobClass.OTHER, json_schema_extra=NO_DEFAULT
    )

    @model_validator(mode="after")
    def _require_change(self) -> "JobChanges":
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_change", "name at least one field to change")
        return self


class OrderChanges(JobChanges):
    """What is to be different; the rest stays. Fields of the job may be given flat or inside `job`.

    What may be null in an order may be set to null here.
    """

    model_config = example(limit_price="1310.00") | {
        "json_schema_extra": {
            "examples": [{"limit_price": "1310.00"}, {"job": {"max_rtt_ms": 40}}],
            "minProperties": 1,
        }
    }

    limit_price: Cny = Field(default=0, json_schema_extra=NO_DEFAULT)
    latency_cost_per_ms_hour: Cny = Field(default=0, json_schema_extra=NO_DEFAULT)
    earliest_start: Moment | None = None
    deadline: Moment = Field(default=NEVER, json_schema_extra=NO_DEFAULT)
    interruptible: bool = Field(default=False, json_schema_extra=NO_DEFAULT)
    time_in_force: Annotated[TimeInForce, Field(strict=False)] = Field(
        default=TimeInForce.UNTIL_DEADLINE, json_schema_extra=NO_DEFAULT
    )
    job: JobChanges | None = None

    @model_validator(mode="after")
    def _require_one_meaning(self) -> "OrderChanges":
        twice = self.model_fields_set & (self.job.model_fields_set if self.job else set())
        if twice:
            named = ", ".join(sorted(twice))
            raise PydanticCustomError(
                "named_twice", "name {named} once: flat or inside job", {"named": named}
            )
        return self

    def changes(self) -> dict[str, Any]:
        """The named fields only, in the market's words."""
        given = {name: getattr(self, name) for name in sorted(self.model_fields_set - {"job"})}
        if self.job is not None:
            given |= {name: getattr(self.job, name) for name in sorted(self.job.model_fields_set)}
        if "units" in given:
            given["units"], given["unit_tenths"] = units_and_tenths(given["units"])
        lists = {name: tuple(given[name]) for name in TUPLES & given.keys() if given[name] is not None}
        return {MARKET_NAMES.get(name, name): value for name, value in (given | lists).items()}
