"""Scenarios: a catalogue and a day of orders read from CSV files, validated whole before anything is used."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from market.domain.devices import ComputeClass, Device, Precision
from market.domain.errors import InvalidInput
from market.domain.offerings import Offering
from market.domain.orders import JobClass
from market.domain.parties import Buyer, Provider
from market.domain.places import Node, Provenance, Region, RoundTripTime, Side
from market.domain.states import OfferingState
from market.scenarios.csv_rows import CsvRow, read_rows
from market.scenarios.demand import GeneratedOrder
from market.scenarios.scarcity import scaled_to

LISTED_AT = datetime(2025, 7, 1, tzinfo=UTC)
"""The catalogue describes the national platform of July 2025."""

VARIANT = "scenario.csv"
CONFIDENCE = ("stated", "derived", "assumption")
Thing = TypeVar("Thing", Region, Node, Device, Provider, Buyer, Offering, RoundTripTime)
_PEAK_COLUMNS = {
    Precision.FP64: "fp64_tflops",
    Precision.FP32: "fp32_tflops",
    Precision.FP16: "fp16_tflops",
    Precision.INT8: "int8_tops",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole catalogue; every reference in it resolves."""

    regions: tuple[Region, ...]
    round_trip_times: tuple[RoundTripTime, ...]
    nodes: tuple[Node, ...]
    devices: tuple[Device, ...]
    providers: tuple[Provider, ...]
    buyers: tuple[Buyer, ...]
    offerings: tuple[Offering, ...]

    def in_order_of_reference(
        self,
    ) -> tuple[tuple[Region | RoundTripTime | Node | Device | Provider | Buyer | Offering, ...], ...]:
        """Kinds such that each refers to earlier ones only."""
        return (
            self.regions,
            self.round_trip_times,
            self.nodes,
            self.devices,
            self.providers,
            self.buyers,
            self.offerings,
        )


def scenario_directory(name: str) -> Path:
    """Where a shipped scenario lives; `InvalidInput` names the ones there are."""
    root = Path(str(files("fixtures")))
    known = sorted(p.name for p in root.iterdir() if (p / "regions.csv").is_file() or (p / VARIANT).is_file())
    if name not in known:
        raise InvalidInput("unknown_scenario", f"no scenario {name!r}: choose one of {', '.join(known)}")
    return root / name


def original_of(directory: Path) -> Path:
    """The scenario that this one varies, which has the orders and the demand tables; itself where it varies none."""
    variant = directory / VARIANT
    return original_of(directory.parent / _settings(variant)["extends"]) if variant.is_file() else directory


def read_scenario(directory: Path) -> Scenario:
    """Read and check a scenario; `InvalidInput` tells file, line, column and what was expected.

    A directory with a `scenario.csv` varies another one: `extends` names it, `demand_over_supply` says how scarce
    it is.
    """
    variant = directory / VARIANT
    if not variant.is_file():
        return _read_whole(directory)
    settings = _settings(variant)
    base = directory.parent / settings["extends"]
    scenario, orders = read_scenario(base), read_orders(original_of(base) / "orders.csv")
    ratio = float(settings["demand_over_supply"])
    return replace(scenario, offerings=scaled_to(scenario.offerings, scenario.devices, orders, ratio))


def _settings(variant: Path) -> dict[str, str]:
    return {row.text("name"): row.text("value") for row in read_rows(variant)}


def _read_whole(directory: Path) -> Scenario:
    regions = _read(directory / "regions.csv", _region)
    region_ids = [region.id for region in regions]
    nodes = _read(directory / "nodes.csv", lambda row: _node(row, region_ids))
    devices = _read(directory / "devices.csv", _device)
    providers = _read(directory / "providers.csv", lambda row: _organisation(row, Provider, region_ids))
    buyers = _read(directory / "buyers.csv", lambda row: _organisation(row, Buyer, region_ids))
    references = {
        "provider_id": [p.id for p in providers],
        "node_id": [n.id for n in nodes],
        "device_id": [d.id for d in devices],
    }
    offerings = _read(directory / "offerings.csv", lambda row: _offering(row, references))
    rtt = tuple(_round_trip_time(row, region_ids) for row in read_rows(directory / "rtt.csv"))
    _check_complete(directory / "rtt.csv", rtt, region_ids)
    return Scenario(regions, rtt, nodes, devices, providers, buyers, offerings)


def read_orders(path: Path) -> list[GeneratedOrder]:
    """The shipped day of orders, in the order in which they arrive."""
    return [_order(row) for row in read_rows(path)]


def _read(path: Path, build: Callable[[CsvRow], Thing]) -> tuple[Thing, ...]:
    """Rows as domain objects; ids unique, and what the domain refuses is reported with its line."""
    things: dict[str, Thing] = {}
    for row in read_rows(path):
        id_ = row.text("id")
        if id_ in things:
            raise row.broken("id", "an id not used before", repr(id_))
        try:
            things[id_] = build(row)
        except InvalidInput as error:
            if error.code == "broken_row":
                raise
            raise row.broken(_COLUMN_OF.get(error.code, "id"), "a valid row", error.message) from error
    return tuple(things.values())


_COLUMN_OF = {
    "invalid_pue": "pue",
    "invalid_green_share": "green_share",
    "invalid_tariff": "tariff_cny_per_kwh_h00",
    "invalid_power_cap": "power_cap_kw",
    "invalid_units": "units",
    "invalid_capacity": "free_units_h00",
}
"""Where the domain's refusals point to."""


