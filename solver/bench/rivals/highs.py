"""HiGHS on the whole model: highspy where it is installed (extra `bench`), else the HiGHS that scipy carries.

This module must not meet OR-Tools in one process: their symbols clash.
"""

from __future__ import annotations

import math
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from solver.bench.columns import MICROS_PER_YUAN, Columns, Rows, build_rows, list_columns
from solver.bench.rivals.answer import Answer, Task, nothing
from solver.bench.rivals.choosing import answer_of, no_time
from solver.outcome import Status


def highs(task: Task) -> Answer:
    """One Boolean per placement, workers as threads, seed, time limit; no gap tolerance."""
    columns = list_columns(task.problem)
    rows = build_rows(task.problem, columns)
    if not columns.job.size:
        return answer_of(task, columns, np.zeros(0), Status.OPTIMAL)
    if task.seconds_left() <= 0:
        return no_time()
    if find_spec("highspy") and "ortools" not in sys.modules:
        return _by_highspy(task, columns, rows)
    return _by_scipy(task, columns, rows)


def _by_scipy(task: Task, columns: Columns, rows: Rows) -> Answer:
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - one of the two is needed

    found = milp(
        -columns.net_micros / MICROS_PER_YUAN,
        integrality=np.ones(columns.job.size, dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(rows.matrix, ub=rows.limit),
        options={"time_limit": task.seconds_left(), "mip_rel_gap": 0.0},
    )
    bound = _micros(getattr(found, "mip_dual_bound", None))
    note = "HiGHS of scipy, one thread"
    if found.x is None:
        return nothing(note, bound)
    status = Status.OPTIMAL if found.status == 0 else Status.FEASIBLE
    return answer_of(task, columns, np.asarray(found.x), status, bound, note)


def _by_highspy(task: Task, columns: Columns, rows: Rows) -> Answer:
    highspy: Any = import_module("highspy")  # the optional extra `bench`
    model, size = highspy.HighsModel(), columns.job.size
    lp = model.lp_
    lp.num_col_, lp.num_row_ = size, rows.limit.size
    lp.col_cost_ = -columns.net_micros / MICROS_PER_YUAN
    lp.col_lower_, lp.col_upper_ = np.zeros(size), np.ones(size)
    lp.row_lower_, lp.row_upper_ = np.full(rows.limit.size, -np.inf), rows.limit
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = rows.matrix.indptr
    lp.a_matrix_.index_ = rows.matrix.indices
    lp.a_matrix_.value_ = rows.matrix.data
    lp.integrality_ = [highspy.HighsVarType.kInteger] * size
    solver: Any = highspy.Highs()
    for option, setting in (
        ("output_flag", False), ("threads", task.workers), ("random_seed", task.seed), ("mip_rel_gap", 0.0),
        ("mip_abs_gap", 1e-6), ("time_limit", max(0.01, task.seconds_left())),
    ):  # fmt: skip
        solver.setOptionValue(option, setting)
    solver.passModel(model)
    solver.run()
    info = solver.getInfo()
    bound = _micros(info.mip_dual_bound)
    note = f"highspy, {task.workers} threads"
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return nothing(note, bound)
    optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    values = np.asarray(solver.getSolution().col_value)
    return answer_of(task, columns, values, Status.OPTIMAL if optimal else Status.FEASIBLE, bound, note)


def _micros(minimised_yuan: float | None) -> int | None:
    if minimised_yuan is None or not math.isfinite(minimised_yuan):
        return None
    return math.ceil(-minimised_yuan * MICROS_PER_YUAN)
