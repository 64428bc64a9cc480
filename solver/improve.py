"""Local improvement: clear a corner of the floor, fill it again in another order, keep what is not much worse.

Ruin and recreate (Schrimpf et al. 2000) with annealing (Kirkpatrick et al. 1983). A corner is an offering and a few
slots. Who ran there, and who could have, queue up by surplus at the prices, shaken by noise, and are placed one after
the other at least guided cost. Counted in rounds, so that seed and problem decide the outcome; the time limit is
asked between some hundred rounds only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from solver.compiled import compiled
from solver.fill import gain_at
from solver.floor import Floor, copy_of, find_place, put, remove, worth
from solver.layout import Layout, prefix_sums
from solver.outcome import Float64Array
from solver.prices import Prices, guide_of, no_prices, share_of
from solver.problem import ClearingProblem, Int64Array
from solver.stopwatch import Stopwatch

MOST_JOBS = 20_000
"""Above so many jobs corners are too small a part of the whole to be worth the time."""
ROUNDS_PER_JOB = 60
MOST_ROUNDS = 240_000
MOST_AT_ONCE = 500
"""Rounds between two looks at the clock; the slowest, on one slot that everybody wants, take a quarter millisecond."""
PLACES_AT_ONCE = 50_000_000
"""Places, that is candidates x starts, looked at between two looks at the clock: a fifth of a second."""
COLD = 23 / 24
"""After this share of the rounds nothing worse is accepted."""
MOST_IN_QUEUE = 96
HOTTEST = 0.01
"""First temperature, in mean net values of a placement; it falls to a thousandth of that, then to nothing."""
NOISE = 0.3
"""How far chance may shift a job in the queue, in shares of its value."""


class Ground(NamedTuple):
    """What stays the same throughout: where to look, and what guides."""

    eager: Float64Array
    """(J,) surplus at the prices as a share of value: who queues first."""
    guides: Int64Array
    """(3, O, T + 1) prefix sums of guides: no congestion, half of it, all of it."""
    cost_sums: Int64Array
    """(O, T + 1) prefix sums of the unit cost."""
    offering_start: Int64Array
    """(O + 1,) pairs at offering o are offering_start[o] .. offering_start[o + 1] - 1."""
    pair_job: Int64Array
    """(Q,) pairs of a job and one of its candidates, sorted by offering."""
    pair_candidate: Int64Array
    """(Q,)"""


def _unheard(_value_micros: int) -> None:
    pass


class Goal(NamedTuple):
    """When to stop short of the last round: at `enough_micros` of value, or when the time is up."""

    enough_micros: int
    seed: int
    stopwatch: Stopwatch
    better: Callable[[int], None] = _unheard
    """Called with each value that beats all before, some hundred rounds at a time."""


class Queue(NamedTuple):
    """Jobs of the corner being worked on, and where they were before."""

    job: Int64Array
    candidate: Int64Array
    start: Int64Array
    rank: Float64Array


def improve(
    problem: ClearingProblem,
    layout: Layout,
    floor: Floor,
    prices: Prices,
    goal: Goal,
) -> Floor:
    """The best floor met, at least as good as the given one, which is left alone."""
    best, current = copy_of(floor), copy_of(floor)
    placed = int((floor.candidate >= 0).sum())
    if not placed:
        return best
    ground = _ground(problem, layout, prices)
    value = most = worth(problem, layout, floor)
    hottest = HOTTEST * value / placed
    rounds, at_once = min(MOST_ROUNDS, ROUNDS_PER_JOB * problem.jobs), _rounds_at_once(layout, ground)
    for begin in range(0, rounds, at_once):
        if goal.stopwatch.is_up() or most >= goal.enough_micros:
            break
        heat = hottest * 0.001 ** (begin / rounds) if begin < COLD * rounds else 0.0
        plan = min(at_once, rounds - begin), (goal.seed * MOST_ROUNDS + begin) % 2**31, heat
        before = most
        value, most = _anneal(plan, value, most, layout, ground, (current, best))
        if most > before:
            goal.better(most)
    return best


def _ground(problem: ClearingProblem, layout: Layout, prices: Prices) -> Ground:
    sizes = np.diff(layout.profile_start)[layout.profile]
    job = np.repeat(np.arange(problem.jobs, dtype=np.int64), sizes)
    within = np.arange(job.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    candidate = layout.profile_start[layout.profile[job]] + within
    fits_window = layout.end[job] - layout.first[job] >= layout.slots[candidate]
    job, candidate = job[fits_window], candidate[fits_window]
    by_offering = np.argsort(layout.offering[candidate], kind="stable")
    job, candidate = job[by_offering], candidate[by_offering]
    levels = (no_prices(problem), share_of(prices, 5), prices)
    everyone = np.arange(problem.jobs, dtype=np.int64)
    return Ground(
        eager=gain_at(layout, everyone, guide_of(problem, layout, prices)),
        guides=np.stack([prefix_sums(guide_of(problem, layout, level)) for level in levels]),
        cost_sums=prefix_sums(problem.unit_cost_micros),
        offering_start=np.searchsorted(layout.offering[candidate], np.arange(problem.offerings + 1)).astype(
            np.int64
        ),
        pair_job=job,
        pair_candidate=candidate.astype(np.int64),
    )


def _rounds_at_once(layout: Layout, ground: Ground) -> int:
    """Rounds between two looks at the clock: fewer where jobs have many places."""
    window = layout.end[ground.pair_job] - layout.first[ground.pair_job]
    places = int((window - layout.slots[ground.pair_candidate] + 1).sum())
    in_a_round = MOST_IN_QUEUE * places // layout.profile.size
    return max(1, min(MOST_AT_ONCE, PLACES_AT_ONCE // max(1, in_a_round)))


@compiled
def _is_near(job: int, candidate: int, low: int, high: int, layout: Layout, floor: Floor) -> bool:
    """Whether the job runs there in slots low .. high - 1, or waits and could use it then."""
    slots = layout.slots[candidate]
    if floor.candidate[job] == candidate:
        return bool(floor.start[job] < high and floor.start[job] + slots > low)
    return bool(floor.candidate[job] < 0 and layout.first[job] <= high - 1 and layout.end[job] > low)


@compiled
def _fill_queue(
    offering: int, low: int, high: int, layout: Layout, floor: Floor, ground: Ground, queue: Queue
) -> int:
    """Queue the jobs near the corner, from a random one on; return how many."""
    count = 0
    first = ground.offering_start[offering]
    size = ground.offering_start[offering + 1] - first
    turn = np.random.randint(0, size)
    for step in range(size):
        pair = first + (step + turn) % size
        job, candidate = ground.pair_job[pair], ground.pair_candidate[pair]
        if count < queue.job.size and _is_near(job, candidate, low, high, layout, floor):
            known = False
            for other in range(count):
                known = known or queue.job[other] == job
            if not known:
                queue.job[count], queue.candidate[count], queue.start[count] = (
                    job,
                    floor.candidate[job],
                    floor.start[job],
                )
                queue.rank[count] = NOISE * np.random.random() - ground.eager[job]
                count += 1
    return count


@compiled
def _worth_of(job: int, layout: Layout, ground: Ground, floor: Floor) -> int:
    """Net value of the job's placement, 0 where it has none."""
    candidate, start = floor.candidate[job], floor.start[job]
    if candidate < 0:
        return 0
    sums, end = ground.cost_sums[layout.offering[candidate]], start + layout.slots[candidate]
    per_scale = layout.fixed_micros[candidate] + layout.units[candidate] * (sums[end] - sums[start])
    return int(layout.value_micros[job] - layout.scale[job] * per_scale)


