"""The technical part of an order as it comes in and goes out."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Annotated, Any

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.schemas.fields import Reference, Schema, example, shown_units
from market.domain.devices import ComputeClass, Precision
from market.domain.orders import LONGEST_JOB_HOURS, WHOLE_UNIT, Job, JobClass

MOST_UNITS = 10**7
SHARES_OF_A_CARD = tuple(tenths / WHOLE_UNIT for tenths in range(1, WHOLE_UNIT))
Hours = Annotated[float, Field(gt=0, le=LONGEST_JOB_HOURS)]
HoursNeeded = Annotated[
    Annotated[Hours, Tag("number")]
    | Annotated[dict[Reference, Hours], Field(min_length=1, max_length=200), Tag("by_device")],
    Discriminator(lambda given: "by_device" if isinstance(given, dict) else "number"),
]


def _read_units(value: object) -> int | float:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_UNITS:
        return value
    if isinstance(value, float) and value in SHARES_OF_A_CARD:
        return value
    raise PydanticCustomError(
        "invalid_units", "units is a whole number from 1 to 10,000,000, or 0.1 to 0.9 for tenths of one card"
    )


UnitsNeeded = Annotated[
    int | float,
    PlainValidator(_read_units),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST_UNITS},
                {"type": "number", "enum": list(SHARES_OF_A_CARD)},
            ]
        }
    ),
]
"""Cards or cores, or tenths of one card."""


def units_and_tenths(units: int | float) -> tuple[int, int]:
    """What a job asks for in the market's words: so many units, or one unit and so many tenths of it."""
    return (units, WHOLE_UNIT) if isinstance(units, int) else (1, round(units * WHOLE_UNIT))


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
    units: UnitsNeeded = Field(
        description="Cards or cores, all at once: one gang in one interconnect domain (an offering's "
        "`max_gang_units`). 0.1 to 0.9: tenths of one card, where tenths are sold (`slices_per_unit` 10)."
    )
    hours: HoursNeeded = Field(
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
        units, unit_tenths = units_and_tenths(self.units)
        return Job(
            compute_class=self.compute_class,
            devices=None if self.devices is None else tuple(self.devices),
            min_memory_gb=self.min_memory_gb,
            precision=self.precision,
            units=units,
            unit_tenths=unit_tenths,
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
        return cls.model_construct(**_told(job))


_FIELDS = tuple(JobNeeds.model_fields)
_VALUES = attrgetter(*_FIELDS)


def job_fields(job: Job) -> dict[str, Any]:
    """A job as it goes out, for JSON: what `JobNeeds.of` holds. Enums as their words, which are written 20 times as fast."""
    fields = _told(job)
    fields["compute_class"], fields["job_class"] = str(job.compute_class), str(job.job_class)
    fields["precision"] = None if job.precision is None else str(job.precision)
    return fields


def _told(job: Job) -> dict[str, Any]:
    fields = dict(zip(_FIELDS, _VALUES(job), strict=True))
    fields["units"] = shown_units(job.units, job.unit_tenths)
    fields["devices"] = None if job.devices is None else list(job.devices)
    fields["allowed_regions"] = None if job.allowed_regions is None else list(job.allowed_regions)
    return fields
