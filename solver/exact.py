"""The exact finish on small problems: CP-SAT over the placements that prices cannot exclude.

A placement whose regret at the prices (how far it stays behind its job's best) takes the bound down to the incumbent
or below is in no better clearing; leaving it out is reduced-cost fixing (Dantzig, Fulkerson and Johnson 1954). So what
the search proves about the rest holds for the whole problem, the incumbent included.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import numpy as np
from ortools.sat.python import cp_model

from solver.certify import dual_bound
from solver.compiled import compiled
from solver.floor import Floor, empty_floor, put, worth
from solver.layout import Layout, prefix_sums
from solver.limits import Limits
from solver.prices import Prices, guide_of, no_prices
from solver.problem import ClearingProblem, Int64Array
from solver.stopwatch import Stopwatch

MOST_COLUMNS = 12_000
"""With more placements than this left over, CP-SAT has found nothing useful in a minute."""
MOST_JOBS = 2_000
"""Above this many jobs the finish is not tried: too many placements stay possible."""
FEW_JOBS, MOST_COLUMNS_OF_FEW = 8, 200_000
"""Up to so many jobs the search runs to its end, unless writing down the placements alone would take seconds."""
DETERMINISTIC_SECONDS = 5.0
ONE_WORKER_COLUMNS = 2_000
"""Below this a second worker costs more than it brings."""
SECONDS_BETWEEN_LOOKS = 0.05
"""How often a running search is asked whether it has been cancelled."""


class Search(NamedTuple):
    """What the exact finish found."""

    floor: Floor
    """At least as good as the incumbent."""
    bound_micros: int | None
    """What the search proved, or None where it proved nothing."""


class Known(Protocol):
    """What is known before the search: the incumbent."""

    floor: Floor
    prices: Prices
    room: Int64Array


def finish(
    problem: ClearingProblem, layout: Layout, known: Known, limits: Limits, stopwatch: Stopwatch
) -> Search:
    """Search what is left over, from the incumbent on; does nothing where that is too much."""
    incumbent = known.floor
    value = worth(problem, layout, incumbent)
    most = MOST_COLUMNS if problem.jobs > FEW_JOBS else MOST_COLUMNS_OF_FEW
    columns = columns_worth_a_look(problem, layout, known, value, most)
    if not columns.job.size:
        return Search(incumbent, value)
    if columns.job.size > most:
        return Search(incumbent, None)
    model, choose = _model(problem, layout, columns, incumbent)
    if model.validate():
        return Search(incumbent, None)
    solver = _solver(problem, columns.job.size, limits, stopwatch)
    with _stopping(solver, stopwatch):
        status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Search(incumbent, None)  # stopped before it began, CP-SAT gives 0 as its bound
    taken = [column for column, variable in enumerate(choose) if solver.boolean_value(variable)]
    found = _placed(problem, layout, columns, taken)
    best = max(incumbent, found, key=lambda floor: worth(problem, layout, floor))
    value, proven = worth(problem, layout, best), solver.best_objective_bound
    if status == cp_model.OPTIMAL:
        return Search(best, value)
    return Search(best, max(value, int(proven) + 1) if abs(proven) < 2**52 else None)


def _solver(
    problem: ClearingProblem, columns: int, limits: Limits, stopwatch: Stopwatch
) -> cp_model.CpSolver:
    """CP-SAT with every limit explicit: one worker, or several that take turns, so that it repeats itself."""
    solver = cp_model.CpSolver()
    workers = 1 if columns <= ONE_WORKER_COLUMNS else limits.workers
    solver.parameters.num_workers = workers
    solver.parameters.interleave_search = workers > 1
    solver.parameters.random_seed = limits.seed
    solver.parameters.catch_sigint_signal = False
    solver.parameters.max_time_in_seconds = max(0.01, stopwatch.seconds_left())
    if problem.jobs > FEW_JOBS:
        solver.parameters.max_deterministic_time = DETERMINISTIC_SECONDS
    return solver


@contextmanager
def _stopping(solver: cp_model.CpSolver, stopwatch: Stopwatch) -> Iterator[None]:
    """Call the search off when the stopwatch is up: CP-SAT asks nobody while it searches, so a thread does."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(SECONDS_BETWEEN_LOOKS):
            if stopwatch.is_up():
                solver.stop_search()

    watcher = threading.Thread(target=watch, name="exact-stopwatch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


class Columns(NamedTuple):
    """K placements: (K,) each."""

    job: Int64Array
    candidate: Int64Array
    start: Int64Array


def columns_worth_a_look(
    problem: ClearingProblem, layout: Layout, known: Known, value: int, most: int
) -> Columns:
    """Every placement that could be in a clearing worth more than `value` micros.

    Where they are more than `most`, those of the first jobs that are. Guides round power prices down, by less than a
    micro per unit and slot: a margin makes up for it. Where a guide had to be cut off, zero prices are used, which
    exclude less.
    """
    room, prices = known.room, known.prices
    guide = guide_of(problem, layout, prices)
    watts = layout.watts[:, None] / 1000.0
    wanted = problem.unit_cost_micros + prices.unit_micros + watts * prices.power_micros[layout.node]
    if np.any(wanted > guide + 1e-9 * np.abs(wanted) + 2):
        prices, guide = no_prices(problem), problem.unit_cost_micros
    slack = dual_bound(problem, layout, room, *prices) - value
    sums = (prefix_sums(guide), prefix_sums(problem.unit_cost_micros))
    return Columns(*_not_excluded(layout, room, sums, slack, most))


@compiled
def _not_excluded(
    layout: Layout, room: Int64Array, sums: tuple[Int64Array, Int64Array], slack: int, most: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Placements that pay and whose regret is below `slack` micros, up to the job that makes them more than `most`."""
    kept_job, kept_candidate, kept_start = [], [], []
    for job in range(layout.profile.size):
        best, margin = _best_at(job, layout, room, sums[0])
        least = max(0, best - margin) - slack
        scale, profile = layout.scale[job], layout.profile[job]
        for candidate in range(layout.profile_start[profile], layout.profile_start[profile + 1]):
            gang, slots = scale * layout.units[candidate], layout.slots[candidate]
            guide, cost = sums[0][layout.offering[candidate]], sums[1][layout.offering[candidate]]
            left, free = (
                layout.value_micros[job] - scale * layout.fixed_micros[candidate],
                room[layout.run[candidate]],
            )
            for start in range(layout.first[job], layout.end[job] - slots + 1):
                if free[start] >= gang and left > gang * (cost[start + slots] - cost[start]):
                    net = left - gang * (guide[start + slots] - guide[start])
                    if net > least:
                        kept_job.append(job)
                        kept_candidate.append(candidate)
                        kept_start.append(start)
        if len(kept_job) > most:
            break
    return np.array(kept_job, np.int64), np.array(kept_candidate, np.int64), np.array(kept_start, np.int64)


@compiled
def _best_at(job: int, layout: Layout, room: Int64Array, guide_sums: Int64Array) -> tuple[int, int]:
    """The job's best net value at the guide, and by how much rounding may have flattered any of its placements."""
    best, margin = 0, 0
    scale, profile = layout.scale[job], layout.profile[job]
    for candidate in range(layout.profile_start[profile], layout.profile_start[profile + 1]):
        gang, slots = scale * layout.units[candidate], layout.slots[candidate]
        guide, free = guide_sums[layout.offering[candidate]], room[layout.run[candidate]]
        left, margin = (
            layout.value_micros[job] - scale * layout.fixed_micros[candidate],
            max(margin, gang * slots),
        )
        for start in range(layout.first[job], layout.end[job] - slots + 1):
            if free[start] >= gang:
                best = max(best, left - gang * (guide[start + slots] - guide[start]))
    return best, margin


def _model(
    problem: ClearingProblem, layout: Layout, columns: Columns, incumbent: Floor
) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """One Boolean per placement; rows for jobs, offering slots and node slots that could be exceeded at all."""
    model = cp_model.CpModel()
    choose = [model.new_bool_var("") for _ in range(columns.job.size)]
    sums = prefix_sums(problem.unit_cost_micros)
    by_job: dict[int, list[cp_model.IntVar]] = {}
    units: dict[tuple[int, int], list[tuple[cp_model.IntVar, int]]] = {}
    watts: dict[tuple[int, int], list[tuple[cp_model.IntVar, int]]] = {}
    nets = []
    for variable, job, candidate, begin in zip(choose, *(column.tolist() for column in columns), strict=True):
        scale, offering = int(layout.scale[job]), int(layout.offering[candidate])
        end, node, gang = (
            begin + int(layout.slots[candidate]),
            int(layout.node[offering]),
            scale * int(layout.units[candidate]),
        )
        by_job.setdefault(job, []).append(variable)
        cost = scale * int(layout.fixed_micros[candidate]) + gang * int(
            sums[offering, end] - sums[offering, begin]
        )
        nets.append(int(problem.value_micros[job]) - cost)
        drawn = gang * int(layout.watts[offering])
        for slot in range(begin, end):
            units.setdefault((offering, slot), []).append((variable, gang))
            watts.setdefault((node, slot), []).append((variable, drawn))
        model.add_hint(variable, incumbent.candidate[job] == candidate and incumbent.start[job] == begin)
    for variables in by_job.values():
        model.add_at_most_one(variables)
    for rows, limits in ((units, problem.capacity_units), (watts, problem.node_power_watts)):
        for place, terms in rows.items():
            if sum(amount for _, amount in terms) > int(limits[place]):
                model.add(sum(variable * amount for variable, amount in terms) <= int(limits[place]))
    model.maximize(sum(variable * net for variable, net in zip(choose, nets, strict=True)))
    return model, choose


def _placed(problem: ClearingProblem, layout: Layout, columns: Columns, taken: list[int]) -> Floor:
    floor = empty_floor(problem)
    for column in taken:
        job, candidate, start = (int(part[column]) for part in columns)
        put(job, candidate, start, layout, floor)
    return floor
