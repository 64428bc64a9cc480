"""Markets that do not touch, shuffled together into one problem: for whoever measures or tests what tells them apart.

`python -m solver.bench.apart --jobs 10000 --markets 3` clears one in parts and, tied together by one job, at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from solver.bench.markets import generate_market
from solver.clear import clear
from solver.limits import Limits
from solver.outcome import Clearing, relative_gap
from solver.parts import find_parts
from solver.problem import ClearingProblem, Int64Array
from solver.verify import verify

TOO_DEAR_MICROS = 10**12
LOOK_SECONDS = (5, 10, 20, 40, 80)


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


def tied_together(problem: ClearingProblem) -> ClearingProblem:
    """The same as one market: one job more, of no value, could go to each of them, and never does."""
    parts = find_parts(problem)
    offering = [part.offerings[part.problem.candidate_offering[0]] for part in parts]
    job = {"job_profile": problem.profiles, "job_scale": 1, "value_micros": 0, "first_slot": 0}
    job["end_slot"] = problem.slots
    each = {"candidate_slots": 1, "candidate_units": 1, "candidate_fixed_micros": TOO_DEAR_MICROS}
    longer: dict[str, Any] = {name: np.append(getattr(problem, name), value) for name, value in job.items()}
    for name, value in each.items():
        longer[name] = np.append(getattr(problem, name), [value] * len(offering))
    longer["candidate_offering"] = np.append(problem.candidate_offering, offering)
    longer["profile_start"] = np.append(problem.profile_start, problem.candidates + len(offering))
    return replace(problem, **longer)


def main() -> None:
    """Print seconds, processor time, gap and the gap over time, of both, and what else the machine did."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind, default in (
        *(("jobs", int, 10_000), ("markets", int, 3), ("slots", int, 24), ("seed", int, 1)),
        *(("seconds", float, 60.0), ("gap", float, 0.001), ("workers", int, 2)),
    ):
        parser.add_argument(f"--{name}", type=kind, default=default)
    given = parser.parse_args()
    limits = Limits(seconds=given.seconds, gap=given.gap, workers=given.workers)
    clear(generate_market(60, given.slots), limits)  # kernels warm
    apart = generate_apart(given.jobs, given.slots, given.seed, given.markets)
    for name, problem in (("parts", apart), ("tied", tied_together(apart))):
        load, processor = os.getloadavg()[0], time.process_time()
        clearing = clear(problem, limits)
        processor = time.process_time() - processor
        sys.stdout.write(
            f"{name}: {clearing.status}, gap {clearing.gap:.4%}, {clearing.seconds:.1f} s, {processor:.1f} CPU s, "
            f"load {load:.1f} to {os.getloadavg()[0]:.1f}, verified {verify(problem, clearing).ok}; "
            f"{_over_time(clearing)}; {_own_gap(clearing)}\n"
        )


def _over_time(clearing: Clearing) -> str:
    """The gap after so many seconds."""
    rows = clearing.history
    seen = {at: rows[rows[:, 0] <= at][-1] for at in LOOK_SECONDS if rows.size and rows[0, 0] <= at}
    return ", ".join(f"{(bound - value) / bound:.3%} at {at} s" for at, (_, value, bound) in seen.items())


def _own_gap(clearing: Clearing) -> str:
    if clearing.mip_bound_micros is None:
        return "no MIP bound"
    return f"{relative_gap(clearing.value_micros, clearing.mip_bound_micros):.4%} to the MIP bound"


if __name__ == "__main__":
    main()
