"""Local improvement: clear a corner of the floor, fill it again in another order, keep what is not much worse.

Ruin and recreate (Schrimpf et al. 2000) with annealing (Kirkpatrick et al. 1983). A corner is an offering and a few
slots. Who ran there, and who could have, queue up by surplus at the prices, shaken by noise, and are placed one after
the other at least guided cost. Counted in rounds, so that seed and problem decide the outcome; the time limit is
asked between blocks of rounds only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.compiled import compiled
from solver.demand import Prices, guide_of, no_prices, respond
from solver.floor import Floor, Site, copy_of, find_place, put, remove, site_of, worth
from solver.options import Options, prefix_sums
from solver.outcome import Float64Array
from solver.problem import ClearingProblem, Int64Array
from solver.stopwatch import Stopwatch

ROUNDS_PER_JOB = 60
MOST_ROUNDS = 240_000
BLOCKS = 24
MOST_IN_QUEUE = 96
HOTTEST = 0.01
"""First temperature, in mean net values of a placement; it falls to a thousandth of that, then to nothing."""
NOISE = 0.3
"""How far chance may shift a job in the queue, in shares of its value."""


class Ground(NamedTuple):
    """What stays the same throughout: where to look, and what guides."""

    value: Int64Array
    """(J,) value in micros."""
    eager: Float64Array
    """(J,) surplus at the prices as a share of value: who queues first."""
    guides: Int64Array
    """(3, O, T + 1) prefix sums of guides: no congestion, half of it, all of it."""
    cost_sums: Int64Array
    """(O, T + 1) prefix sums of the unit cost."""
    offering_start: Int64Array
    """(O + 1,) options at offering o are at_offering[offering_start[o]] and following."""
    at_offering: Int64Array
    """(Q,) options sorted by offering."""


class Goal(NamedTuple):
    """When to stop short of the last round: at `enough_micros` of value, or when the time is up."""

    enough_micros: int
    seed: int
    stopwatch: Stopwatch


class Queue(NamedTuple):
    """Jobs of the corner being worked on, and where they were before."""

    job: Int64Array
    option: Int64Array
    start: Int64Array
    rank: Float64Array


def improve(
    problem: ClearingProblem,
    options: Options,
    floor: Floor,
    prices: Prices,
    goal: Goal,
) -> Floor:
    """The best floor met, at least as good as the given one, which is left alone."""
    best, current = copy_of(floor), copy_of(floor)
    placed = int((floor.option >= 0).sum())
    if not placed:
        return best
    ground, site = _ground(problem, options, prices), site_of(problem)
    value = most = worth(problem, options, floor)
    hottest = HOTTEST * value / placed
    rounds = max(1, min(MOST_ROUNDS, ROUNDS_PER_JOB * problem.jobs) // BLOCKS)
    for block in range(BLOCKS):
        if goal.stopwatch.is_up() or most >= goal.enough_micros:
            break
        heat = hottest * 0.001 ** (block / BLOCKS) if block < BLOCKS - 1 else 0.0
        block_seed = (goal.seed * BLOCKS + block) % 2**31
        value, most = _anneal((rounds, block_seed, heat), value, most, options, site, ground, (current, best))
    return best


def _ground(problem: ClearingProblem, options: Options, prices: Prices) -> Ground:
    half = Prices(prices.unit_micros // 2, prices.power_micros // 2)
    levels = (no_prices(problem), half, prices)
    at_offering = np.argsort(options.offering, kind="stable").astype(np.int64)
    offerings = np.arange(problem.offerings + 1)
    surplus = respond(problem, options, prices).net_micros
    return Ground(
        value=problem.value_micros,
        eager=surplus / np.maximum(1.0, problem.value_micros.astype(np.float64)),
        guides=np.stack([prefix_sums(guide_of(problem, options, level)) for level in levels]),
        cost_sums=prefix_sums(problem.unit_cost_micros),
        offering_start=np.searchsorted(options.offering[at_offering], offerings).astype(np.int64),
        at_offering=at_offering,
    )


@compiled
def _is_near(option: int, low: int, high: int, options: Options, floor: Floor) -> bool:
    """Whether the option runs in slots low .. high - 1, or its job waits and could use it then."""
    job, slots = options.job[option], options.slots[option]
    if floor.option[job] == option:
        return bool(floor.start[job] < high and floor.start[job] + slots > low)
    return bool(floor.option[job] < 0 and options.first[option] < high and options.last[option] + slots > low)


@compiled
def _fill_queue(
    offering: int, low: int, high: int, options: Options, floor: Floor, ground: Ground, queue: Queue
) -> int:
    """Queue the jobs near the corner, from a random one on; return how many."""
    count = 0
    first = ground.offering_start[offering]
    size = ground.offering_start[offering + 1] - first
    turn = np.random.randint(0, size)
    for step in range(size):
        option = ground.at_offering[first + (step + turn) % size]
        if count < queue.job.size and _is_near(option, low, high, options, floor):
            job, known = options.job[option], False
            for other in range(count):
                known = known or queue.job[other] == job
            if not known:
                queue.job[count], queue.option[count], queue.start[count] = (
                    job,
                    floor.option[job],
                    floor.start[job],
                )
                queue.rank[count] = NOISE * np.random.random() - ground.eager[job]
                count += 1
    return count


@compiled
def _worth_of(job: int, options: Options, ground: Ground, floor: Floor) -> int:
    """Net value of the job's placement, 0 where it has none."""
    option, start = floor.option[job], floor.start[job]
    if option < 0:
        return 0
    sums, end = ground.cost_sums[options.offering[option]], start + options.slots[option]
    spent = options.fixed_micros[option] + options.gang[option] * (sums[end] - sums[start])
    return int(ground.value[job] - spent)


