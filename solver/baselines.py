"""What simpler exchanges do: the rules to compare with. None of them looks ahead; each gives a feasible clearing.

All place whole jobs one after the other, only where the job's value exceeds its cost, and never move one again. Their
prices are zero, so their bound is the sum of what every job could bring alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from solver.certify import dual_bound, rounded_up, surplus_millis_by_job
from solver.compiled import compiled
from solver.floor import Floor, empty_floor, fits, place_in_order, put, worth
from solver.layout import Layout, build_layout, prefix_sums, room_of
from solver.outcome import Clearing, Float64Array, Status, relative_gap
from solver.problem import ClearingProblem, Int64Array

MOST_FOR_ALL_RULES = 200_000
"""Above so many jobs the other rules take seconds that dives use better: value density led them on every large market."""


class SimpleRules:
    """The rules for one problem: what they have in common is laid out and bounded once."""

    def __init__(self, problem: ClearingProblem) -> None:
        self._problem, self._layout = problem, build_layout(problem)

    def value_density(self) -> Clearing:
        """Most net value per unit and slot first, each job at its cheapest place that fits."""
        return self._placed_by(density_order(self._problem, self._layout))

    def first_come_cheapest(self) -> Clearing:
        """Jobs as they come (by index), each at its cheapest place that fits."""
        return self._placed_by(np.arange(self._problem.jobs))

    def highest_bid(self) -> Clearing:
        """Largest value first, each job at its cheapest place that fits."""
        return self._placed_by(bid_order(self._problem))

    def random_order(self, seed: int) -> Clearing:
        """Jobs in a random order, each at its cheapest place that fits."""
        return self._placed_by(np.random.default_rng(seed).permutation(self._problem.jobs))

    def local_first(
        self, candidate_distance: npt.NDArray[np.float64] | npt.NDArray[np.int64] | Sequence[float]
    ) -> Clearing:
        """Jobs as they come, each at its nearest candidate that fits, as early as it can.

        `candidate_distance` (C,) is any measure of distance, such as RTT; ties go to the smaller candidate. Raises
        ValueError where its shape is another.
        """
        problem, distance = self._problem, np.asarray(candidate_distance, dtype=np.float64)
        if distance.shape != (problem.candidates,):
            raise ValueError(f"candidate_distance has shape {distance.shape}, not ({problem.candidates},)")
        floor = empty_floor(problem)
        profiles = np.repeat(np.arange(problem.profiles), np.diff(problem.profile_start))
        nearest = np.lexsort((distance, profiles)).astype(np.int64)  # stable: ties stay in their sequence
        _place_nearest(nearest, self._layout, prefix_sums(problem.unit_cost_micros), floor)
        return self._clearing(floor)

    def _placed_by(self, order: Int64Array) -> Clearing:
        return self._clearing(place_by(self._problem, self._layout, order))

    def _clearing(self, floor: Floor) -> Clearing:
        problem, value = self._problem, worth(self._problem, self._layout, floor)
        return Clearing(
            status=Status.FEASIBLE,
            value_micros=value,
            bound_micros=self._bound,
            gap=relative_gap(value, self._bound),
            chosen=floor.candidate.astype(np.int32),
            start_slot=floor.start.astype(np.int32),
            price_micros=np.zeros_like(problem.capacity_units),
            power_price_micros=np.zeros_like(problem.node_power_watts),
        )

    @cached_property
    def _bound(self) -> int:
        problem = self._problem
        room = room_of(self._layout, problem.capacity_units, problem.node_power_watts)
        price, power_price = np.zeros_like(problem.capacity_units), np.zeros_like(problem.node_power_watts)
        return dual_bound(problem, self._layout, room, price, power_price)


def value_density(problem: ClearingProblem) -> Clearing:
    """Most net value per unit and slot first, each job at its cheapest place that fits."""
    return SimpleRules(problem).value_density()


def first_come_cheapest(problem: ClearingProblem) -> Clearing:
    """Jobs as they come (by index), each at its cheapest place that fits."""
    return SimpleRules(problem).first_come_cheapest()


def highest_bid(problem: ClearingProblem) -> Clearing:
    """Largest value first, each job at its cheapest place that fits."""
    return SimpleRules(problem).highest_bid()


def random_order(problem: ClearingProblem, seed: int) -> Clearing:
    """Jobs in a random order, each at its cheapest place that fits."""
    return SimpleRules(problem).random_order(seed)


def local_first(
    problem: ClearingProblem,
    candidate_distance: npt.NDArray[np.float64] | npt.NDArray[np.int64] | Sequence[float],
) -> Clearing:
    """Jobs as they come, each at its nearest candidate that fits; see `SimpleRules.local_first`."""
    return SimpleRules(problem).local_first(candidate_distance)


def simple_orders(problem: ClearingProblem, layout: Layout) -> Iterator[tuple[str, Int64Array]]:
    """Name and (J,) order of every rule here that needs nothing but the problem; of many jobs only value density."""
    yield "value_density", density_order(problem, layout)
    if problem.jobs <= MOST_FOR_ALL_RULES:
        yield "first_come_cheapest", np.arange(problem.jobs)
        yield "highest_bid", bid_order(problem)


def density_order(problem: ClearingProblem, layout: Layout) -> Int64Array:
    """(J,) jobs by falling net value per unit and slot of their best candidate; ties to the earlier job."""
    density = np.zeros(problem.jobs)
    room = room_of(layout, problem.capacity_units, problem.node_power_watts)
    _best_density(layout, prefix_sums(problem.unit_cost_micros), room, density)
    return np.argsort(-density, kind="stable").astype(np.int64)


def bid_order(problem: ClearingProblem) -> Int64Array:
    """(J,) jobs by falling value; ties to the earlier job."""
    return np.argsort(-problem.value_micros, kind="stable")


def place_by(problem: ClearingProblem, layout: Layout, order: Int64Array) -> Floor:
    """An empty floor filled in `order`, each job at its cheapest place that fits."""
    floor = empty_floor(problem)
    place_in_order(layout, floor, order, problem.unit_cost_micros)
    return floor


@compiled
def _best_density(layout: Layout, cost_sums: Int64Array, room: Int64Array, density: Float64Array) -> None:
    """Fill `density` with each job's best net value per unit and slot, alone and at zero prices; 0 where none pays."""
    for job in range(density.size):
        value, scale, profile = layout.value_micros[job], layout.scale[job], layout.profile[job]
        for candidate in range(layout.profile_start[profile], layout.profile_start[profile + 1]):
            sums, length = cost_sums[layout.offering[candidate]], layout.slots[candidate]
            gang, free = scale * layout.units[candidate], room[layout.run[candidate]]
            left = value - scale * layout.fixed_micros[candidate]
            for start in range(layout.first[job], layout.end[job] - length + 1):
                if free[start] >= gang:
                    net = left - gang * (sums[start + length] - sums[start])
                    density[job] = max(density[job], net / max(1, gang * length))


