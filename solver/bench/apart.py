"""Markets that do not touch, shuffled together into one problem: for whoever measures or tests what tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from solver.bench.markets import generate_market
from solver.problem import ClearingProblem, Int64Array


def generate_apart(jobs: int, slots: int = 24, seed: int = 0, markets: int = 1) -> ClearingProblem:
    """So many markets of about equal size, `jobs` in all, with offerings and nodes of their own; one: `generate_market`."""
    sizes = [jobs * (number + 1) // markets - jobs * number // markets for number in range(markets)]
    made = [generate_market(size, slots, seed + number) for number, size in enumerate(sizes)]
    return made[0] if markets == 1 else shuffled_together(made, seed)[0]


def shuffled_together(
    problems: Sequence[ClearingProblem], seed: int
) -> tuple[ClearingProblem, list[Int64Array]]:
    """One problem of all of them, and where the jobs of each are in it. They need equal slots.

    Jobs, offerings, nodes and profiles are shuffled; those of one market keep their order.
    """
    rng = np.random.default_rng(seed)
    job, offering, node, profile = (
        _shuffled([getattr(problem, axis) for problem in problems], rng)
        for axis in ("jobs", "offerings", "nodes", "profiles")
    )
    counts = _gathered([np.diff(problem.profile_start) for problem in problems], profile)
    start = np.concatenate(([0], np.cumsum(counts)))
    candidate = [
        (np.repeat(start[at] - problem.profile_start[:-1], np.diff(problem.profile_start)))
        + np.arange(problem.candidates)
        for problem, at in zip(problems, profile, strict=True)
    ]

    def of(name: str, rows: list[Int64Array], points_to: list[Int64Array] | None = None) -> Any:
        columns = [getattr(problem, name) for problem in problems]
        if points_to is not None:
            columns = [at[column] for column, at in zip(columns, points_to, strict=True)]
        return _gathered(columns, rows)

    whole = ClearingProblem(
        capacity_units=of("capacity_units", offering),
        unit_cost_micros=of("unit_cost_micros", offering),
        offering_node=of("offering_node", offering, node),
        facility_watts_per_unit=of("facility_watts_per_unit", offering),
        node_power_watts=of("node_power_watts", node),
        job_profile=of("job_profile", job, profile),
        job_scale=of("job_scale", job),
        value_micros=of("value_micros", job),
        first_slot=of("first_slot", job),
        end_slot=of("end_slot", job),
        profile_start=start,
        candidate_offering=of("candidate_offering", candidate, offering),
        candidate_slots=of("candidate_slots", candidate),
        candidate_units=of("candidate_units", candidate),
        candidate_fixed_micros=of("candidate_fixed_micros", candidate),
        slot_hours=problems[0].slot_hours,
    )
    return whole, job


def _shuffled(sizes: Sequence[int], rng: np.random.Generator) -> list[Int64Array]:
    """The rows of each, in rising order, such that all rows together are shuffled."""
    owner = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return [np.flatnonzero(owner == number) for number in range(len(sizes))]


def _gathered(columns: Sequence[Int64Array], rows: Sequence[Int64Array]) -> Int64Array:
    """One array with each column at its rows."""
    gathered = np.zeros((sum(len(column) for column in columns), *columns[0].shape[1:]), dtype=np.int64)
    for column, at in zip(columns, rows, strict=True):
        gathered[at] = column
    return gathered
