"""The seeded order generator: a day of demand from public shares, sizes, durations and hours of the day.

The tables are the fixtures' own (`job_classes.csv`, `diurnal.csv`, `origin_weights.csv`, ...); their README
names the source of every row. The draw is inverse-transform sampling: each order owns one row of a matrix of
uniforms and one of normals, so an order reads as a list of lookups and the same seed gives the same list.
"""

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from market.domain.devices import REFERENCE_DEVICE
from market.domain.errors import InvalidInput
from market.domain.money import MICROS_PER_CNY, format_cny, round_micros
from market.scenarios.demand_tables import DemandTables, JobProfile, read_demand_tables

__all__ = [
    "ORDER_COLUMNS",
    "DemandTables",
    "GeneratedOrder",
    "generate_orders",
    "order_row",
    "read_demand_tables",
    "write_orders",
]

HORIZON_HOURS = 48
"""Deadlines end two days after the market day's midnight."""

ORDER_COLUMNS = (
    *("number", "buyer_id", "job_class", "compute_class", "devices", "min_memory_gb", "precision"),
    *("units", "hours", "origin_region", "max_rtt_ms", "data_gb", "allowed_regions", "max_pue"),
    *("min_green_share", "limit_cny", "latency_cost_cny_per_ms_unit_hour", "earliest_hour", "deadline_hour"),
)

_ABSURD_MEMORY_GB = 1024.0
_BELOW_ANY_METRO_RTT_MS = 1.0
_BELOW_ANY_PUE = 1.01
_LONG_HOURS = 12.0
_TOKEN_LIMIT_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class GeneratedOrder:
    """An order as `orders.csv` ships it; money in micro-yuan, hours counted from local midnight."""

    number: int
    buyer_id: str
    job_class: str
    compute_class: str
    devices: tuple[str, ...]
    min_memory_gb: float | None
    precision: str | None
    units: int
    hours: float
    origin_region: str
    max_rtt_ms: float | None
    data_gb: float
    allowed_regions: tuple[str, ...]
    max_pue: float | None
    min_green_share: float | None
    limit_micros: int
    latency_cost_micros_per_ms_unit_hour: int
    earliest_hour: int
    deadline_hour: int


@dataclass(frozen=True, slots=True)
class _Needs:
    """The part of an order that a fault may make impossible."""

    units: int
    hours: float
    min_memory_gb: float | None
    max_rtt_ms: float | None
    max_pue: float | None
    window_hours: int
    limit_share: float


def generate_orders(tables: DemandTables, count: int, seed: int) -> list[GeneratedOrder]:
    """`count` orders of one market day; the same tables, count and seed give the same list."""
    if count < 0:
        raise InvalidInput("invalid_count", "count of orders is not negative")
    generator = np.random.Generator(np.random.PCG64(seed))
    uniforms = generator.random((count, 16)).tolist()
    normals = generator.standard_normal((count, 3)).tolist()
    return [
        _draw_order(tables, number, u, z)
        for number, (u, z) in enumerate(zip(uniforms, normals, strict=True), start=1)
    ]


