"""Weak scaling: as many times the jobs as shards, and where the time of an evaluation goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import numpy as np

from solver import baselines
from solver.bench.markets import generate_market
from solver.bench.processes import own_load
from solver.bench.results import describe_machine, describe_versions
from solver.bench.scale_model import Assumptions, Measured, predict
from solver.certify import dual_bound
from solver.classes import ClassBook, Classes
from solver.cluster.connection import RayCluster
from solver.cluster.pool import Evaluation, RayShards
from solver.cluster.settings import ClusterSettings
from solver.layout import Layout, build_layout, room_of
from solver.outcome import Float64Array
from solver.prices import Prices
from solver.problem import ClearingProblem, Int64Array
from solver.shards import are_few

SCHEMA = "suanli-bench-scale/1"
SOFTNESS = 1e-3
PRICE_SHARE = 0.3
"""Evaluations are made at prices of so much of the unit cost: some ask, some do not."""
WARM_UP = 2
"""Evaluations before those that count: kernels are loaded, processes woken."""


@dataclass(frozen=True)
class Asked:
    """What to measure."""

    shards: tuple[int, ...] = (1, 2, 4)
    jobs_per_shard: int = 20_000
    slots: int = 24
    offerings: int = 300
    evaluations: int = 15
    seed: int = 1
    ray_address: str | None = None

    @property
    def steps(self) -> int:
        """How often `tell` is called."""
        return 1 + 2 * len(self.shards)


def measure(asked: Asked, assumed: Assumptions, tell: Callable[[str], None]) -> dict[str, Any]:
    """Everything as JSON carries it: what was measured, and what a model makes of it. Raises ClusterError."""
    before, rows = own_load(), []
    tell("connecting to Ray")
    with RayCluster(ClusterSettings(asked.ray_address)) as cluster:
        cores = cluster.cores()
        for shards in asked.shards:
            tell(f"{shards} shards: making {shards * asked.jobs_per_shard:,} jobs")
            problem = generate_market(
                shards * asked.jobs_per_shard, asked.slots, asked.seed, offerings=asked.offerings
            )
            tell(f"{shards} shards: evaluating")
            rows.append(_row(cluster, problem, shards, asked.evaluations))
    machine = describe_machine() | {
        "cores_of_cluster": cores,
        "load_before": before,
        "load_after": own_load(),
    }
    return {
        "schema": SCHEMA,
        "kind": "scale",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "asked": asdict(asked),
        "machine": machine,
        "versions": describe_versions(),
        "measured": rows,
        "assumed": asdict(assumed),
        "model": [asdict(each) for each in predict(Measured.of(rows), assumed)],
    }


def _row(cluster: RayCluster, problem: ClearingProblem, shards: int, evaluations: int) -> dict[str, Any]:
    layout = build_layout(problem)
    room = room_of(layout, problem.capacity_units, problem.node_power_watts)
    book, booking = _timed(lambda: ClassBook(layout, room))
    classes, classing = _timed(lambda: book.classes_of(np.ones(problem.jobs, dtype=np.bool_)))
    if are_few(classes):
        raise ValueError(
            f"{classes.profile.size} classes are too few for a cluster: ask for more jobs per shard"
        )
    pool = RayShards(cluster, layout, shards)
    cluster.require(shards)
    _, assigning = _timed(lambda: pool.assign(classes, room))
    sums = _sums(problem)
    try:
        asked = _evaluations(pool, evaluations, lambda: pool.ask(sums, SOFTNESS))
        cpu_began = time.process_time()
        echoed = _evaluations(pool, evaluations, lambda: pool.echo(sums))
        calling = (time.process_time() - cpu_began) / (evaluations + WARM_UP)
    finally:
        pool.close()
    return {
        "shards": shards,
        "jobs": problem.jobs,
        "classes": int(classes.profile.size),
        **_parts(asked, echoed),
        "call_cpu_seconds": calling,
        "bytes_assigned": _bytes_assigned(classes),
        "here": _work_here(problem, layout, room)
        | {"classes_seconds": booking + classing, "assign_seconds": assigning},
        "bytes_kept_here": _bytes_kept(problem, layout, classes),
    }


def _parts(asked: Sequence[Evaluation], echoed: Sequence[Evaluation]) -> dict[str, Any]:
    """Medians over evaluations. Of the time until the last answer, what is neither the slowest shard's computing nor the
    way there and back is waiting: for a core, for the scheduler, for others.
    """
    transfer = median(each.answer_seconds for each in echoed)
    slowest = [max(answer.seconds for answer in each.shards) for each in asked]
    waited = [each.answer_seconds - most - transfer for each, most in zip(asked, slowest, strict=True)]
    shards = range(len(asked[0].shards))
    return {
        "evaluation_seconds": median(e.serialise_seconds + e.answer_seconds + e.add_seconds for e in asked),
        "serialise_seconds": median(each.serialise_seconds for each in asked),
        "transfer_seconds": transfer,
        "compute_seconds_by_shard": [median(e.shards[k].seconds for e in asked) for k in shards],
        "compute_cpu_seconds_by_shard": [median(e.shards[k].cpu_seconds for e in asked) for k in shards],
        "wait_seconds": max(0.0, median(waited)),
        "add_seconds": median(each.add_seconds for each in asked),
        "bytes_out": asked[0].bytes_out,
        "bytes_back_by_shard": list(asked[0].bytes_back),
    }


def _evaluations(pool: RayShards, number: int, evaluate: Callable[[], object]) -> list[Evaluation]:
    found = []
    for _ in range(number + WARM_UP):
        evaluate()
        if pool.latest is not None:
            found.append(pool.latest)
    return found[WARM_UP:]


def _work_here(problem: ClearingProblem, layout: Layout, room: Int64Array) -> dict[str, float]:
    """What a clearing does with every job where the solver is, whatever the number of shards."""
    prices = Prices(
        (PRICE_SHARE * problem.unit_cost_micros).astype(np.int64), np.zeros_like(problem.node_power_watts)
    )
    dual_bound(problem, layout, room, *prices)
    _, certifying = _timed(lambda: dual_bound(problem, layout, room, *prices))
    _, order = next(iter(baselines.simple_orders(problem, layout)))
    _, placing = _timed(lambda: baselines.place_by(problem, layout, order))
    return {"certify_seconds": certifying, "place_seconds": placing}


def _sums(problem: ClearingProblem) -> Float64Array:
    sums = np.zeros((problem.offerings, problem.slots + 1))
    np.cumsum((1 + PRICE_SHARE) * problem.unit_cost_micros, axis=1, out=sums[:, 1:])
    return sums


def _bytes_assigned(classes: Classes) -> int:
    return sum(int(array.nbytes) for array in classes)


def _bytes_kept(problem: ClearingProblem, layout: Layout, classes: Classes) -> int:
    """Arrays with a row for each job: the problem's, the layout's, the classes'."""
    of_problem = ("job_profile", "job_scale", "value_micros", "first_slot", "end_slot")
    of_layout = ("profile", "scale", "value_micros", "first", "end")
    arrays = [getattr(problem, name) for name in of_problem] + [getattr(layout, name) for name in of_layout]
    apart = {id(array): array.nbytes for array in arrays}
    return int(sum(apart.values())) + _bytes_assigned(classes)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began
