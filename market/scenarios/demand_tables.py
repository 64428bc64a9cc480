"""The generator's tables: distributions read from a scenario's CSV files.

A cell may hold a small distribution, `value=weight;value=weight`. A row that cannot be read is reported with
file, line, column and what was expected; references between the files are checked here as well.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Generic, TypeVar

from market.domain.devices import ComputeClass
from market.scenarios.csv_rows import CsvRow, nonnegative, read_rows, word_of

Value = TypeVar("Value")

FAULT_REASONS = ("NO_SUCH_DEVICE", "TOO_FAR", "NOT_ALLOWED_THERE", "TOO_LATE", "TOO_LARGE", "PRICED_OUT")
"""The reasons an order can be made impossible for, one row each in `impossible_orders.csv`."""


@dataclass(frozen=True, slots=True)
class Choice(Generic[Value]):
    """A discrete distribution: values with their cumulated shares."""

    values: tuple[Value, ...]
    cumulated: tuple[float, ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[Value, float]]) -> "Choice[Value]":
        """Build from (value, weight) pairs; the weights need not sum to one."""
        values, weights = zip(*pairs, strict=True)
        total = sum(weights)
        if total <= 0:
            raise ValueError("no weight above zero")
        return cls(values, tuple(w / total for w in accumulate(weights)))

    def pick(self, uniform: float) -> Value:
        """The value at this point of [0, 1)."""
        return self.values[min(bisect_right(self.cumulated, uniform), len(self.values) - 1)]


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A log-normal by its median and the sigma of its logarithm, cut to [least, most]."""

    median: float
    sigma: float
    least: float = 0.0
    most: float = math.inf

    def draw(self, normal: float) -> float:
        """The value at this standard normal."""
        return min(self.most, max(self.least, self.median * math.exp(self.sigma * normal)))


@dataclass(frozen=True, slots=True)
class JobProfile:
    """One row of `job_classes.csv`: how orders of one kind look."""

    job_class: str
    compute_class: str
    precision: str | None
    curve: str
    units: Choice[int]
    hours: LogNormal
    slack_hours: tuple[int, int]
    devices: Choice[tuple[str, ...]]
    min_memory_gb: Choice[float | None]
    max_rtt_ms: Choice[float | None]
    residency: Choice[str]
    max_pue: Choice[float | None]
    min_green_share: Choice[float | None]
    data_gb: LogNormal
    latency_cost_cny: tuple[float, float]
    typical_rtt_ms: float
    willingness: LogNormal


@dataclass(frozen=True, slots=True)
class DemandTables:
    """All that the generator knows about the market.

    `typical_ask_micros` is the median listed card's (core's) ask per device, `largest_gang` the largest order
    any listing of the class takes; both come from the listings, so that limits follow the market they bid in.
    """

    profiles: Choice[JobProfile]
    origins: Choice[str]
    hour_of_day: Mapping[str, Choice[int]]
    faults: Choice[str | None]
    buyers: Mapping[str, tuple[str, ...]]
    province: Mapping[str, str]
    side: Mapping[str, str]
    typical_ask_micros: Mapping[str, int]
    largest_gang: Mapping[str, int]


def read_demand_tables(directory: Path) -> DemandTables:
    """Read the generator's tables from a scenario's CSV files; `InvalidInput` where a row is broken."""
    regions = read_rows(directory / "regions.csv")
    curves = _read_curves(directory / "diurnal.csv")
    buyers = _read_buyers(directory / "buyers.csv")
    typical_ask, largest_gang = _read_listings(directory)
    faults = [
        (row.read("reason", " or ".join(FAULT_REASONS), word_of(FAULT_REASONS)), row.number("share"))
        for row in read_rows(directory / "impossible_orders.csv")
    ]
    return DemandTables(
        profiles=Choice.of(
            (_read_profile(row, curves, typical_ask), row.number("share_of_orders"))
            for row in read_rows(directory / "job_classes.csv")
        ),
        origins=Choice.of(
            (row.read("region_id", "a region with a buyer", word_of(buyers)), row.number("weight"))
            for row in read_rows(directory / "origin_weights.csv")
        ),
        hour_of_day=curves,
        faults=Choice.of([*faults, (None, 1.0 - sum(share for _, share in faults))]),
        buyers=buyers,
        province={row.text("id"): row.text("province_en") for row in regions},
        side={row.text("id"): row.text("side") for row in regions},
        typical_ask_micros=typical_ask,
        largest_gang=largest_gang,
    )


