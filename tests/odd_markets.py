"""Contested markets with something odd about them, for Hypothesis: degenerate shapes, and sizes at the ends of 64 bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from random_markets import contested_market

from solver import ClearingProblem, ProblemError

JOBS = ("job_profile", "job_scale", "value_micros", "first_slot", "end_slot")
CANDIDATES = ("candidate_offering", "candidate_slots", "candidate_units", "candidate_fixed_micros")
LARGEST_INT64, LARGEST_INT32 = 2**63 - 1, 2**31 - 1
MILLION = 10**6
Change = Callable[[ClearingProblem, np.random.Generator], dict[str, Any]]


def filled(name: str, number: int) -> Change:
    """Every entry of the array is that number."""
    return lambda problem, _: {name: np.full_like(getattr(problem, name), number)}


def no_candidates(problem: ClearingProblem) -> dict[str, Any]:
    bare = dict.fromkeys(CANDIDATES, np.zeros(0, dtype=np.int64))
    return bare | {"profile_start": np.zeros_like(problem.profile_start)}


def no_offerings(problem: ClearingProblem) -> dict[str, Any]:
    nothing, nowhere = np.zeros((0, problem.slots), dtype=np.int64), np.zeros(0, dtype=np.int64)
    rows = {"capacity_units": nothing, "unit_cost_micros": nothing, "node_power_watts": nothing}
    return no_candidates(problem) | rows | {"offering_node": nowhere, "facility_watts_per_unit": nowhere}


def no_slots(problem: ClearingProblem) -> dict[str, Any]:
    names = ("capacity_units", "unit_cost_micros", "node_power_watts")
    return {name: getattr(problem, name)[:, :0] for name in names}


def identical_jobs(problem: ClearingProblem) -> dict[str, Any]:
    return {
        name: np.full_like(getattr(problem, name), getattr(problem, name)[0]) for name in JOBS if problem.jobs
    }


def other_profiles(problem: ClearingProblem, rng: np.random.Generator) -> dict[str, Any]:
    """The candidates dealt out anew: some profiles have many, some none."""
    cuts = np.sort(rng.integers(0, problem.candidates + 1, max(0, problem.profiles - 1)))
    return {"profile_start": np.concatenate(([0], cuts, [problem.candidates]))[: problem.profiles + 1]}


def a_million_times(problem: ClearingProblem) -> dict[str, Any]:
    """Whatever is endless stays so."""
    names = ("job_scale", "capacity_units", "node_power_watts", "value_micros")
    return {
        name: np.minimum(getattr(problem, name).astype(object) * MILLION, LARGEST_INT64).astype(np.int64)
        for name in names
    }


ODDITIES: dict[str, Change] = {
    "no capacity": filled("capacity_units", 0),
    "endless capacity": filled("capacity_units", LARGEST_INT64),
    "no power": filled("node_power_watts", 0),
    "endless power": filled("node_power_watts", LARGEST_INT64),
    "no draw": filled("facility_watts_per_unit", 0),
    "free of charge": filled("unit_cost_micros", 0),
    "costs below zero": lambda problem, _: {"unit_cost_micros": -np.abs(problem.unit_cost_micros)},
    "no units needed": filled("candidate_units", 0),
    "windows of no length": lambda problem, _: {"end_slot": problem.first_slot},
    "windows beyond the horizon": filled("end_slot", LARGEST_INT32),
    "first slot beyond the horizon": lambda problem, rng: {
        "first_slot": np.where(rng.random(problem.jobs) < 0.5, 99, problem.first_slot)
    },
    "runs longer than the horizon": lambda problem, rng: {
        "candidate_slots": np.where(
            rng.random(problem.candidates) < 0.5, LARGEST_INT32, problem.candidate_slots
        )
    },
    "values near 2^53": lambda problem, rng: {"value_micros": 2**53 - rng.integers(0, 99, problem.jobs)},
    "values below zero": lambda problem, _: {"value_micros": problem.value_micros - 10**4},
    "scale of a million": lambda problem, _: a_million_times(problem),
    "identical jobs": lambda problem, _: identical_jobs(problem),
    "one profile": filled("job_profile", 0),
    "profiles dealt anew": other_profiles,
    "no candidates": lambda problem, _: no_candidates(problem),
    "no offerings": lambda problem, _: no_offerings(problem),
    "no slots": lambda problem, _: no_slots(problem),
}


@st.composite
def odd_markets(draw: st.DrawFn, most_jobs: int = 8) -> ClearingProblem:
    """A contested market with up to three oddities; every job has a profile of its own unless one says otherwise."""
    problem = contested_market(
        seed=draw(st.integers(0, 2**32 - 1)),
        jobs=draw(st.integers(0, most_jobs)),
        slots=draw(st.sampled_from([1, 2, 4, 7])),
        offerings=draw(st.integers(1, 3)),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for name in draw(st.lists(st.sampled_from(list(ODDITIES)), max_size=3, unique=True)):
        try:
            problem = replace(problem, **ODDITIES[name](problem, rng))
        except ProblemError as refusal:
            assume(refusal.code != "OVERFLOW")
            raise
    return problem
