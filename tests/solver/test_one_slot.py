"""One profile: all prices hang together, and a few evaluations more than usual are needed to see it."""

from dataclasses import replace

import numpy as np

from solver import ClearingProblem, Limits, clear, verify

JOBS, OFFERINGS = 3_000, 60


def one_slot() -> ClearingProblem:
    """Everybody wants thousandths of a card, anywhere; cards cost up to four times as much as others."""
    random = np.random.default_rng(1)
    scale = random.choice([50, 110, 230, 470, 1000, 2000], JOBS)
    return ClearingProblem(
        capacity_units=np.full((OFFERINGS, 1), 24_000),
        unit_cost_micros=np.linspace(2_000, 8_000, OFFERINGS).astype(np.int64)[:, None],
        offering_node=np.zeros(OFFERINGS, np.int32),
        facility_watts_per_unit=np.zeros(OFFERINGS, np.int64),
        node_power_watts=np.full((1, 1), 10**9),
        job_profile=np.zeros(JOBS, np.int32),
        job_scale=scale,
        value_micros=(scale * 9_000 * random.lognormal(0, 0.35, JOBS)).astype(np.int64),
        first_slot=np.zeros(JOBS, np.int32),
        end_slot=np.ones(JOBS, np.int32),
        profile_start=np.array([0, OFFERINGS]),
        candidate_offering=np.arange(OFFERINGS, dtype=np.int32),
        candidate_slots=np.ones(OFFERINGS, np.int32),
        candidate_units=np.ones(OFFERINGS, np.int64),
        candidate_fixed_micros=np.zeros(OFFERINGS, np.int64),
        slot_hours=1.0,
    )


def test_prices_converge_where_all_jobs_want_the_same() -> None:
    problem = one_slot()
    clearing = clear(problem, Limits(seconds=30.0, gap=0.001, workers=1))
    assert clearing.gap <= 0.001
    assert verify(problem, clearing).ok


def crowded() -> ClearingProblem:
    """A fifth of the jobs find room, and those who do are worth twenty times what it costs."""
    random, slots, offerings = np.random.default_rng(2), 8, 30
    return replace(
        one_slot(),
        capacity_units=random.integers(1, 4, (offerings, slots)),
        unit_cost_micros=random.integers(4_000_000, 9_000_000, (offerings, slots)),
        offering_node=np.zeros(offerings, np.int32),
        facility_watts_per_unit=np.zeros(offerings, np.int64),
        node_power_watts=np.full((1, slots), 10**9),
        job_scale=np.ones(JOBS, np.int64),
        value_micros=random.integers(20_000_000, 300_000_000, JOBS),
        end_slot=np.full(JOBS, slots, np.int32),
        profile_start=np.array([0, offerings]),
        candidate_offering=np.arange(offerings, dtype=np.int32),
        candidate_slots=np.ones(offerings, np.int32),
        candidate_units=np.ones(offerings, np.int64),
        candidate_fixed_micros=np.zeros(offerings, np.int64),
    )


def test_prices_go_up_to_values_where_most_jobs_are_crowded_out() -> None:
    problem = crowded()
    clearing = clear(problem, Limits(seconds=30.0, gap=0.0001, workers=1))
    assert clearing.gap <= 0.0001
    best = np.sort(problem.value_micros)[::-1][: problem.capacity_units.sum()].sum()
    cost = (problem.capacity_units * problem.unit_cost_micros).sum()
    assert clearing.value_micros <= best - cost <= clearing.bound_micros