def _read_profile(row: CsvRow, curves: Iterable[str], listed: Iterable[str]) -> JobProfile:
    return JobProfile(
        job_class=row.text("job_class"),
        compute_class=row.read("compute_class", "gpu, hpc or general", _compute_class),
        precision=row.read("precision", "fp64, fp32, fp16, int8 or nothing", _precision),
        curve=row.read("curve", "a curve of diurnal.csv", word_of(curves)),
        units=_choice(row, "units_choices", int),
        hours=LogNormal(*map(row.number, ("hours_median", "hours_sigma", "hours_min", "hours_max"))),
        slack_hours=(row.count("slack_min_hours"), row.count("slack_max_hours")),
        devices=_choice(row, "devices_choices", _device_list(listed)),
        min_memory_gb=_choice(row, "min_memory_gb_choices", _optional_number),
        max_rtt_ms=_choice(row, "max_rtt_ms_choices", _optional_number),
        residency=_choice(row, "residency_choices", _residency),
        max_pue=_choice(row, "max_pue_choices", _optional_number),
        min_green_share=_choice(row, "min_green_share_choices", _optional_number),
        data_gb=LogNormal(row.number("data_gb_median"), row.number("data_gb_sigma")),
        latency_cost_cny=(row.number("latency_cost_min_cny"), row.number("latency_cost_max_cny")),
        typical_rtt_ms=row.number("typical_rtt_ms"),
        willingness=LogNormal(row.number("willingness_median"), row.number("willingness_sigma")),
    )


def _read_curves(path: Path) -> dict[str, Choice[int]]:
    shares: dict[str, list[tuple[int, float]]] = {}
    for row in read_rows(path):
        hour = row.read("hour", "an hour from 0 to 23", _hour)
        shares.setdefault(row.text("curve"), []).append((hour, row.number("share")))
    return {curve: Choice.of(pairs) for curve, pairs in shares.items()}


def _read_buyers(path: Path) -> dict[str, tuple[str, ...]]:
    buyers: dict[str, tuple[str, ...]] = {}
    for row in read_rows(path):
        region = row.text("home_region_id")
        buyers[region] = (*buyers.get(region, ()), row.text("id"))
    return buyers


def _read_listings(directory: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Per device the ask of the median listed unit; per class the largest order any listing takes."""
    compute_class = {
        row.text("id"): row.text("compute_class") for row in read_rows(directory / "devices.csv")
    }
    listed: dict[str, list[tuple[int, int]]] = {}
    largest_gang: dict[str, int] = {}
    for row in read_rows(directory / "offerings.csv"):
        device = row.read("device_id", "an id of devices.csv", word_of(compute_class))
        ask = row.money("ask_cny_per_unit_hour")
        listed.setdefault(device, []).append((ask, row.count("units")))
        of_class, gang = compute_class[device], row.count("max_gang_units")
        largest_gang[of_class] = max(gang, largest_gang.get(of_class, 0))
    return {device: Choice.of(sorted(asks)).pick(0.5) for device, asks in listed.items()}, largest_gang


def _choice(row: CsvRow, column: str, parse: Callable[[str], Value]) -> Choice[Value]:
    return row.read(column, "value=weight;value=weight", lambda cell: _parse_choice(cell, parse))


def _parse_choice(cell: str, parse: Callable[[str], Value]) -> Choice[Value]:
    pairs = [part.rsplit("=", 1) for part in cell.split(";")]
    return Choice.of([(parse(value), nonnegative(weight)) for value, weight in pairs])


_residency = word_of(("any", "province", "side"))
_compute_class = word_of(ComputeClass)


def _precision(cell: str) -> str | None:
    return word_of(("fp64", "fp32", "fp16", "int8"))(cell) if cell else None


def _hour(cell: str) -> int:
    value = int(cell)
    if not 0 <= value < 24:
        raise ValueError(cell)
    return value


def _optional_number(cell: str) -> float | None:
    return None if cell == "none" else nonnegative(cell)


def _device_list(listed: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    known = word_of(listed)
    return lambda cell: () if cell == "none" else tuple(known(name) for name in cell.split("|"))
