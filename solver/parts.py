"""Markets that do not touch: what of a problem could be cleared alone without anybody else noticing.

Two offerings touch if a profile that is asked for has candidates on both, or if they are at one node whose power cap
can bind. What hangs together so is one market: placements and prices of different ones share no row, so values, bounds
and optima of the parts add up to those of the whole.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from solver.outcome import Clearing, Status
from solver.problem import LARGEST, ClearingProblem, Int64Array
from solver.warm import earlier_prices

BoolArray = npt.NDArray[np.bool_]

FEWEST_JOBS = 20
"""Smaller markets are put together until they have about so many jobs: prices take a fifth of a second however few."""
MOST_PARTS = 64
"""About so many parts at most, for the same reason."""
NO_CAP_WATTS = LARGEST
"""Stands for the cap of a node where it cannot bind: no part has a price for it."""
EXACT_FLOAT = 2**53
"""Integers below are exact in floating point."""


class Part(NamedTuple):
    """A market of its own, and which rows of the whole its rows are; the order is that of the whole."""

    problem: ClearingProblem
    jobs: Int64Array
    offerings: Int64Array
    nodes: Int64Array
    capped: BoolArray
    """(N,) whether the cap of the node is the part's to keep; it cannot bind where it is not."""
    candidates: Int64Array


def find_parts(problem: ClearingProblem) -> list[Part]:
    """The parts worth clearing each on its own, the largest first; all there is as the only one where it hangs together.

    Jobs without candidates, and offerings that nobody could use, are in none of several parts: nothing ever runs there.
    """
    if not (problem.jobs and problem.candidates):
        return [_everything(problem)]
    capped = can_bind(problem)
    of_profile, of_offering = _touching(problem, capped)
    of_profile, of_offering, parts = _packed(problem, of_profile, of_offering)
    if parts < 2:
        return [_everything(problem)]
    cut = [_cut_out(problem, capped, of_profile == part, of_offering == part) for part in range(parts)]
    return sorted(cut, key=lambda part: -part.jobs.size)


def can_bind(problem: ClearingProblem) -> BoolArray:
    """(N,) whether all free units of the node could draw more than its cap in some slot; beyond 2^53 watts, nearly."""
    draw = np.zeros(problem.node_power_watts.shape)
    watts = problem.facility_watts_per_unit.astype(np.float64)[:, None]
    np.add.at(draw, problem.offering_node, problem.capacity_units * watts)
    cap = problem.node_power_watts.astype(np.float64)
    binds: BoolArray = np.any(draw > np.where(draw < EXACT_FLOAT, cap, cap * (1 - 1e-9)), axis=1)
    return binds


def earlier_of(problem: ClearingProblem, part: Part, earlier: Clearing) -> Clearing:
    """What an earlier clearing of the whole, right or wrong, says about the part. Raises as `earlier_prices` does."""
    prices = earlier_prices(problem, earlier)
    if part.problem is problem:
        return earlier
    local = np.full(problem.candidates, -1, dtype=np.int64)
    local[part.candidates] = np.arange(part.candidates.size)
    jobs = part.jobs[part.jobs < min(earlier.chosen.size, earlier.start_slot.size)]
    chosen, start = earlier.chosen[jobs].astype(np.int64), earlier.start_slot[jobs]
    known = (chosen >= 0) & (chosen < problem.candidates)
    chosen = np.where(known, local[np.where(known, chosen, 0)], -1)
    return Clearing(
        status=Status.FEASIBLE,
        value_micros=0,
        bound_micros=0,
        gap=0.0,
        chosen=chosen.astype(np.int32),
        start_slot=start,
        price_micros=prices.unit_micros[part.offerings],
        power_price_micros=np.where(part.capped[:, None], prices.power_micros[part.nodes], 0),
    )


