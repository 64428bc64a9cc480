"""Generalized assignment, every item placed at least cost: the whole story."""

from __future__ import annotations

import math

import numpy as np

from solver.assignment.bound import GRAIN, climb
from solver.assignment.chains import ground_of
from solver.assignment.elite import Elite
from solver.assignment.explore import Field, polish
from solver.assignment.greedy import construct
from solver.assignment.knapsack import divisors_of
from solver.assignment.outcome import AssignmentOutcome
from solver.assignment.problem import AssignmentError, AssignmentProblem
from solver.assignment.relaxation import Relaxed, relax
from solver.assignment.rounds import search_in_rounds
from solver.assignment.standing import Standing
from solver.assignment.stop import Stop

DEAREST_OVERLOAD = 3.0
"""First penalty of overload, in agent prices of the relaxation."""


def solve_assignment(
    problem: AssignmentProblem,
    seconds: float = 60.0,
    workers: int = 2,
    seed: int = 0,
    target: int | None = None,
) -> AssignmentOutcome:
    """Place every item at least cost within `seconds`; a cost of `target` is good enough.

    Same problem, workers and seed: same cost, unless the seconds run out or two workers end the search at once.
    """
    _check_limits(seconds, workers, seed)
    standing = Standing(problem, Stop(seconds), target)
    # 1. Refuse what cannot be placed at all.
    relaxed = None if _fits_nowhere(problem) else relax(problem)
    if relaxed is None:
        return standing.infeasible("relaxation")
    # 2. A first assignment: greedy by regret, then ejection chains.
    field = _field(problem, relaxed)
    elite = Elite()
    polish(construct(field.ground), field, seed, elite)
    standing.found(elite, "greedy and chains")
    # 3. A lower bound in exact integers.
    bound = climb(problem, relaxed.item_price, standing.cost_or(_hope(problem, relaxed)), standing.stop)
    standing.proved(bound)
    field = field._replace(
        multiplier=bound.multiplier, stride=_stride(standing.cost_or(bound.cost), bound.grains)
    )
    # 4. Search and prove in rounds, until the bound is met or the time is up.
    search_in_rounds(standing, field, elite, workers, seed)
    # 5. Say what is known.
    return standing.outcome()


def _check_limits(seconds: float, workers: int, seed: int) -> None:
    if not (math.isfinite(seconds) and seconds > 0):
        raise AssignmentError("BAD_LIMIT", f"seconds must be positive and finite, not {seconds}")
    if not 1 <= workers <= 256:
        raise AssignmentError("BAD_LIMIT", f"workers must be 1 to 256, not {workers}")
    if not 0 <= seed < 2**31:
        raise AssignmentError("BAD_LIMIT", f"seed must be 0 to 2^31 - 1, not {seed}")


def _fits_nowhere(problem: AssignmentProblem) -> bool:
    """Whether some item is too heavy for every agent."""
    return bool((problem.weight > problem.capacity[:, None]).all(axis=0).any())


def _hope(problem: AssignmentProblem, relaxed: Relaxed) -> int:
    """A cost to climb towards while no assignment is known."""
    cost = float((problem.cost * relaxed.share).sum())
    return math.ceil(cost + 0.002 * abs(cost)) + 1


def _stride(cost: int, grains: int) -> float:
    """First stride of dives: the gap still open, at least two units of cost."""
    return float(min(max(2 * GRAIN, GRAIN * cost - grains), 10 * GRAIN))


def _field(problem: AssignmentProblem, relaxed: Relaxed) -> Field:
    return Field(
        ground=ground_of(problem, relaxed),
        multiplier=np.rint(relaxed.item_price * GRAIN).astype(np.int64),
        divisor=divisors_of(problem),
        penalty=DEAREST_OVERLOAD * np.maximum(relaxed.agent_price, 0.5),
        stride=2.0 * GRAIN,
    )
