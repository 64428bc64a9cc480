"""OR-Tools' solvers on the whole model at once: CP-SAT, SCIP, and PDLP's relaxation rounded."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.linear_solver.python import model_builder_helper as builder
from ortools.pdlp import solve_log_pb2, solvers_pb2
from ortools.pdlp.python import pdlp
from ortools.sat.python import cp_model
from scipy.sparse import csc_matrix, csr_matrix

from solver.bench.columns import MICROS_PER_YUAN, Columns, Rows, build_rows, list_columns, place_columns
from solver.bench.rivals.answer import Answer, Task, nothing
from solver.bench.rivals.choosing import answer_of, no_time
from solver.outcome import Status
from solver.problem import ClearingProblem, Int64Array

LIGHT_PRESOLVE_COLUMNS = 100_000
"""Above this CP-SAT's usual presolve takes half a minute before the search begins; a lighter one helps it."""
RELAXATION_SHARE = 0.8
"""Of the time left, for PDLP; the rest is for rounding."""


def cp_sat(task: Task) -> Answer:
    """One Boolean per placement; workers, seed and time limit given."""
    columns = list_columns(task.problem)
    rows = build_rows(task.problem, columns)
    model = _cp_model(columns, rows)
    if task.seconds_left() <= 0:
        return no_time()
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = task.workers
    solver.parameters.random_seed = task.seed
    if columns.job.size > LIGHT_PRESOLVE_COLUMNS:
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        solver.parameters.max_presolve_iterations = 1
    solver.parameters.max_time_in_seconds = task.seconds_left()
    status = solver.solve(model, _Watch(task, columns))
    note = f"{columns.job.size:,} Booleans, {task.workers} workers"
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return nothing(note)  # the bound of a search that found nothing is not set
    bound = math.ceil(solver.best_objective_bound)
    values = np.array(solver.response_proto.solution, dtype=np.float64)
    optimal = Status.OPTIMAL if status == cp_model.OPTIMAL else Status.FEASIBLE
    return answer_of(task, columns, values, optimal, bound, note)


