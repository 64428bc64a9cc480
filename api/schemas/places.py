"""Regions, nodes and devices: the public catalogue."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from api.schemas.fields import (
    Cny,
    CnyText,
    FreshId,
    Named,
    PageQuery,
    Reference,
    Schema,
    Words,
    example,
    named_example,
)
from market.domain.devices import ComputeClass, Device, Precision
from market.domain.money import MICROS_PER_CNY, format_cny
from market.domain.places import Node, Provenance, Region, Side
from market.domain.states import NodeState
from market.persistence.filters import Filters

Confidence = Literal["stated", "derived", "assumption"]
KgPerKwh = Annotated[float, Field(ge=0, le=5)]
DEAREST_KWH_CNY = 1000
REGION = {
    "id": "hohhot",
    "name_zh": "呼和浩特",
    "name_en": "Hohhot",
    "province_zh": "内蒙古",
    "province_en": "Inner Mongolia",
    "hub_zh": "内蒙古枢纽",
    "side": "west",
    "lat": 40.842,
    "lon": 111.749,
    "carbon_location_kg_per_kwh": 0.6849,
    "carbon_residual_kg_per_kwh": 0.6096,
    "source": "operator",
    "confidence": "stated",
}
NODE = {
    "id": "horinger_south",
    "region_id": "hohhot",
    "name_zh": "和林格尔南区",
    "name_en": "Horinger South",
    "pue": 1.15,
    "cooling": "air",
    "power_cap_kw": 20000,
    "tariff_per_kwh": ["0.26"] * 8 + ["0.36"] * 8 + ["0.45"] * 8,
    "green_share": 0.8,
    "source": "operator",
    "confidence": "stated",
}


def _require_plausible(micros: int) -> int:
    if not 0 <= micros <= DEAREST_KWH_CNY * MICROS_PER_CNY:
        raise PydanticCustomError(
            "invalid_amount", f"a tariff lies between 0 and {DEAREST_KWH_CNY} CNY per kWh"
        )
    return micros


def _tariff_schema() -> JsonDict:
    """As amounts are written, so many digits at most; what is dearest is a power of ten."""
    digits = len(str(DEAREST_KWH_CNY)) - 1
    below = rf"0{{0,{8 - digits}}}[0-9]{{1,{digits}}}(\.[0-9]{{1,6}})?"
    dearest = rf"0{{0,{7 - digits}}}{DEAREST_KWH_CNY}(\.0{{1,6}})?"
    return {
        "type": "string",
        "pattern": f"^({below}|{dearest})$",
        "description": f"CNY per kWh as a decimal string, at most 6 places, from 0 to {DEAREST_KWH_CNY}",
        "examples": ["0.26"],
    }


Tariff = Annotated[Cny, AfterValidator(_require_plausible), WithJsonSchema(_tariff_schema())]


class Sourced(Schema):
    """Where a figure comes from, and how far to trust it."""

    source: Words = "operator"
    confidence: Confidence = "stated"

    def provenance(self) -> Provenance:
        """The market's noun."""
        return Provenance(self.source, self.confidence)


class RegionRequest(Named, Sourced):
    """A place with a grid. Its distances to all other regions are modelled from coordinates."""

    model_config = named_example(**REGION)

    id: FreshId
    province_zh: Words
    province_en: Words
    hub_zh: Words | None = None
    side: Annotated[Side, Field(strict=False)]
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    carbon_location_kg_per_kwh: KgPerKwh = Field(description="The grid's average.")
    carbon_residual_kg_per_kwh: KgPerKwh = Field(description="The residual mix.")

    def region(self) -> Region:
        """The market's noun."""
        return Region(**_stated_fields(self), provenance=self.provenance())


