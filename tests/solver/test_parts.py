"""Markets that do not touch: found exactly as defined, cut out whole, and put together where they are small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_markets import market, tiny_market

from solver import ClearingProblem, parts
from solver.bench.apart import generate_apart, shuffled_together, tied_together
from solver.bench.markets import generate_market
from solver.parts import Part, can_bind, find_parts, pack

QUIET = settings(max_examples=200, deadline=None, derandomize=True)


def found(problem: ClearingProblem) -> list[Part]:
    """Every market as a part of its own, however small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "FEWEST_JOBS", 1)
        return find_parts(problem)


def together(seed: int, markets: int, jobs: int = 5) -> ClearingProblem:
    """So many tiny markets shuffled into one problem; each may fall apart further by itself."""
    return shuffled_together([tiny_market(seed + number, jobs) for number in range(markets)], seed)[0]


def markets_by_definition(problem: ClearingProblem) -> set[frozenset[int]]:
    """The jobs of each market, from the definition: job by job, candidate by candidate, slot by slot."""
    units, watts = problem.capacity_units.tolist(), problem.facility_watts_per_unit.tolist()
    nodes = problem.offering_node.tolist()
    binding = set()
    for node, caps in enumerate(problem.node_power_watts.tolist()):
        here = [offering for offering in range(problem.offerings) if nodes[offering] == node]
        if any(sum(units[o][t] * watts[o] for o in here) > cap for t, cap in enumerate(caps)):
            binding.add(node)
    rows = {}
    for job in range(problem.jobs):
        profile = int(problem.job_profile[job])
        span = range(int(problem.profile_start[profile]), int(problem.profile_start[profile + 1]))
        offerings = {int(problem.candidate_offering[candidate]) for candidate in span}
        rows[job] = {("offering", o) for o in offerings} | {
            ("node", nodes[o]) for o in offerings if nodes[o] in binding
        }
    return joined((frozenset([job]), touched) for job, touched in rows.items() if touched)


def joined(rows: Iterable[tuple[frozenset[int], set[tuple[str, int]]]]) -> set[frozenset[int]]:
    """Jobs that share anything, directly or through others."""
    groups: list[tuple[frozenset[int], set[tuple[str, int]]]] = []
    for jobs, touched in rows:
        met = [group for group in groups if group[1] & touched]
        groups = [group for group in groups if group not in met]
        groups.append((jobs.union(*(g[0] for g in met)), touched.union(*(g[1] for g in met))))
    return {jobs for jobs, _ in groups}


@QUIET
@given(seed=st.integers(0, 2**31), markets=st.integers(1, 4), jobs=st.integers(0, 7))
def test_parts_are_the_markets_of_the_definition(seed: int, markets: int, jobs: int) -> None:
    problem = together(seed, markets, jobs)
    expected, got = markets_by_definition(problem), found(problem)
    if len(expected) < 2:
        assert len(got) == 1
        assert got[0].problem is problem
    else:
        assert {frozenset(part.jobs.tolist()) for part in got} == expected
        assert len(got) == len(expected)


@QUIET
@given(seed=st.integers(0, 2**31))
def test_a_part_is_its_rows_of_the_whole(seed: int) -> None:
    problem = together(seed, 3)
    binding = can_bind(problem)
    offerings, jobs, capped = [], [], []
    for part in found(problem):
        cut, node = part.problem, part.nodes[part.problem.offering_node]
        assert np.array_equal(cut.capacity_units, problem.capacity_units[part.offerings])
        assert np.array_equal(cut.unit_cost_micros, problem.unit_cost_micros[part.offerings])
        assert np.array_equal(node, problem.offering_node[part.offerings])
        for name in ("job_scale", "value_micros", "first_slot", "end_slot"):
            assert np.array_equal(getattr(cut, name), getattr(problem, name)[part.jobs])
        for name in ("candidate_slots", "candidate_units", "candidate_fixed_micros"):
            assert np.array_equal(getattr(cut, name), getattr(problem, name)[part.candidates])
        there = part.offerings[cut.candidate_offering]
        assert np.array_equal(there, problem.candidate_offering[part.candidates])
        for row, job in enumerate(part.jobs.tolist()):
            mine, its = int(cut.job_profile[row]), int(problem.job_profile[job])
            local = part.candidates[cut.profile_start[mine] : cut.profile_start[mine + 1]]
            assert local.tolist() == list(range(problem.profile_start[its], problem.profile_start[its + 1]))
        if part.problem is not problem:
            assert np.array_equal(part.capped, binding[part.nodes])
            assert np.array_equal(
                cut.node_power_watts[part.capped], problem.node_power_watts[part.nodes[part.capped]]
            )
        offerings += part.offerings.tolist()
        jobs += part.jobs.tolist()
        capped += part.nodes[part.capped].tolist()
    for rows in (offerings, jobs, capped):
        assert len(set(rows)) == len(rows)