class _Watch(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
    """Reports every solution, for the plots."""

    def __init__(self, task: Task, columns: Columns) -> None:
        super().__init__()
        self._task, self._zero = task, int(columns.net_micros.sum())

    def on_solution_callback(self) -> None:
        """Called by CP-SAT."""
        bound = min(int(self.best_objective_bound), self._zero)
        self._task.report("solution", self._task.seconds_so_far(), int(self.objective_value), bound)


def _cp_model(columns: Columns, rows: Rows) -> cp_model.CpModel:
    """Written straight into the protocol buffer: expressions would take minutes on a million columns."""
    model = cp_model.CpModel()
    proto: Any = model.proto
    for _ in range(columns.job.size):
        proto.variables.add().domain.extend([0, 1])
    starts, indices, data = rows.matrix.indptr, rows.matrix.indices, rows.matrix.data
    for row in range(rows.limit.size):
        part = slice(starts[row], starts[row + 1])
        constraint = proto.constraints.add()
        if row < rows.job_rows:
            constraint.at_most_one.literals.extend(indices[part].tolist())
        else:
            constraint.linear.vars.extend(indices[part].tolist())
            constraint.linear.coeffs.extend(data[part].astype(np.int64).tolist())
            constraint.linear.domain.extend([0, int(rows.limit[row])])
    proto.objective.vars.extend(range(columns.job.size))
    proto.objective.coeffs.extend((-columns.net_micros).tolist())
    proto.objective.scaling_factor = -1.0
    return model


def scip(task: Task) -> Answer:
    """One Boolean per placement, through OR-Tools' model builder; SCIP has one thread and takes the seed."""
    columns = list_columns(task.problem)
    rows = build_rows(task.problem, columns)
    size = columns.job.size
    model: Any = builder.ModelBuilderHelper()
    lowest = np.full(rows.limit.size, -np.inf)
    model.fill_model_from_sparse_data(
        np.zeros(size), np.ones(size), columns.net_micros / MICROS_PER_YUAN, lowest, rows.limit,
        csr_matrix(rows.matrix),
    )  # fmt: skip
    model.set_maximize(maximize=True)
    for column in range(size):
        model.set_var_integrality(column, is_integer=True)
    if task.seconds_left() <= 0:
        return no_time()
    solver = builder.ModelSolverHelper("scip")
    solver.set_solver_specific_parameters(f"randomization/randomseedshift = {task.seed}")
    solver.set_time_limit_in_seconds(task.seconds_left())
    solver.solve(model)
    note = f"{size:,} Booleans, one thread"
    if not solver.has_solution():
        return nothing(note, _micros(solver.best_objective_bound()) if solver.has_response() else None)
    optimal = solver.status() == builder.SolveStatus.OPTIMAL
    values = np.asarray(solver.variable_values(), dtype=np.float64)
    bound = _micros(solver.best_objective_bound())
    return answer_of(task, columns, values, Status.OPTIMAL if optimal else Status.FEASIBLE, bound, note)


def lp_rounding(task: Task) -> Answer:
    """PDLP on the relaxation; placements taken by falling share, then by net value per unit-slot. Its duals bound."""
    problem = task.problem
    columns = list_columns(problem)
    rows = build_rows(problem, columns)
    if task.seconds_left() <= 0:
        return no_time()
    result = _relax(task, columns, rows)
    share = np.asarray(result.primal_solution, dtype=np.float64)
    density = columns.net_micros / np.maximum(1, columns.gang * columns.slots)
    order = np.lexsort((-density, -np.round(share, 3)))
    chosen, start = place_columns(problem, columns, order)
    prices = _prices(problem, rows, np.asarray(result.dual_solution, dtype=np.float64))
    converged = result.solve_log.termination_reason == solve_log_pb2.TERMINATION_REASON_OPTIMAL
    note = f"{columns.job.size:,} columns, PDLP {'converged' if converged else 'stopped by the time'}"
    return Answer(Status.FEASIBLE, chosen, start, *prices, note=note)


def _relax(task: Task, columns: Columns, rows: Rows) -> Any:
    program = pdlp.QuadraticProgram()
    program.objective_vector = -columns.net_micros / MICROS_PER_YUAN
    program.constraint_matrix = csc_matrix(rows.matrix)
    program.constraint_lower_bounds = np.full(rows.limit.size, -np.inf)
    program.constraint_upper_bounds = rows.limit
    program.variable_lower_bounds = np.zeros(columns.job.size)
    program.variable_upper_bounds = np.full(columns.job.size, np.inf)
    parameters = solvers_pb2.PrimalDualHybridGradientParams()
    parameters.num_threads = task.workers
    parameters.termination_criteria.time_sec_limit = task.seconds_left() * RELAXATION_SHARE
    parameters.termination_criteria.simple_optimality_criteria.eps_optimal_relative = 1e-4
    parameters.termination_criteria.simple_optimality_criteria.eps_optimal_absolute = 1e-4
    return pdlp.primal_dual_hybrid_gradient(program, parameters)


def _prices(
    problem: ClearingProblem, rows: Rows, duals: npt.NDArray[np.float64]
) -> tuple[Int64Array, Int64Array]:
    """Whole micros per unit and slot, and per kilowatt and slot, from PDLP's duals (negative on upper limits)."""
    micros = np.maximum(0.0, -duals) * MICROS_PER_YUAN
    price = np.zeros(problem.capacity_units.size, dtype=np.int64)
    power = np.zeros(problem.node_power_watts.size, dtype=np.int64)
    units_end = rows.job_rows + rows.unit_row.size
    price[rows.unit_row] = np.rint(micros[rows.job_rows : units_end]).astype(np.int64)
    power[rows.power_row] = np.rint(micros[units_end:] * 1000).astype(np.int64)
    return price.reshape(problem.capacity_units.shape), power.reshape(problem.node_power_watts.shape)


def _micros(yuan: float) -> int | None:
    return math.ceil(yuan * MICROS_PER_YUAN) if math.isfinite(yuan) and abs(yuan) < 1e12 else None
