"""Our solver and the simple rules of `solver.baselines`, as contestants."""

from __future__ import annotations

from solver import baselines
from solver.bench.rivals.answer import Answer, Task
from solver.clear import clear
from solver.limits import Limits
from solver.outcome import Clearing
from solver.progress import Progress


def suanli(task: Task) -> Answer:
    """`solver.clear`, reporting its steps."""

    def report(step: Progress) -> None:
        task.report(*step)

    limits = Limits(seconds=max(0.01, task.seconds), gap=task.gap, workers=task.workers, seed=task.seed)
    clearing = clear(task.problem, limits, progress=report, earlier=task.earlier)
    answer = _answer(clearing)
    answer.own_bound_micros = clearing.mip_bound_micros
    return answer


def value_density(task: Task) -> Answer:
    """Most net value per unit and slot first."""
    return _answer(baselines.value_density(task.problem))


def highest_bid(task: Task) -> Answer:
    """Largest value first."""
    return _answer(baselines.highest_bid(task.problem))


def first_come(task: Task) -> Answer:
    """Jobs as they come."""
    return _answer(baselines.first_come_cheapest(task.problem))


def random_order(task: Task) -> Answer:
    """Jobs in a random order."""
    return _answer(baselines.random_order(task.problem, task.seed))


def _answer(clearing: Clearing) -> Answer:
    return Answer(
        clearing.status,
        clearing.chosen,
        clearing.start_slot,
        clearing.price_micros,
        clearing.power_price_micros,
    )