def _provenance(row: CsvRow) -> Provenance:
    return Provenance(row.text("source"), row.one_of("confidence", CONFIDENCE))


def _region(row: CsvRow) -> Region:
    return Region(
        id=row.text("id"),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        province_zh=row.text("province_zh"),
        province_en=row.text("province_en"),
        hub_zh=row.optional("hub_zh", row.text),
        side=Side(row.one_of("side", Side)),
        lat=row.signed("lat"),
        lon=row.signed("lon"),
        carbon_location_kg_per_kwh=row.number("carbon_location_kg_per_kwh"),
        carbon_residual_kg_per_kwh=row.number("carbon_residual_kg_per_kwh"),
        provenance=_provenance(row),
    )


def _node(row: CsvRow, region_ids: Iterable[str]) -> Node:
    return Node(
        id=row.text("id"),
        region_id=row.one_of("region_id", region_ids),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        pue=row.number("pue"),
        cooling=row.text("cooling"),
        power_cap_kw=row.optional("power_cap_kw", row.count),
        tariff_micros_per_kwh=tuple(row.money(f"tariff_cny_per_kwh_h{hour:02d}") for hour in range(24)),
        green_share=row.number("green_share"),
        provenance=_provenance(row),
    )


def _device(row: CsvRow) -> Device:
    peak = {p: row.optional(column, row.number) for p, column in _PEAK_COLUMNS.items()}
    speed = {p: row.optional(f"speed_{p.value}", row.number) for p in Precision}
    return Device(
        id=row.text("id"),
        compute_class=ComputeClass(row.one_of("compute_class", ComputeClass)),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        vendor=row.text("vendor"),
        domestic=row.one_of("domestic", ("0", "1")) == "1",
        memory_gb=row.number("memory_gb"),
        watts_per_unit=row.count("watts_per_unit"),
        peak=_known(peak),
        speed=_known(speed),
        provenance=_provenance(row),
    )


def _known(by_precision: Mapping[Precision, float | None]) -> dict[Precision, float]:
    return {p: value for p, value in by_precision.items() if value}


Organisation = TypeVar("Organisation", Provider, Buyer)


def _organisation(row: CsvRow, kind: type[Organisation], region_ids: Iterable[str]) -> Organisation:
    return kind(
        id=row.text("id"),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        kind=row.text("kind"),
        home_region_id=row.optional("home_region_id", lambda column: row.one_of(column, region_ids)),
        provenance=_provenance(row),
    )


def _offering(row: CsvRow, references: Mapping[str, Iterable[str]]) -> Offering:
    return Offering(
        id=row.text("id"),
        provider_id=row.one_of("provider_id", references["provider_id"]),
        node_id=row.one_of("node_id", references["node_id"]),
        device_id=row.one_of("device_id", references["device_id"]),
        units=row.count("units"),
        max_gang_units=row.count("max_gang_units"),
        ask_micros_per_unit_hour=row.money("ask_cny_per_unit_hour"),
        free_units_by_hour=tuple(row.count(f"free_units_h{hour:02d}") for hour in range(24)),
        available_from=None,
        available_until=None,
        state=OfferingState.OPEN,
        listed_at=LISTED_AT,
        provenance=_provenance(row),
    )


def _round_trip_time(row: CsvRow, region_ids: Iterable[str]) -> RoundTripTime:
    return RoundTripTime(
        from_region_id=row.one_of("from_region_id", region_ids),
        to_region_id=row.one_of("to_region_id", region_ids),
        rtt_ms=row.number("rtt_ms"),
        provenance=_provenance(row),
    )


def _check_complete(path: Path, rtt: Iterable[RoundTripTime], region_ids: list[str]) -> None:
    pairs = [(r.from_region_id, r.to_region_id) for r in rtt]
    missing = {(a, b) for a in region_ids for b in region_ids} - set(pairs)
    if missing or len(pairs) != len(set(pairs)):
        problem = f"no row for {' -> '.join(min(missing))}" if missing else "a pair stands twice"
        raise InvalidInput(
            "broken_file", f"{path.name}: every pair of regions once; {problem}", file=str(path)
        )


def _order(row: CsvRow) -> GeneratedOrder:
    return GeneratedOrder(
        number=row.count("number"),
        buyer_id=row.text("buyer_id"),
        job_class=row.one_of("job_class", JobClass),
        compute_class=row.one_of("compute_class", ComputeClass),
        devices=row.words("devices"),
        min_memory_gb=row.optional("min_memory_gb", row.number),
        precision=row.optional("precision", lambda column: row.one_of(column, Precision)),
        units=row.count("units"),
        hours=row.number("hours"),
        origin_region=row.text("origin_region"),
        max_rtt_ms=row.optional("max_rtt_ms", row.number),
        data_gb=row.number("data_gb"),
        allowed_regions=row.words("allowed_regions"),
        max_pue=row.optional("max_pue", row.number),
        min_green_share=row.optional("min_green_share", row.number),
        limit_micros=row.money("limit_cny"),
        latency_cost_micros_per_ms_unit_hour=row.money("latency_cost_cny_per_ms_unit_hour"),
        earliest_hour=row.count("earliest_hour"),
        deadline_hour=row.count("deadline_hour"),
    )
