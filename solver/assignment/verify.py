"""The judge of assignments: recompute feasibility, cost and bound with plain code of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.assignment.outcome import AssignmentOutcome, Status
from solver.assignment.problem import AssignmentProblem

GRAINS_PER_COST = 1000
MOST_CELLS, LEAST_ROOM, MOST_ROOM = 4_000_000, 64, 20_000
"""How rooms are shrunk, as MODEL.md states it; any such rule gives a valid bound."""


@dataclass(frozen=True)
class AssignmentVerification:
    """What holds, recomputed; `violations` says what does not."""

    ok: bool
    violations: list[str]
    cost: int | None
    certified_bound: int | None


def verify_assignment(problem: AssignmentProblem, outcome: AssignmentOutcome) -> AssignmentVerification:
    """List every violation; each begins with one of these codes:

    WRONG_SHAPE, UNKNOWN_AGENT, OVER_CAPACITY, WRONG_COST, WRONG_BOUND, COST_BELOW_BOUND, BOUND_BELOW_CERTIFICATE,
    FALSE_STATUS.
    """
    shapes = (np.shape(outcome.agent_of_item), np.shape(outcome.multiplier))
    if shapes != ((problem.items,), (problem.items,)):
        return AssignmentVerification(
            ok=False, violations=[f"WRONG_SHAPE: {shapes}"], cost=None, certified_bound=None
        )
    solved = outcome.status in {Status.OPTIMAL, Status.FEASIBLE}
    cost, violations = _judge_placement(problem, outcome) if solved else (None, _judge_absence(outcome))
    bound = _bound(problem, [int(value) for value in outcome.multiplier])
    violations += _judge_bounds(outcome, cost, bound)
    return AssignmentVerification(not violations, violations, cost, bound)


def _judge_placement(problem: AssignmentProblem, outcome: AssignmentOutcome) -> tuple[int | None, list[str]]:
    load, cost = [0] * problem.agents, 0
    for item, given in enumerate(outcome.agent_of_item):
        agent = int(given)
        if not 0 <= agent < problem.agents:
            return None, [f"UNKNOWN_AGENT: item {item} is at agent {agent}"]
        load[agent] += int(problem.weight[agent, item])
        cost += int(problem.cost[agent, item])
    violations = [
        f"OVER_CAPACITY: agent {agent} carries {load[agent]} of {int(problem.capacity[agent])}"
        for agent in range(problem.agents)
        if load[agent] > int(problem.capacity[agent])
    ]
    if outcome.cost != cost:
        violations.append(f"WRONG_COST: says {outcome.cost}, is {cost}")
    return cost, violations


def _judge_absence(outcome: AssignmentOutcome) -> list[str]:
    if outcome.cost is None and bool((outcome.agent_of_item == -1).all()):
        return []
    return [f"FALSE_STATUS: says {outcome.status.value}, but gives an assignment"]


def _judge_bounds(outcome: AssignmentOutcome, cost: int | None, bound: int) -> list[str]:
    violations = []
    claimed, best = outcome.certified_bound, outcome.lower_bound
    if claimed is not None and claimed != bound:
        violations.append(f"WRONG_BOUND: says {claimed}, the multipliers prove {bound}")
    if claimed is not None and (best is None or best < claimed):
        violations.append(f"BOUND_BELOW_CERTIFICATE: {best} is less than {claimed}")
    if cost is not None and best is not None and cost < best:
        violations.append(f"COST_BELOW_BOUND: {cost} is less than {best}")
    if outcome.status is Status.OPTIMAL and cost != best:
        violations.append(f"FALSE_STATUS: says OPTIMAL, but cost {cost} is not the bound {best}")
    return violations


def _bound(problem: AssignmentProblem, multiplier: list[int]) -> int:
    """Sum of the multipliers less the most that each agent's knapsack earns of them, rounded up to whole cost."""
    grains = sum(multiplier)
    for agent in range(problem.agents):
        weights = [int(weight) for weight in problem.weight[agent]]
        room = min(int(problem.capacity[agent]), sum(weights))
        divisor = -(-max(room, 1) // min(MOST_ROOM, max(LEAST_ROOM, MOST_CELLS // problem.items)))
        best = np.zeros(room // divisor + 1, np.int64)
        for item, value in enumerate(multiplier):
            profit, weight = (
                value - GRAINS_PER_COST * int(problem.cost[agent, item]),
                weights[item] // divisor,
            )
            if profit > 0 and weight < best.size:
                best[weight:] = np.maximum(best[weight:], best[: best.size - weight] + profit)
        grains -= int(best[-1])
    return -(-grains // GRAINS_PER_COST)
