"""Fields that every schema is made of: strict, and money never a float."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from market.domain.errors import InvalidInput
from market.domain.money import parse_cny
from market.domain.orders import WHOLE_UNIT

T = TypeVar("T")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Schema(BaseModel):
    """Nothing is guessed, nothing unknown is ignored, no NaN gets in."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


def _read_cny(value: object) -> int:
    if not isinstance(value, str):
        raise PydanticCustomError(
            "invalid_amount", 'write an amount in CNY as a decimal string such as "1200.00", not as a number'
        )
    try:
        return parse_cny(value)
    except InvalidInput as error:
        raise PydanticCustomError("invalid_amount", "{message}", {"message": error.message}) from error


def _read_moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise _no_moment()
    return _moment_of(value)


@lru_cache(maxsize=10_000)
def _moment_of(text: str) -> datetime:
    """A batch names few deadlines, each many times: it is one object from here to the database."""
    if not _RFC3339.fullmatch(text):
        raise _no_moment()
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("invalid_time", "there is no such time") from error


def _no_moment() -> PydanticCustomError:
    return PydanticCustomError(
        "invalid_time", 'write a time as RFC 3339 with an offset, such as "2025-07-16T08:00:00Z"'
    )


def _require_printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("invalid_text", "text has no control characters")
    return text


Cny = Annotated[
    int,
    PlainValidator(_read_cny),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[0-9]{1,8}(\.[0-9]{1,6})?$",
            "description": "CNY as a decimal string, at most 6 places",
            "examples": ["1200.00"],
        }
    ),
]
"""An amount that comes in: a decimal string outside, micro-yuan inside."""

CnyText = Annotated[
    str, WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,6}$", "examples": ["1200.00"]})
]
"""An amount that goes out."""

Moment = Annotated[
    datetime,
    BeforeValidator(_read_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2025-07-16T08:00:00Z"]}),
]
"""RFC 3339 with an offset outside, UTC inside."""

PRINTABLE = AfterValidator(_require_printable)
"""For text: no control characters. It may be empty."""

Reference = Annotated[str, StringConstraints(min_length=1, max_length=64), PRINTABLE]
"""The id of something that should exist; whether it does, the market says."""

FreshId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,63}$")]
"""An id chosen by the client."""

Words = Annotated[str, StringConstraints(min_length=1, max_length=200), PRINTABLE]
"""A short text for people."""

NO_DEFAULT: dict[str, Any] = {"default": None}
"""For a field that may be left out but not be null: what stands for nothing inside is nobody's business outside."""

UnitsShown = Annotated[
    int | float,
    WithJsonSchema({"type": "number", "minimum": 0, "examples": [8, 0.3]}),
]
"""Units that go out: a whole number, or tenths of one card as a decimal."""

ANY_NAME: JsonDict = {"anyOf": [{"required": [name]} for name in ("name", "name_zh", "name_en")]}

Count = Annotated[int, Field(ge=0, le=10**9)]


class Named(Schema):
    """What has a name in two languages: `name` fills the language that is left out, and so does the other one."""

    name: Words = Field(
        default="", description="Stands for each of the two that is left out.", json_schema_extra=NO_DEFAULT
    )
    name_zh: Words = Field(
        default="", description="Left out: `name`, else `name_en`.", json_schema_extra=NO_DEFAULT
    )
    name_en: Words = Field(
        default="", description="Left out: `name`, else `name_zh`.", json_schema_extra=NO_DEFAULT
    )

    @model_validator(mode="after")
    def _fill_names(self) -> "Named":
        found = self.name or self.name_en or self.name_zh
        if not found:
            raise PydanticCustomError("missing_name", "give a name: `name`, `name_zh` or `name_en`")
        self.name_zh = self.name_zh or self.name or self.name_en
        self.name_en = self.name_en or self.name or self.name_zh
        return self


class PageAnswer(Schema, Generic[T]):
    """Some items, and where the next ones start."""

    items: list[T]
    next_cursor: str | None = Field(
        description="Pass it as `cursor` for the next page; null on the last.", examples=[None]
    )


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=1000, description="Most items on a page.")
    cursor: str | None = Field(
        None, min_length=1, max_length=200, description="`next_cursor` of the page before."
    )


def shown_units(units: int, unit_tenths: int = WHOLE_UNIT) -> int | float:
    """Units as they go out: 8, or 0.3 for three tenths of one card."""
    tenths = units * unit_tenths
    return tenths / WHOLE_UNIT if tenths % WHOLE_UNIT else tenths // WHOLE_UNIT


def example(**fields: Any) -> ConfigDict:
    """A schema's configuration with one complete example."""
    return ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [fields]}
    )


def named_example(**fields: Any) -> ConfigDict:
    """The same for what must have a name in some language."""
    config = example(**fields)
    return config | ConfigDict(json_schema_extra={"examples": [fields], **ANY_NAME})