@compiled
def _place_nearest(nearest: Int64Array, layout: Layout, cost_sums: Int64Array, floor: Floor) -> None:
    """Jobs as they come, each at the first candidate in `nearest` (C,) and the earliest start that fits and pays."""
    for job in range(layout.profile.size):
        scale, profile, placed = layout.scale[job], layout.profile[job], False
        for rank in range(layout.profile_start[profile], layout.profile_start[profile + 1]):
            candidate = nearest[rank]
            offering, length = layout.offering[candidate], layout.slots[candidate]
            gang, sums = scale * layout.units[candidate], cost_sums[offering]
            free_units, free_watts = floor.free_units[offering], floor.free_watts[layout.node[offering]]
            watts = gang * layout.watts[offering]
            left = layout.value_micros[job] - scale * layout.fixed_micros[candidate]
            for start in range(layout.first[job], layout.end[job] - length + 1):
                pays = left > gang * (sums[start + length] - sums[start])
                if pays and fits(free_units, free_watts, gang, watts, start, start + length):
                    put(job, candidate, start, layout, floor)
                    placed = True
                    break
            if placed:
                break


def bound_alone(problem: ClearingProblem, members: Sequence[npt.NDArray[np.bool_]]) -> list[int]:
    """Of each set of jobs, (J,) whether they are in it: what no clearing of these alone exceeds, at prices of zero."""
    layout = build_layout(problem)
    room = room_of(layout, problem.capacity_units, problem.node_power_watts)
    price, power_price = np.zeros_like(problem.capacity_units), np.zeros_like(problem.node_power_watts)
    millis = surplus_millis_by_job(problem, layout, room, price, power_price)
    return [rounded_up(int(millis[some].sum())) for some in members]
