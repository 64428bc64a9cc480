"""Verdicts, one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_markets import market

from solver import Clearing, ClearingProblem, Status, baselines
from solver.explain import Explainer
from solver.verdicts import CandidateVerdict


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


def reckoned(problem: ClearingProblem, clearing: Clearing, job: int, candidate: int) -> CandidateVerdict:
    """The same start by start, in plain integers."""
    offering, length = int(problem.candidate_offering[candidate]), int(problem.candidate_slots[candidate])
    node = int(problem.offering_node[offering])
    scale = int(problem.job_scale[job])
    gang = scale * int(problem.candidate_units[candidate])
    watts = gang * int(problem.facility_watts_per_unit[offering])
    units, power = free_of(problem, clearing)
    room, free, costs, lacks_units = [], [], {}, True
    for start in range(
        int(problem.first_slot[job]), min(int(problem.end_slot[job]), problem.slots) - length + 1
    ):
        hours = range(start, start + length)
        costs[start] = scale * int(problem.candidate_fixed_micros[candidate]) + gang * sum(
            int(problem.unit_cost_micros[offering, hour]) for hour in hours
        )
        if all(
            problem.capacity_units[offering, h] >= gang and problem.node_power_watts[node, h] >= watts
            for h in hours
        ):
            room.append(start)
            pays = costs[start] < problem.value_micros[job]
            enough = all(units[offering, h] >= gang for h in hours)
            lacks_units &= not (enough and pays)
            if enough and all(power[node, h] >= watts for h in hours):
                free.append(start)
    if not costs or not room:
        return CandidateVerdict(candidate, "TOO_LARGE" if costs else "TOO_LATE", None, None, None, None, None)
    paying = [start for start in room if costs[start] < problem.value_micros[job]]
    best = min(room, key=lambda start: (costs[start], start))
    fitting = min(free, key=lambda start: (costs[start], start), default=None)
    hours = range(best, best + length)
    millis = sum(
        1000 * gang * int(clearing.price_micros[offering, h])
        + watts * int(clearing.power_price_micros[node, h])
        for h in hours
    )
    code = (
        "PRICED_OUT"
        if not paying
        else "FITS"
        if set(paying) & set(free)
        else "NO_CAPACITY"
        if lacks_units
        else "NO_POWER"
    )
    return CandidateVerdict(
        candidate, code, best, costs[best], fitting, None if fitting is None else costs[fitting],
        -(-millis // 1000),
        tuple(h for h in hours if units[offering, h] < gang),
        tuple(h for h in hours if power[node, h] < watts),
    )  # fmt: skip


def free_of(problem: ClearingProblem, clearing: Clearing) -> tuple[np.ndarray, np.ndarray]:
    units, power = problem.capacity_units.copy(), problem.node_power_watts.copy()
    for job in range(problem.jobs):
        if clearing.chosen[job] >= 0:
            candidate, start = int(clearing.chosen[job]), int(clearing.start_slot[job])
            offering = int(problem.candidate_offering[candidate])
            gang = int(problem.job_scale[job]) * int(problem.candidate_units[candidate])
            for hour in range(start, start + int(problem.candidate_slots[candidate])):
                units[offering, hour] -= gang
                power[problem.offering_node[offering], hour] -= (
                    gang * problem.facility_watts_per_unit[offering]
                )
    return units, power


@pytest.mark.parametrize("seed", range(6))
def test_many_jobs_together_are_judged_as_each_by_plain_reckoning(seed: int) -> None:
    problem = market(seed, 160, 16, 10, 6)
    found = baselines.value_density(problem)
    draw = np.random.default_rng(seed)
    clearing = replace(
        found,
        price_micros=draw.integers(0, 50, problem.capacity_units.shape),
        power_price_micros=draw.integers(0, 50, problem.node_power_watts.shape),
    )
    unplaced = np.flatnonzero(clearing.chosen < 0)
    verdicts = Explainer(problem, clearing).judge(unplaced)
    assert len(unplaced) > 20
    told = [verdicts.row(row) for row in range(len(verdicts.job))]
    plainly = [
        reckoned(problem, clearing, job, candidate)
        for job in unplaced.tolist()
        for candidate in range(
            int(problem.profile_start[problem.job_profile[job]]),
            int(problem.profile_start[problem.job_profile[job] + 1]),
        )
    ]
    assert told == plainly
    assert len({verdict.code for verdict in told}) >= 4


def test_what_holds_a_place_is_not_judged_among_others() -> None:
    with pytest.raises(ValueError, match="in its own way"):
        explainer(problem_of()).judge(np.array([0, 1]))