def _touching(problem: ClearingProblem, capped: BoolArray) -> tuple[Int64Array, Int64Array]:
    """(P,) and (O,) the market of each profile and offering, numbered as they come; -1 where nothing can run."""
    profiles, offerings = problem.profiles, problem.offerings
    asked = np.bincount(problem.job_profile, minlength=profiles) > 0
    profile = np.repeat(np.arange(profiles), np.diff(problem.profile_start))
    used = asked[profile]
    here = np.flatnonzero(capped[problem.offering_node])
    one = np.concatenate([profile[used], profiles + here])
    other = np.concatenate(
        [profiles + problem.candidate_offering[used], profiles + offerings + problem.offering_node[here]]
    )
    size = profiles + offerings + problem.nodes
    graph = coo_array((np.ones(one.size, dtype=np.int8), (one, other)), shape=(size, size))
    label = connected_components(graph, directed=False)[1].astype(np.int64)
    can_run = np.zeros(profiles, dtype=np.bool_)
    can_run[profile[used]] = True
    markets, number = np.unique(label[:profiles][can_run], return_inverse=True)
    renumbered = np.full(label.max(initial=0) + 1, -1, dtype=np.int64)
    renumbered[markets] = np.arange(markets.size)
    of_profile = np.full(profiles, -1, dtype=np.int64)
    of_profile[can_run] = number.reshape(-1)
    return of_profile, renumbered[label[profiles : profiles + offerings]]


def _packed(
    problem: ClearingProblem, of_profile: Int64Array, of_offering: Int64Array
) -> tuple[Int64Array, Int64Array, int]:
    """The same with small markets put together in parts worth the trouble, and how many parts that makes."""
    per_profile = np.bincount(problem.job_profile, minlength=problem.profiles)
    at = of_profile >= 0
    jobs = np.bincount(of_profile[at], per_profile[at]).astype(np.int64)
    if jobs.size < 2:
        return of_profile, of_offering, jobs.size
    part, parts = pack(jobs, max(FEWEST_JOBS, problem.jobs // MOST_PARTS))
    part = np.append(part, -1)  # for -1
    return part[of_profile], part[of_offering], parts


def pack(jobs: Int64Array, fewest: int) -> tuple[Int64Array, int]:
    """(M,) the part of each market of so many jobs, and how many parts: the large ones alone, small ones in bundles.

    A bundle has about `fewest` jobs; what is too little for one goes with the smallest of the large.
    """
    large = jobs >= fewest
    alone, small = int(large.sum()), jobs[~large]
    part = np.empty(jobs.size, dtype=np.int64)
    part[large] = np.arange(alone)
    bundles = int(small.sum()) // fewest
    if bundles:
        part[~large] = alone + (np.cumsum(small) - small) * bundles // small.sum()
    else:
        part[~large] = np.argmin(jobs[large]) if alone else 0
    return part, alone + bundles or 1


def _everything(problem: ClearingProblem) -> Part:
    sizes = (problem.jobs, problem.offerings, problem.nodes, problem.candidates)
    jobs, offerings, nodes, candidates = (np.arange(size, dtype=np.int64) for size in sizes)
    return Part(problem, jobs, offerings, nodes, np.ones(nodes.size, dtype=np.bool_), candidates)


def _cut_out(
    problem: ClearingProblem, capped: BoolArray, has_profile: BoolArray, has_offering: BoolArray
) -> Part:
    jobs, offerings = np.flatnonzero(has_profile[problem.job_profile]), np.flatnonzero(has_offering)
    nodes, node = np.unique(problem.offering_node[offerings], return_inverse=True)
    counts = np.diff(problem.profile_start)
    candidates = np.flatnonzero(np.repeat(has_profile, counts))
    local_profile, local_offering = np.cumsum(has_profile) - 1, np.cumsum(has_offering) - 1
    watts = np.where(capped[nodes][:, None], problem.node_power_watts[nodes], NO_CAP_WATTS)
    cut = ClearingProblem(
        capacity_units=problem.capacity_units[offerings],
        unit_cost_micros=problem.unit_cost_micros[offerings],
        offering_node=node.reshape(-1).astype(np.int32),
        facility_watts_per_unit=problem.facility_watts_per_unit[offerings],
        node_power_watts=watts,
        job_profile=local_profile[problem.job_profile[jobs]],
        job_scale=problem.job_scale[jobs],
        value_micros=problem.value_micros[jobs],
        first_slot=problem.first_slot[jobs],
        end_slot=problem.end_slot[jobs],
        profile_start=np.concatenate(([0], np.cumsum(counts[has_profile]))),
        candidate_offering=local_offering[problem.candidate_offering[candidates]],
        candidate_slots=problem.candidate_slots[candidates],
        candidate_units=problem.candidate_units[candidates],
        candidate_fixed_micros=problem.candidate_fixed_micros[candidates],
        slot_hours=problem.slot_hours,
    )
    return Part(cut, jobs, offerings, nodes.astype(np.int64), capped[nodes], candidates)
