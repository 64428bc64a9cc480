"""Verdicts, one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_markets import market

from solver import Clearing, ClearingProblem, Status, baselines
from solver.explain import CandidateVerdict, Explainer


def problem_of(**changes: object) -> ClearingProblem:
    """Job 0 holds 2 of 3 units of offering 0 in slots 0 and 1; job 1 wants 2 for 2 slots, by slot 4, there or at 1."""
    base = ClearingProblem(
        capacity_units=np.full((2, 5), 3),
        unit_cost_micros=np.array([[1, 1, 4, 4, 4], [2, 3, 9, 9, 9]]),
        offering_node=np.array([0, 1]),
        facility_watts_per_unit=np.array([10, 10]),
        node_power_watts=np.full((2, 5), 100),
        job_profile=np.array([0, 0]),
        job_scale=np.array([2, 2]),
        value_micros=np.array([90, 60]),
        first_slot=np.array([0, 0]),
        end_slot=np.array([5, 4]),
        profile_start=np.array([0, 2]),
        candidate_offering=np.array([0, 1]),
        candidate_slots=np.array([2, 2]),
        candidate_units=np.array([1, 1]),
        candidate_fixed_micros=np.array([5, 5]),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def explainer(problem: ClearingProblem, **changes: object) -> Explainer:
    clearing = Clearing(
        Status.FEASIBLE, 0, 0, 0.0, np.array([0, -1]), np.array([0, -1]),
        np.zeros_like(problem.capacity_units), np.zeros_like(problem.node_power_watts),
    )  # fmt: skip
    return Explainer(problem, replace(clearing, **changes))  # type: ignore[arg-type]


def test_fits_later_or_elsewhere() -> None:
    there, elsewhere = explainer(problem_of()).verdicts(1)
    assert there == CandidateVerdict(0, "FITS", 0, 10 + 2 * 2, 2, 10 + 2 * 8, 0, (0, 1), ())
    assert elsewhere == CandidateVerdict(1, "FITS", 0, 10 + 2 * 5, 0, 10 + 2 * 5, 0, (), ())


def test_a_placed_job_is_not_in_its_own_way() -> None:
    assert explainer(problem_of()).verdicts(0)[0].code == "FITS"
    explain = explainer(problem_of())
    assert explain.verdicts(0)[0].fitting_start == 0
    assert explain.verdicts(1)[0].fitting_start == 2


def test_too_late() -> None:
    verdict = explainer(problem_of(end_slot=np.array([5, 1]))).verdicts(1)[0]
    assert verdict == CandidateVerdict(0, "TOO_LATE", None, None, None, None, None)
    longer = problem_of(candidate_slots=np.array([2, 9]))
    assert explainer(longer).verdicts(1)[1].code == "TOO_LATE"


@pytest.mark.parametrize(
    "changes",
    [{"job_scale": np.array([2, 4])}, {"facility_watts_per_unit": np.array([10, 60])}],
)
def test_too_large_even_alone(changes: dict[str, object]) -> None:
    assert explainer(problem_of(**changes)).verdicts(1)[1].code == "TOO_LARGE"


def test_priced_out_alone() -> None:
    verdict = explainer(problem_of(value_micros=np.array([90, 14]))).verdicts(1)[0]
    assert (verdict.code, verdict.cost_micros) == ("PRICED_OUT", 14)


def test_no_capacity_in_any_window_that_pays() -> None:
    verdict = explainer(problem_of(end_slot=np.array([5, 3]))).verdicts(1)[0]
    assert (verdict.code, verdict.blocking_offering_slots, verdict.fitting_start) == (
        "NO_CAPACITY",
        (0, 1),
        None,
    )
    # With room from slot 2 on, but not at a price it can pay: 10 + 16 > 20.
    verdict = explainer(problem_of(value_micros=np.array([90, 20]))).verdicts(1)[0]
    assert (verdict.code, verdict.fitting_start, verdict.fitting_cost_micros) == ("NO_CAPACITY", 2, 26)


def test_no_power() -> None:
    power = np.array([[30] * 5, [100] * 5])
    problem = problem_of(capacity_units=np.full((2, 5), 9), node_power_watts=power, end_slot=np.array([5, 3]))
    verdict = explainer(problem).verdicts(1)[0]
    assert (verdict.code, verdict.blocking_offering_slots, verdict.blocking_node_slots) == (
        "NO_POWER",
        (),
        (0, 1),
    )


def test_congestion_is_what_the_prices_add_at_the_best_start() -> None:
    price, power = np.zeros((2, 5), dtype=np.int64), np.zeros((2, 5), dtype=np.int64)
    price[0, 1], power[0, 0] = 7, 101
    verdict = explainer(problem_of(), price_micros=price, power_price_micros=power).verdicts(1)[0]
    assert verdict.congestion_micros == 2 * 7 + 3  # 20 W x 101 micros per kW = 2.02, rounded up
    assert verdict.cost_micros == 14


def test_a_clearing_of_another_problem_is_refused() -> None:
    with pytest.raises(ValueError, match="another problem"):
        explainer(problem_of(), chosen=np.array([-1]))


def test_five_hundred_jobs_of_a_real_market() -> None:
    problem = market(1, 500, 24, 60, 12)
    clearing = baselines.value_density(problem)
    explain = Explainer(problem, clearing)
    for job in range(problem.jobs):
        for verdict in explain.verdicts(job):
            if verdict.candidate == clearing.chosen[job]:
                assert verdict.code == "FITS"
            if clearing.chosen[job] < 0:
                assert verdict.code != "FITS"
