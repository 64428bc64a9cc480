"""LP prices by column generation: a restricted master program over placements, priced out by every job's best answer.

Dantzig and Wolfe (1960), Gilmore and Gomory (1961): solve the linear relaxation over the columns known so far, take
its duals as prices, add each job's best placement at them, repeat. Each round's prices, and their mixtures with the
best so far (Wentges 1997 smoothing), are certified; the best bound is kept. GLOP solves the master programs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from ortools.linear_solver import pywraplp

from solver.certify import dual_bound
from solver.demand import Prices, respond, whole_prices
from solver.options import Options, prefix_sums
from solver.outcome import Float64Array
from solver.prices import Walk
from solver.problem import ClearingProblem
from solver.stopwatch import Stopwatch

ROUNDS = 8
ENOUGH = 2e-4
"""Rounds end when the bound is this close to the master's value: the linear relaxation has no more to give."""
MIXTURES = (0.0, 0.5, 0.8)
"""Weights of the best prices so far, in mixtures with the newest duals."""
MOST_COLUMNS = 20_000
"""Above this many columns GLOP takes too long; then the walk's prices have to do."""
MOST_OF_THE_TIME = 0.5
"""A master program may take this share of the seconds left: placements need the rest."""
UNLIMITED_WATTS = 10**12
"""A node above a terawatt has no power row."""


class Relaxed(NamedTuple):
    """Prices from the linear relaxation over the columns met, and what they prove."""

    prices: Prices
    bound_micros: int


def relax(problem: ClearingProblem, options: Options, walk: Walk, stopwatch: Stopwatch) -> Relaxed:
    """Solve the relaxation from where the walk came to. At least as good a bound; deterministic unless time runs out."""
    columns = dict(walk.columns)
    prices, bound = walk.prices, walk.bound_micros
    if not columns:
        return Relaxed(prices, bound)
    master = _Master(problem, options)
    for _ in range(ROUNDS):
        if stopwatch.is_up() or len(columns) > MOST_COLUMNS:
            break
        master.add(list(columns)[master.columns :])
        if not master.solve(MOST_OF_THE_TIME * stopwatch.seconds_left()):
            break
        newest, known = master.duals(), len(columns)
        for weight in MIXTURES:
            mixture = _mix(newest, prices, weight)
            response = respond(problem, options, mixture)
            placed = np.flatnonzero(response.option >= 0)
            pairs = zip(response.option[placed].tolist(), response.start[placed].tolist(), strict=True)
            columns.update(dict.fromkeys(pairs))
            proven = dual_bound(problem, options, *mixture)
            if proven < bound:
                prices, bound = mixture, proven
        if bound - master.value_micros() <= ENOUGH * bound or len(columns) == known:
            break
    return Relaxed(prices, bound)


def _mix(newest: tuple[Float64Array, Float64Array], best: Prices, weight: float) -> Prices:
    unit, power = (weight * old + (1 - weight) * new for new, old in zip(newest, best, strict=True))
    return whole_prices(unit, power)


class _Master:
    """One GLOP program that grows: a row per job, per offering and slot in use, per node and slot with a cap."""

    def __init__(self, problem: ClearingProblem, options: Options) -> None:
        self._problem, self._options = problem, options
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        self._objective = self._solver.Objective()
        self._objective.SetMaximization()
        self._job_rows: dict[int, pywraplp.Constraint] = {}
        self._unit_rows: dict[tuple[int, int], pywraplp.Constraint] = {}
        self._power_rows: dict[tuple[int, int], pywraplp.Constraint] = {}
        self._variables: list[pywraplp.Variable] = []
        self._cost_sums = prefix_sums(problem.unit_cost_micros)
        self._money = max(1.0, float(options.alone_net_micros.mean()))
        """Micros in one unit of the objective, which keeps its coefficients near 1."""

    @property
    def columns(self) -> int:
        """How many it has."""
        return len(self._variables)

    def add(self, columns: list[tuple[int, int]]) -> None:
        """Add placements as columns."""
        problem, options = self._problem, self._options
        for option, start in columns:
            job, offering, gang = (
                int(part[option]) for part in (options.job, options.offering, options.gang)
            )
            end = start + int(options.slots[option])
            cost = gang * int(self._cost_sums[offering, end] - self._cost_sums[offering, start])
            net = int(problem.value_micros[job]) - int(options.fixed_micros[option]) - cost
            variable = self._solver.NumVar(0.0, self._solver.infinity(), "")
            self._variables.append(variable)
            self._objective.SetCoefficient(variable, net / self._money)
            if job not in self._job_rows:
                self._job_rows[job] = self._solver.Constraint(0.0, 1.0)
            self._job_rows[job].SetCoefficient(variable, 1.0)
            kilowatts = gang * int(problem.facility_watts_per_unit[offering]) / 1000
            node = int(problem.offering_node[offering])
            for slot in range(start, end):
                self._unit_row(offering, slot).SetCoefficient(variable, float(gang))
                if kilowatts and problem.node_power_watts[node, slot] < UNLIMITED_WATTS:
                    self._power_row(node, slot).SetCoefficient(variable, kilowatts)

    def solve(self, seconds_limit: float) -> bool:
        """Whether GLOP came to the optimum in time."""
        self._solver.SetTimeLimit(max(1, int(seconds_limit * 1000)))
        return bool(self._solver.Solve() == pywraplp.Solver.OPTIMAL)

    def value_micros(self) -> float:
        """Optimum of the restricted master: a lower bound of the relaxation's."""
        return float(self._objective.Value()) * self._money

    def duals(self) -> tuple[Float64Array, Float64Array]:
        """(O, T) micros per unit and slot, (N, T) micros per kilowatt and slot."""
        unit, power = (
            np.zeros(self._problem.capacity_units.shape),
            np.zeros(self._problem.node_power_watts.shape),
        )
        for rows, duals in ((self._unit_rows, unit), (self._power_rows, power)):
            for place, row in rows.items():
                duals[place] = row.dual_value() * self._money
        return unit, power

    def _unit_row(self, offering: int, slot: int) -> pywraplp.Constraint:
        place = (offering, slot)
        if place not in self._unit_rows:
            limit = float(self._problem.capacity_units[offering, slot])
            self._unit_rows[place] = self._solver.Constraint(-self._solver.infinity(), limit)
        return self._unit_rows[place]

    def _power_row(self, node: int, slot: int) -> pywraplp.Constraint:
        place = (node, slot)
        if place not in self._power_rows:
            limit = int(self._problem.node_power_watts[node, slot]) / 1000
            self._power_rows[place] = self._solver.Constraint(-self._solver.infinity(), limit)
        return self._power_rows[place]
