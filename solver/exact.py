"""The exact finish on small problems: CP-SAT over the placements that prices cannot exclude.

A placement whose regret at the prices (how far it stays behind its job's best) takes the bound down to the incumbent
or below is in no better clearing; leaving it out is reduced-cost fixing (Dantzig, Fulkerson and Johnson 1954). So what
the search proves about the rest holds for the whole problem, the incumbent included.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from ortools.sat.python import cp_model

from solver.certify import dual_bound
from solver.compiled import compiled
from solver.demand import Prices, guide_of, no_prices, respond
from solver.floor import Floor, empty_floor, put, site_of, worth
from solver.limits import Limits
from solver.options import Options, prefix_sums
from solver.problem import ClearingProblem, Int64Array
from solver.stopwatch import Stopwatch

MOST_COLUMNS = 12_000
"""With more placements than this left over, CP-SAT has found nothing useful in a minute."""
FEW_JOBS = 8
"""Up to so many jobs the search runs to its end whatever the number of placements."""
DETERMINISTIC_SECONDS = 5.0
ONE_WORKER_COLUMNS = 2_000
"""Below this a second worker costs more than it brings."""


class Search(NamedTuple):
    """What the exact finish found."""

    floor: Floor
    """At least as good as the incumbent."""
    bound_micros: int | None
    """What the search proved, or None where it proved nothing."""


def finish(
    problem: ClearingProblem,
    options: Options,
    incumbent: Floor,
    prices: Prices,
    limits: Limits,
    stopwatch: Stopwatch,
) -> Search:
    """Search what is left over, from the incumbent on; does nothing where that is too much."""
    value = worth(problem, options, incumbent)
    option, start = _columns_worth_a_look(problem, options, prices, value)
    if not option.size:
        return Search(incumbent, value)
    if option.size > MOST_COLUMNS and problem.jobs > FEW_JOBS:
        return Search(incumbent, None)
    model, choose = _model(problem, options, option, start, incumbent)
    if model.validate():
        return Search(incumbent, None)
    solver = _solver(problem, option.size, limits, stopwatch)
    status = solver.solve(model)
    best = incumbent
    if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        taken = [column for column, variable in enumerate(choose) if solver.boolean_value(variable)]
        found = _placed(problem, options, option[taken], start[taken])
        best = max(incumbent, found, key=lambda floor: worth(problem, options, floor))
    value = worth(problem, options, best)
    if status == cp_model.OPTIMAL:
        return Search(best, value)
    proven = solver.best_objective_bound
    return Search(
        best,
        max(value, int(proven) + 1) if status != cp_model.MODEL_INVALID and abs(proven) < 2**52 else None,
    )


def _solver(
    problem: ClearingProblem, columns: int, limits: Limits, stopwatch: Stopwatch
) -> cp_model.CpSolver:
    """CP-SAT with every limit explicit: one worker, or several that take turns, so that it repeats itself."""
    solver = cp_model.CpSolver()
    workers = 1 if columns <= ONE_WORKER_COLUMNS else limits.workers
    solver.parameters.num_workers = workers
    solver.parameters.interleave_search = workers > 1
    solver.parameters.random_seed = limits.seed
    solver.parameters.max_time_in_seconds = max(0.01, stopwatch.seconds_left())
    if problem.jobs > FEW_JOBS:
        solver.parameters.max_deterministic_time = DETERMINISTIC_SECONDS
    return solver


def _columns_worth_a_look(
    problem: ClearingProblem, options: Options, prices: Prices, value: int
) -> tuple[Int64Array, Int64Array]:
    """(K,) option and (K,) start of every placement that could be in a clearing worth more than `value` micros.

    Guides round power prices down, by less than a micro per unit and slot: `margin` makes up for it. Where a guide
    had to be cut off, zero prices are used, which exclude less.
    """
    guide = guide_of(problem, options, prices)
    watts = problem.facility_watts_per_unit[:, None] / 1000.0
    wanted = (
        problem.unit_cost_micros + prices.unit_micros + watts * prices.power_micros[problem.offering_node]
    )
    if np.any(wanted > guide + 1e-9 * np.abs(wanted) + 2):
        prices = no_prices(problem)
        guide = problem.unit_cost_micros
    bound = dual_bound(problem, options, *prices)
    margin = np.zeros(problem.jobs, dtype=np.int64)
    np.maximum.at(margin, options.job, options.gang * options.slots)
    best = respond(problem, options, prices).net_micros
    return _not_excluded(
        options,
        problem.value_micros,
        (prefix_sums(guide), prefix_sums(problem.unit_cost_micros)),
        best - margin,
        bound - value,
    )


@compiled
def _not_excluded(
    options: Options, value: Int64Array, sums: tuple[Int64Array, Int64Array], best: Int64Array, slack: int
) -> tuple[Int64Array, Int64Array]:
    """Placements that pay and whose regret is below `slack` micros; `sums` of guide and of unit cost."""
    kept_option, kept_start = [], []
    for option in range(options.job.size):
        job, gang, slots = options.job[option], options.gang[option], options.slots[option]
        guide, cost = sums[0][options.offering[option]], sums[1][options.offering[option]]
        room, left = options.run_room[options.run[option]], value[job] - options.fixed_micros[option]
        for start in range(options.first[option], options.last[option] + 1):
            if room[start] >= gang and left > gang * (cost[start + slots] - cost[start]):
                regret = max(0, best[job]) - (left - gang * (guide[start + slots] - guide[start]))
                if regret < slack:
                    kept_option.append(option)
                    kept_start.append(start)
    return np.array(kept_option, dtype=np.int64), np.array(kept_start, dtype=np.int64)


def _model(
    problem: ClearingProblem, options: Options, option: Int64Array, start: Int64Array, incumbent: Floor
) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """One Boolean per placement; rows for jobs, offering slots and node slots that could be exceeded at all."""
    model = cp_model.CpModel()
    choose = [model.new_bool_var("") for _ in range(option.size)]
    sums = prefix_sums(problem.unit_cost_micros)
    by_job: dict[int, list[cp_model.IntVar]] = {}
    units: dict[tuple[int, int], list[tuple[cp_model.IntVar, int]]] = {}
    watts: dict[tuple[int, int], list[tuple[cp_model.IntVar, int]]] = {}
    nets = []
    for variable, chosen, begin in zip(choose, option.tolist(), start.tolist(), strict=True):
        job, offering, gang = (int(part[chosen]) for part in (options.job, options.offering, options.gang))
        end, node = begin + int(options.slots[chosen]), int(problem.offering_node[offering])
        by_job.setdefault(job, []).append(variable)
        cost = gang * int(sums[offering, end] - sums[offering, begin])
        nets.append(int(problem.value_micros[job]) - int(options.fixed_micros[chosen]) - cost)
        drawn = gang * int(problem.facility_watts_per_unit[offering])
        for slot in range(begin, end):
            units.setdefault((offering, slot), []).append((variable, gang))
            watts.setdefault((node, slot), []).append((variable, drawn))
        model.add_hint(variable, incumbent.option[job] == chosen and incumbent.start[job] == begin)
    for variables in by_job.values():
        model.add_at_most_one(variables)
    for rows, limits in ((units, problem.capacity_units), (watts, problem.node_power_watts)):
        for place, terms in rows.items():
            if sum(amount for _, amount in terms) > int(limits[place]):
                model.add(sum(variable * amount for variable, amount in terms) <= int(limits[place]))
    model.maximize(sum(variable * net for variable, net in zip(choose, nets, strict=True)))
    return model, choose


def _placed(problem: ClearingProblem, options: Options, option: Int64Array, start: Int64Array) -> Floor:
    floor, site = empty_floor(problem), site_of(problem)
    for chosen, begin in zip(option.tolist(), start.tolist(), strict=True):
        put(int(options.job[chosen]), chosen, begin, options, site, floor)
    return floor