@compiled
def _recreate(count: int, layout: Layout, ground: Ground, queue: Queue, floor: Floor) -> int:
    """Take the queue off the floor, place it anew; return the change of value."""
    change = 0
    for job in queue.job[:count]:
        change -= _worth_of(job, layout, ground, floor)
        if floor.candidate[job] >= 0:
            remove(job, layout, floor)
    guide = ground.guides[np.random.randint(0, 3)]
    for index in np.argsort(queue.rank[:count]):
        job = queue.job[index]
        candidate, start, _ = find_place(job, layout.value_micros[job], layout, guide, floor)
        if candidate >= 0:
            put(job, candidate, start, layout, floor)
            change += _worth_of(job, layout, ground, floor)
    return change


@compiled
def _undo(count: int, layout: Layout, queue: Queue, floor: Floor) -> None:
    """Put the queue back where it was."""
    for job in queue.job[:count]:
        if floor.candidate[job] >= 0:
            remove(job, layout, floor)
    for index in range(count):
        if queue.candidate[index] >= 0:
            put(queue.job[index], queue.candidate[index], queue.start[index], layout, floor)


@compiled
def _anneal(
    plan: tuple[int, int, float],
    value: int,
    most: int,
    layout: Layout,
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
        pair = np.random.randint(0, ground.pair_job.size)
        job, candidate = ground.pair_job[pair], ground.pair_candidate[pair]
        low = np.random.randint(layout.first[job], layout.end[job])
        high = min(slots, low + np.random.randint(1, max(2, slots // 4) + 1))
        count = _fill_queue(layout.offering[candidate], low, high, layout, floor, ground, queue)
        change = _recreate(count, layout, ground, queue, floor)
        if change >= 0 or (heat > 0 and np.random.random() < np.exp(change / heat)):
            value += change
            if value > most:
                most = value
                _overwrite(best, floor)
        else:
            _undo(count, layout, queue, floor)
    return value, most


@compiled
def _overwrite(target: Floor, source: Floor) -> None:
    target.candidate[:], target.start[:] = source.candidate, source.start
    target.free_units[:], target.free_watts[:] = source.free_units, source.free_watts
