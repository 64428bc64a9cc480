"""What readers share: lines with their numbers, and jobs on pools of equal units as a clearing problem."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.outcome import Float64Array
from solver.problem import ClearingProblem, Int64Array

UNLIMITED_WATTS = 10**12
VALUE_SIGMA = 0.35
"""Spread of what the trace does not tell: how much more than the next one a user would pay."""


class TraceError(ValueError):
    """A trace cannot be read; says where."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path, self.line = path, line


@dataclass(frozen=True)
class TraceMarket:
    """A problem made of a trace, and what was left out or assumed on the way."""

    name: str
    problem: ClearingProblem
    facts: dict[str, int | float | str]


class Pools(NamedTuple):
    """O pools of equal units."""

    units: Int64Array
    """(O, T) or (O,)"""
    micros_per_unit_hour: Float64Array
    """(O,)"""


class Jobs(NamedTuple):
    """J jobs; each may run in any pool of its kind."""

    kind: Int64Array
    """(J,) row of `allowed`."""
    units: Int64Array
    slots: Int64Array
    first_slot: Int64Array
    end_slot: Int64Array
    value_micros: Int64Array


def build_problem(
    pools: Pools, allowed: npt.NDArray[np.bool_], jobs: Jobs, horizon: int, slot_hours: float
) -> ClearingProblem:
    """Pools are offerings at one node without a power cap; a profile is a kind (K, O) with a run time."""
    units = pools.units if pools.units.ndim == 2 else np.repeat(pools.units[:, None], horizon, axis=1)
    offerings = units.shape[0]
    stride = int(jobs.slots.max(initial=0)) + 1
    keys, profile = np.unique(jobs.kind * stride + jobs.slots, return_inverse=True)
    mine = allowed[keys // stride]
    row, offering = np.nonzero(mine)
    cost = np.rint(pools.micros_per_unit_hour * slot_hours).astype(np.int64)
    return ClearingProblem(
        capacity_units=units,
        unit_cost_micros=np.repeat(cost[:, None], horizon, axis=1),
        offering_node=np.zeros(offerings, dtype=np.int32),
        facility_watts_per_unit=np.zeros(offerings, dtype=np.int64),
        node_power_watts=np.full((1, horizon), UNLIMITED_WATTS),
        job_profile=profile.astype(np.int32),
        job_scale=jobs.units,
        value_micros=jobs.value_micros,
        first_slot=jobs.first_slot.astype(np.int32),
        end_slot=jobs.end_slot.astype(np.int32),
        profile_start=np.concatenate(([0], np.cumsum(mine.sum(axis=1)))),
        candidate_offering=offering.astype(np.int32),
        candidate_slots=(keys % stride)[row].astype(np.int32),
        candidate_units=np.ones(offering.size, dtype=np.int64),
        candidate_fixed_micros=np.zeros(offering.size, dtype=np.int64),
        slot_hours=slot_hours,
    )


def load_of(jobs: Jobs, problem: ClearingProblem) -> float:
    """Unit-slots asked for over unit-slots there are."""
    return round(float((jobs.units * jobs.slots).sum()) / max(1, int(problem.capacity_units.sum())), 3)


def spread(jobs: int) -> Float64Array:
    """(J,) seeded factors around 1 for values the trace does not hold."""
    return np.random.Generator(np.random.PCG64(2023)).lognormal(0.0, VALUE_SIGMA, jobs)


def read_rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields of every row of a CSV file with at least the `needed` columns."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            lacking = [name for name in needed if name not in header]
            if lacking:
                raise TraceError(path, 1, f"lacks the columns {', '.join(lacking)}")
            for fields in rows:
                if len(fields) != len(header):
                    raise TraceError(path, rows.line_num, f"{len(fields)} fields, not {len(header)}")
                yield rows.line_num, dict(zip(header, fields, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise TraceError(path, 0, f"is no readable text ({error})") from error


def whole(path: Path, line: int, row: dict[str, str], name: str, least: int = 0) -> int:
    """A field as a whole number of at least `least`."""
    text = row[name].strip()
    try:
        number = float(text)
    except ValueError as error:
        raise TraceError(path, line, f"{name} is {text!r}, not a number") from error
    if not number >= least or number >= 2**53 or number != int(number):
        raise TraceError(path, line, f"{name} is {text}, not a whole number of at least {least}")
    return int(number)


def busiest_start(at: Int64Array, length: int) -> int:
    """The start of the stretch of `length` in which most of `at` fall; the earliest of several."""
    ordered = np.sort(at)
    inside = np.searchsorted(ordered, ordered + length) - np.arange(ordered.size)
    return int(ordered[int(np.argmax(inside))]) if ordered.size else 0