class RegionAnswer(Schema):
    """A place with a grid."""

    model_config = example(**REGION)

    id: str
    name_zh: str
    name_en: str
    province_zh: str
    province_en: str
    hub_zh: str | None
    side: Side
    lat: float
    lon: float
    carbon_location_kg_per_kwh: float
    carbon_residual_kg_per_kwh: float
    source: str
    confidence: str

    @classmethod
    def of(cls, region: Region) -> "RegionAnswer":
        """What a region looks like from outside."""
        return cls(**_fields_of(cls, region))


class NodeRequest(Named, Sourced):
    """One computing centre."""

    model_config = named_example(**NODE)

    id: FreshId
    region_id: Reference
    pue: float = Field(ge=1, le=3)
    cooling: Words = "air"
    power_cap_kw: Annotated[int, Field(ge=1, le=10**9)] | None = Field(
        None, description="Facility power that new work may draw; null: no cap."
    )
    tariff_per_kwh: list[Tariff] = Field(
        min_length=24, max_length=24, description="CNY per kWh in each hour of the local day."
    )
    green_share: float = Field(ge=0, le=1, description="Share of contracted green power.")

    def node(self) -> Node:
        """The market's noun."""
        return Node(
            **_stated_fields(self),
            tariff_micros_per_kwh=tuple(self.tariff_per_kwh),
            provenance=self.provenance(),
        )


class NodeAnswer(Schema):
    """One computing centre."""

    model_config = example(**NODE, state="up")

    id: str
    region_id: str
    name_zh: str
    name_en: str
    pue: float
    cooling: str
    power_cap_kw: int | None
    tariff_per_kwh: list[CnyText]
    green_share: float
    source: str
    confidence: str
    state: NodeState = Field(description="A node that is `down` takes nothing.")

    @classmethod
    def of(cls, node: Node) -> "NodeAnswer":
        """What a node looks like from outside."""
        tariff = [format_cny(micros) for micros in node.tariff_micros_per_kwh]
        return cls(**_fields_of(cls, node) | {"tariff_per_kwh": tariff})


class DeviceAnswer(Schema):
    """One kind of card or core. `peak` is TFLOPS (TOPS for int8); `speed` is relative to the class's reference."""

    model_config = example(
        id="910b",
        compute_class="gpu",
        name_zh="昇腾 910B",
        name_en="Ascend 910B",
        vendor="Huawei",
        domestic=True,
        memory_gb=64.0,
        watts_per_unit=700,
        peak={"fp16": 320.0, "int8": 640.0},
        speed={"fp16": 0.82, "int8": 0.82},
        source="vendor",
        confidence="derived",
    )

    id: str
    compute_class: ComputeClass
    name_zh: str
    name_en: str
    vendor: str
    domestic: bool
    memory_gb: float
    watts_per_unit: int
    peak: dict[Precision, float]
    speed: dict[Precision, float]
    source: str
    confidence: str

    @classmethod
    def of(cls, device: Device) -> "DeviceAnswer":
        """What a device looks like from outside."""
        return cls(**_fields_of(cls, device) | {"peak": dict(device.peak), "speed": dict(device.speed)})


def _stated_fields(request: RegionRequest | NodeRequest) -> dict[str, Any]:
    """The fields that the market's noun has under the same name."""
    others = {"name", "tariff_per_kwh", "source", "confidence"}
    return {name: getattr(request, name) for name in type(request).model_fields if name not in others}


def _fields_of(schema: type[Schema], thing: Region | Node | Device) -> dict[str, Any]:
    """Fields of the same name, with the provenance flattened."""
    same = {name: getattr(thing, name) for name in schema.model_fields if hasattr(thing, name)}
    return same | {"source": thing.provenance.source, "confidence": thing.provenance.confidence}


class NodesQuery(PageQuery):
    """Which nodes."""

    region_id: Reference | None = Field(None, description="Only those in this region.")
    state: NodeState | None = Field(None, description="Only those that are up, or down.")

    def filters(self) -> Filters:
        """What is asked of the rows."""
        return {"region_id": self.region_id, "state": self.state}