@compiled
def _recreate(count: int, options: Options, site: Site, ground: Ground, queue: Queue, floor: Floor) -> int:
    """Take the queue off the floor, place it anew; return the change of value."""
    change = 0
    for job in queue.job[:count]:
        change -= _worth_of(job, options, ground, floor)
        if floor.option[job] >= 0:
            remove(job, options, site, floor)
    guide = ground.guides[np.random.randint(0, 3)]
    for index in np.argsort(queue.rank[:count]):
        job = queue.job[index]
        option, start, _ = find_place(job, ground.value[job], options, site, guide, floor)
        if option >= 0:
            put(job, option, start, options, site, floor)
            change += _worth_of(job, options, ground, floor)
    return change


@compiled
def _undo(count: int, options: Options, site: Site, queue: Queue, floor: Floor) -> None:
    """Put the queue back where it was."""
    for job in queue.job[:count]:
        if floor.option[job] >= 0:
            remove(job, options, site, floor)
    for index in range(count):
        if queue.option[index] >= 0:
            put(queue.job[index], queue.option[index], queue.start[index], options, site, floor)


@compiled
def _anneal(
    plan: tuple[int, int, float],
    value: int,
    most: int,
    options: Options,
    site: Site,
    ground: Ground,
    floors: tuple[Floor, Floor],
) -> tuple[int, int]:
    """Rounds at one temperature, `plan` being rounds, seed, temperature in micros; `floors` the current and the best.

    Returns the value of both. The best is overwritten whenever it is beaten.
    """
    rounds, seed, heat = plan
    floor, best = floors
    np.random.seed(seed)
    slots = floor.free_units.shape[1]
    size = MOST_IN_QUEUE
    queue = Queue(
        np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
    )
    for _ in range(rounds):
        option = np.random.randint(0, options.job.size)
        low = np.random.randint(options.first[option], options.last[option] + options.slots[option])
        high = min(slots, low + np.random.randint(1, max(2, slots // 4) + 1))
        count = _fill_queue(options.offering[option], low, high, options, floor, ground, queue)
        change = _recreate(count, options, site, ground, queue, floor)
        if change >= 0 or (heat > 0 and np.random.random() < np.exp(change / heat)):
            value += change
            if value > most:
                most = value
                _overwrite(best, floor)
        else:
            _undo(count, options, site, queue, floor)
    return value, most


@compiled
def _overwrite(target: Floor, source: Floor) -> None:
    target.option[:], target.start[:] = source.option, source.start
    target.free_units[:], target.free_watts[:] = source.free_units, source.free_watts