def _draw_order(tables: DemandTables, number: int, u: list[float], z: list[float]) -> GeneratedOrder:
    """One order from its row of uniforms and normals."""
    profile = tables.profiles.pick(u[0])
    origin = tables.origins.pick(u[1])
    buyers = tables.buyers[origin]
    devices = profile.devices.pick(u[2])
    earliest = tables.hour_of_day[profile.curve].pick(u[3])
    needs = _draw_needs(tables, profile, u, z)
    low, high = profile.latency_cost_cny
    latency_cost = round_micros((low + (high - low) * u[4]) * 1000) * (MICROS_PER_CNY // 1000)
    return GeneratedOrder(
        number=number,
        buyer_id=buyers[int(u[5] * len(buyers))],
        job_class=profile.job_class,
        compute_class=profile.compute_class,
        devices=devices,
        min_memory_gb=needs.min_memory_gb,
        precision=profile.precision,
        units=needs.units,
        hours=needs.hours,
        origin_region=origin,
        max_rtt_ms=needs.max_rtt_ms,
        data_gb=float(max(1, round(profile.data_gb.draw(z[1])))),
        allowed_regions=_allowed_regions(tables, profile.residency.pick(u[6]), origin),
        max_pue=needs.max_pue,
        min_green_share=profile.min_green_share.pick(u[7]),
        limit_micros=_limit_micros(tables, profile, devices, needs, latency_cost),
        latency_cost_micros_per_ms_unit_hour=latency_cost,
        earliest_hour=earliest,
        deadline_hour=min(HORIZON_HOURS, earliest + needs.window_hours),
    )


def _draw_needs(tables: DemandTables, profile: JobProfile, u: list[float], z: list[float]) -> _Needs:
    """Size, time and limits of the job; now and then one that nobody can serve."""
    hours = max(0.5, round(profile.hours.draw(z[0]) * 2) / 2)
    least, most = profile.slack_hours
    needs = _Needs(
        units=profile.units.pick(u[8]),
        hours=hours,
        min_memory_gb=profile.min_memory_gb.pick(u[9]),
        max_rtt_ms=profile.max_rtt_ms.pick(u[10]),
        max_pue=profile.max_pue.pick(u[11]),
        window_hours=math.ceil(hours) + least + int(u[12] * (most - least + 1)),
        limit_share=profile.willingness.draw(z[2]),
    )
    fault = tables.faults.pick(u[13])
    if fault is None:
        return needs
    return _FAULTS[fault](needs, tables.largest_gang[profile.compute_class])


def _limit_micros(
    tables: DemandTables, profile: JobProfile, devices: tuple[str, ...], needs: _Needs, latency_cost: int
) -> int:
    """What the job costs at typical asks and its typical distance, times the buyer's willingness, in fen."""
    device = devices[0] if devices else REFERENCE_DEVICE[profile.compute_class]
    per_unit_hour = tables.typical_ask_micros[device] + profile.typical_rtt_ms * latency_cost
    micros = needs.limit_share * per_unit_hour * needs.units * math.ceil(needs.hours)
    fen = MICROS_PER_CNY // 100
    return max(1, round_micros(micros / fen)) * fen


def _allowed_regions(tables: DemandTables, residency: str, origin: str) -> tuple[str, ...]:
    """Data residency: anywhere (empty), the origin's province, or its side of the country."""
    if residency == "any":
        return ()
    place = tables.province if residency == "province" else tables.side
    return tuple(sorted(region for region in place if place[region] == place[origin]))


_FAULTS: Mapping[str, Callable[[_Needs, int], _Needs]] = {
    "NO_SUCH_DEVICE": lambda needs, _: replace(needs, min_memory_gb=_ABSURD_MEMORY_GB),
    "TOO_FAR": lambda needs, _: replace(needs, max_rtt_ms=_BELOW_ANY_METRO_RTT_MS),
    "NOT_ALLOWED_THERE": lambda needs, _: replace(needs, max_pue=_BELOW_ANY_PUE),
    "TOO_LATE": lambda needs, _: replace(needs, hours=max(needs.hours, _LONG_HOURS), window_hours=1),
    "TOO_LARGE": lambda needs, gang: replace(needs, units=2 * gang),
    "PRICED_OUT": lambda needs, _: replace(needs, limit_share=needs.limit_share * _TOKEN_LIMIT_SHARE),
}
"""How an order is made impossible, by the reason it should get."""


def order_row(order: GeneratedOrder) -> dict[str, str]:
    """The order as text, column by column of `orders.csv` (without source and confidence)."""
    return {
        "number": str(order.number),
        "buyer_id": order.buyer_id,
        "job_class": order.job_class,
        "compute_class": order.compute_class,
        "devices": "|".join(order.devices),
        "min_memory_gb": _optional_text(order.min_memory_gb),
        "precision": order.precision or "",
        "units": str(order.units),
        "hours": f"{order.hours:g}",
        "origin_region": order.origin_region,
        "max_rtt_ms": _optional_text(order.max_rtt_ms),
        "data_gb": f"{order.data_gb:.0f}",
        "allowed_regions": "|".join(order.allowed_regions),
        "max_pue": _optional_text(order.max_pue),
        "min_green_share": _optional_text(order.min_green_share),
        "limit_cny": format_cny(order.limit_micros),
        "latency_cost_cny_per_ms_unit_hour": format_cny(order.latency_cost_micros_per_ms_unit_hour),
        "earliest_hour": str(order.earliest_hour),
        "deadline_hour": str(order.deadline_hour),
    }


def write_orders(orders: Iterable[GeneratedOrder], path: Path, seed: int) -> None:
    """Write `orders.csv`: every row says that it was generated, and from which seed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, (*ORDER_COLUMNS, "source", "confidence"), lineterminator="\n")
        writer.writeheader()
        for order in orders:
            origin = {"source": f"generator, seed {seed}", "confidence": "assumption"}
            writer.writerow(order_row(order) | origin)


def _optional_text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
