"""What jobs would do at given prices: each its best option and start, and what that asks of offerings and nodes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.compiled import compiled
from solver.floor import Site, site_of
from solver.options import Options, prefix_sums
from solver.outcome import Float64Array
from solver.problem import LARGEST, ClearingProblem, Int64Array

NOBODY = -(2**62)
"""The value of a job that no longer asks for anything."""


class Prices(NamedTuple):
    """Congestion prices in whole micros: per unit and slot (O, T), per kilowatt and slot (N, T)."""

    unit_micros: Int64Array
    power_micros: Int64Array


class Response(NamedTuple):
    """Best placement of every job at prices, capacity aside. (J,) each; option -1 where none pays."""

    option: Int64Array
    start: Int64Array
    net_micros: Int64Array
    """Value less cost less congestion; 0 where none pays."""
    units: Int64Array
    """(O, T) units these placements would take together."""
    watts: Int64Array
    """(N, T) watts they would draw."""


def no_prices(problem: ClearingProblem) -> Prices:
    """Zero everywhere."""
    return Prices(np.zeros_like(problem.capacity_units), np.zeros_like(problem.node_power_watts))


def whole_prices(unit_micros: Float64Array, power_micros: Float64Array) -> Prices:
    """Rounded to whole micros, none negative."""
    return Prices(
        *(np.rint(np.clip(part, 0, 2.0**53)).astype(np.int64) for part in (unit_micros, power_micros))
    )


def guide_of(problem: ClearingProblem, options: Options, prices: Prices) -> Int64Array:
    """(O, T) what one unit costs in a slot with congestion, in micros: the power part is rounded down.

    Guides choose placements and prove nothing, so they are cut off where gang x slots x guide could exceed 64 bits.
    """
    watts = problem.facility_watts_per_unit.astype(np.float64)[:, None]
    congestion = prices.unit_micros + np.floor(watts * prices.power_micros[problem.offering_node] / 1000)
    largest = np.zeros(problem.offerings)
    np.maximum.at(largest, options.offering, options.gang * options.slots.astype(np.float64))
    ceiling = np.floor(LARGEST / 4 / np.maximum(1.0, largest))[:, None]
    return problem.unit_cost_micros + np.minimum(congestion, ceiling).astype(np.int64)


def respond(
    problem: ClearingProblem, options: Options, prices: Prices, value_micros: Int64Array | None = None
) -> Response:
    """Every job's best placement at the prices, for its own value or another. Ties: smaller candidate, earlier start."""
    jobs = problem.jobs
    response = Response(
        option=np.zeros(jobs, dtype=np.int64),
        start=np.zeros(jobs, dtype=np.int64),
        net_micros=np.zeros(jobs, dtype=np.int64),
        units=np.zeros_like(problem.capacity_units),
        watts=np.zeros_like(problem.node_power_watts),
    )
    sums = prefix_sums(guide_of(problem, options, prices))
    value = problem.value_micros if value_micros is None else value_micros
    _respond(value, options, site_of(problem), sums, response)
    return response


@compiled
def _respond(
    value: Int64Array, options: Options, site: Site, guide_sums: Int64Array, response: Response
) -> None:
    """Fill `response`, whose totals are zero."""
    for job in range(value.size):
        best_option, best_start, best_net = -1, -1, 0
        past = options.job_start[job + 1] if value[job] > NOBODY else 0
        for option in range(options.job_start[job], past):
            sums, length = guide_sums[options.offering[option]], options.slots[option]
            room, gang = options.run_room[options.run[option]], options.gang[option]
            left = value[job] - options.fixed_micros[option]
            for start in range(options.first[option], options.last[option] + 1):
                net = left - gang * (sums[start + length] - sums[start])
                if net > best_net and room[start] >= gang:
                    best_option, best_start, best_net = option, start, net
        response.option[job], response.start[job], response.net_micros[job] = (
            best_option,
            best_start,
            best_net,
        )
        if best_option >= 0:
            offering, gang = options.offering[best_option], options.gang[best_option]
            for slot in range(best_start, best_start + options.slots[best_option]):
                response.units[offering, slot] += gang
                response.watts[site.node[offering], slot] += gang * site.watts_per_unit[offering]
