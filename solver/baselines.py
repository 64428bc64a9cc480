"""What simpler exchanges do: the rules to compare with. None of them looks ahead; each gives a feasible clearing.

All place whole jobs one after the other, only where the job's value exceeds its cost, and never move one again. Their
prices are zero, so their bound is the sum of what every job could bring alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from solver.certify import dual_bound
from solver.floor import Floor, empty_floor, place_in_order, placements, worth
from solver.options import Options, build_options
from solver.outcome import Clearing, Status, relative_gap
from solver.problem import ClearingProblem, Int64Array


def value_density(problem: ClearingProblem) -> Clearing:
    """Most net value per unit and slot first, each job at its cheapest place that fits."""
    options = build_options(problem)
    return _clearing(problem, options, place_by(problem, options, density_order(problem, options)))


def first_come_cheapest(problem: ClearingProblem) -> Clearing:
    """Jobs as they come (by index), each at its cheapest place that fits."""
    options = build_options(problem)
    return _clearing(problem, options, place_by(problem, options, np.arange(problem.jobs)))


def highest_bid(problem: ClearingProblem) -> Clearing:
    """Largest value first, each job at its cheapest place that fits."""
    options = build_options(problem)
    return _clearing(problem, options, place_by(problem, options, bid_order(problem)))


def random_order(problem: ClearingProblem, seed: int) -> Clearing:
    """Jobs in a random order, each at its cheapest place that fits."""
    options = build_options(problem)
    order = np.random.default_rng(seed).permutation(problem.jobs)
    return _clearing(problem, options, place_by(problem, options, order))


def local_first(
    problem: ClearingProblem,
    candidate_distance: npt.NDArray[np.float64] | npt.NDArray[np.int64] | Sequence[float],
) -> Clearing:
    """Jobs as they come, each at its nearest candidate that fits, as early as it can.

    `candidate_distance` (C,) is any measure of distance, such as RTT; ties go to the smaller candidate. Raises
    ValueError where its shape is another.
    """
    distance = np.asarray(candidate_distance, dtype=np.float64)
    if distance.shape != (problem.candidates,):
        raise ValueError(f"candidate_distance has shape {distance.shape}, not ({problem.candidates},)")
    options = build_options(problem)
    floor = empty_floor(problem)
    cost = problem.unit_cost_micros
    for job in range(problem.jobs):
        mine = np.arange(options.job_start[job], options.job_start[job + 1])
        nearest = mine[np.lexsort((mine, distance[options.candidate[mine]]))]
        for option in nearest:
            if _place_early(problem, options, floor, int(option), cost):
                break
    return _clearing(problem, options, floor)


def simple_orders(problem: ClearingProblem, options: Options) -> list[tuple[str, Int64Array]]:
    """Name and (J,) order of every rule here that needs nothing but the problem."""
    return [
        ("value_density", density_order(problem, options)),
        ("first_come_cheapest", np.arange(problem.jobs)),
        ("highest_bid", bid_order(problem)),
    ]


def density_order(problem: ClearingProblem, options: Options) -> Int64Array:
    """(J,) jobs by falling net value per unit and slot of their best option; ties to the earlier job."""
    density = options.alone_net_micros / np.maximum(1, options.gang * options.slots)
    best = np.zeros(problem.jobs)
    np.maximum.at(best, options.job, density)
    return np.argsort(-best, kind="stable")


def bid_order(problem: ClearingProblem) -> Int64Array:
    """(J,) jobs by falling value; ties to the earlier job."""
    return np.argsort(-problem.value_micros, kind="stable")


def place_by(problem: ClearingProblem, options: Options, order: Int64Array) -> Floor:
    """An empty floor filled in `order`, each job at its cheapest place that fits."""
    floor = empty_floor(problem)
    place_in_order(problem, options, floor, order, problem.unit_cost_micros)
    return floor


def _place_early(
    problem: ClearingProblem, options: Options, floor: Floor, option: int, cost_micros: Int64Array
) -> bool:
    """Put the option's job at the earliest start that fits and pays; say whether there was one."""
    row, length, gang = int(options.offering[option]), int(options.slots[option]), int(options.gang[option])
    job, node = int(options.job[option]), int(problem.offering_node[row])
    watts = gang * int(problem.facility_watts_per_unit[row])
    worth_at_most = int(problem.value_micros[job]) - int(options.fixed_micros[option])
    for start in range(int(options.first[option]), int(options.last[option]) + 1):
        window = slice(start, start + length)
        fits = floor.free_units[row, window].min() >= gang and floor.free_watts[node, window].min() >= watts
        if fits and worth_at_most > gang * int(cost_micros[row, window].sum()):
            floor.free_units[row, window] -= gang
            floor.free_watts[node, window] -= watts
            floor.option[job], floor.start[job] = option, start
            return True
    return False


def _clearing(problem: ClearingProblem, options: Options, floor: Floor) -> Clearing:
    price, power_price = np.zeros_like(problem.capacity_units), np.zeros_like(problem.node_power_watts)
    value, bound = worth(problem, options, floor), dual_bound(problem, options, price, power_price)
    chosen, start_slot = placements(options, floor)
    return Clearing(
        status=Status.FEASIBLE,
        value_micros=value,
        bound_micros=bound,
        gap=relative_gap(value, bound),
        chosen=chosen,
        start_slot=start_slot,
        price_micros=price,
        power_price_micros=power_price,
    )