def test_a_cap_ties_a_node_together_where_it_can_bind_and_only_there() -> None:
    """Two offerings at one node, a job for each: at a cap of all they could draw they are apart, a watt below together."""
    problem = ClearingProblem(
        capacity_units=np.array([[3, 2], [5, 5]]),
        unit_cost_micros=np.ones((2, 2), dtype=np.int64),
        offering_node=np.array([0, 0]),
        facility_watts_per_unit=np.array([100, 10]),
        node_power_watts=np.array([[350, 250]]),
        job_profile=np.array([0, 1]),
        job_scale=np.array([1, 1]),
        value_micros=np.array([10, 10]),
        first_slot=np.array([0, 0]),
        end_slot=np.array([2, 2]),
        profile_start=np.array([0, 1, 2]),
        candidate_offering=np.array([0, 1]),
        candidate_slots=np.array([1, 1]),
        candidate_units=np.array([1, 1]),
        candidate_fixed_micros=np.array([0, 0]),
    )
    assert len(found(problem)) == 2
    assert len(found(replace(problem, node_power_watts=np.array([[350, 249]])))) == 1
    # One job that could go to either ties them as well.
    assert len(found(replace(problem, profile_start=np.array([0, 2, 2]), job_profile=np.array([0, 1])))) == 1
    # A profile that nobody asks for ties nothing.
    assert len(found(replace(problem, profile_start=np.array([0, 1, 2]), job_profile=np.array([0, 0])))) == 1


def test_watts_beyond_exact_floats_tie_rather_than_part() -> None:
    """Where floating point cannot tell whether a cap binds it counts as one that does."""
    problem = market(3, 30, 4, 4, 1)
    watts = np.full(4, 2**53 // int(problem.capacity_units.max()))
    draw = sum(int(units) * int(watts[0]) for units in problem.capacity_units[:, 0])
    equal = replace(problem, facility_watts_per_unit=watts, node_power_watts=np.full((1, 4), draw))
    assert can_bind(equal).all()


def test_markets_of_the_benchmarks_are_one_and_made_apart_they_are_found() -> None:
    one = generate_market(200, 8, 3)
    assert find_parts(one)[0].problem is one
    apart = find_parts(generate_apart(300, 8, 3, 3))
    assert [part.jobs.size for part in apart] == [100, 100, 100]
    assert len(find_parts(tied_together(generate_apart(300, 8, 3, 3)))) == 1


def test_jobs_that_can_run_nowhere_hold_nothing_together() -> None:
    problem, _ = shuffled_together([generate_market(40, 4, 1), generate_market(40, 4, 2)], 0)
    nowhere = np.append(problem.profile_start, problem.profile_start[-1])
    columns = {
        "job_profile": problem.profiles,
        "job_scale": 1,
        "value_micros": 5,
        "first_slot": 0,
        "end_slot": 4,
    }
    longer = replace(
        problem,
        profile_start=nowhere,
        **{name: np.append(getattr(problem, name), value) for name, value in columns.items()},
    )
    assert sorted(part.jobs.size for part in find_parts(longer)) == [40, 40]


@QUIET
@given(jobs=st.lists(st.integers(1, 60), min_size=2, max_size=80), fewest=st.integers(1, 40))
def test_large_markets_stay_alone_and_small_ones_fill_bundles(jobs: list[int], fewest: int) -> None:
    part, count = pack(np.array(jobs), fewest)
    assert set(part.tolist()) == set(range(count))
    small = [size for size in jobs if size < fewest]
    large = len(jobs) - len(small)
    assert count == max(1, large + sum(small) // fewest)
    if sum(small) >= fewest:
        for size, at in zip(jobs, part.tolist(), strict=True):
            assert size < fewest or part.tolist().count(at) == 1
        bundles = np.bincount(part, jobs)[large:]
        assert bundles.max() < 2 * fewest + sum(small) / (count - large)
    elif large and small:
        smallest = min(size for size in jobs if size >= fewest)
        homes = {at for size, at in zip(jobs, part.tolist(), strict=True) if size < fewest}
        assert [jobs[row] for row in range(len(jobs)) if jobs[row] >= fewest and part[row] in homes] == [
            smallest
        ]
