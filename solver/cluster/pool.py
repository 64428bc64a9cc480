"""The pool of one problem on a cluster: what each shard was given, what it answers, and what to do when it is lost."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, sleep
from typing import Any, NamedTuple

import numpy as np

from solver.classes import Classes, alone
from solver.cluster.connection import RayCluster
from solver.cluster.parcel import pack, without_jobs
from solver.cluster.shard import Answer
from solver.demand import Demand
from solver.errors import ClusterError
from solver.layout import Layout
from solver.limits import Limits
from solver.outcome import Float64Array
from solver.problem import Int64Array
from solver.shards import LocalShards, ShardPool, are_few, parts_of, total

PAUSE_SECONDS = 0.5
"""The first repetition is made at once, later ones after longer and longer: Ray takes a while to notice a dead machine."""
Question = Callable[[Any], Any]
"""Asks an actor; returns Ray's reference of its answer."""


class Evaluation(NamedTuple):
    """What the last evaluation on the cluster took."""

    serialise_seconds: float
    """Writing the prices to the object store, once for all shards."""
    answer_seconds: float
    """From the first question to the last answer."""
    add_seconds: float
    """Adding the answers up."""
    shards: tuple[Answer, ...]
    bytes_out: int
    """Prices: to each machine once."""
    bytes_back: tuple[int, ...]
    """Demand, of each shard."""


class RayShards:
    """A ShardPool on a cluster. What is too little for two shards is evaluated here, as LocalShards does.

    A shard that dies, or does not answer in time, is made again from what it was given, and asked again: the same part
    gives the same demand. Shards live on after the pool.
    """

    def __init__(self, cluster: RayCluster, layout: Layout, shards: int | None) -> None:
        """So many shards; None: as the cluster has cores, looked at whenever classes are assigned."""
        self._cluster, self._shards, self._problem = cluster, shards, cluster.next_problem()
        self._layout = cluster.ray.put(pack(without_jobs(layout)))
        self._here = LocalShards(layout, 1)
        self._few = True
        self._parts: list[Any] = []
        self._room: Any = None
        self._assignment = 0
        self.losses = 0
        """How many shards were made again so far."""
        self.latest: Evaluation | None = None
        """The last evaluation, unless it was too little for the cluster."""

    def assign(self, classes: Classes, room: Int64Array) -> None:
        """See ShardPool. The number of shards follows the cluster here and nowhere else."""
        self._few = are_few(classes)
        if self._few:
            self._here.assign(classes, room)
            return
        count = self._cluster.count(self._shards)
        self._cluster.require(count)
        put = self._cluster.ray.put
        self._parts = [put(pack(alone(part))) for part in parts_of(classes, count)]
        self._room, self._assignment = put(room), self._assignment + 1
        for number in range(count):
            self._give(number)

    def ask(self, cost_sums: Float64Array, softness: float) -> Demand:
        """See ShardPool."""
        if self._few:
            return self._here.ask(cost_sums, softness)
        assignment = self._assignment
        return self._added_up(cost_sums, lambda shard, sent: shard.ask.remote(assignment, sent, softness))

    def echo(self, cost_sums: Float64Array) -> Demand:
        """An evaluation of nothing that moves as much: zeros. For measuring; ValueError where `assign` gave too little."""
        if self._few:
            raise ValueError("too few classes for a cluster: nothing would be measured")
        assignment = self._assignment
        return self._added_up(cost_sums, lambda shard, sent: shard.echo.remote(assignment, sent))

    def least_costs(self, cost_sums: Float64Array) -> Float64Array:
        """See ShardPool."""
        if self._few:
            return self._here.least_costs(cost_sums)
        sent, assignment = self._cluster.ray.put(cost_sums), self._assignment
        return np.concatenate(self._all(lambda shard: shard.least_costs.remote(assignment, sent)))

    def close(self) -> None:
        """See ShardPool: lets go of what was put, not of the shards."""
        self._here.close()
        self._parts, self._room, self._layout = [], None, None

    def _added_up(self, cost_sums: Float64Array, question: Callable[[Any, Any], Any]) -> Demand:
        began = perf_counter()
        sent = self._cluster.ray.put(cost_sums)
        serialised = perf_counter()
        answers: list[Answer] = self._all(lambda shard: question(shard, sent))
        answered = perf_counter()
        found = total([answer.demand for answer in answers])
        self.latest = Evaluation(
            serialise_seconds=serialised - began,
            answer_seconds=answered - serialised,
            add_seconds=perf_counter() - answered,
            shards=tuple(answers),
            bytes_out=cost_sums.nbytes,
            bytes_back=tuple(answer.demand.units.nbytes + 8 for answer in answers),
        )
        return found

    def _give(self, number: int) -> None:
        shard = self._cluster.shards[number]
        shard.assign.remote(self._assignment, self._problem, self._layout, self._parts[number], self._room)

    def _all(self, question: Question) -> list[Any]:
        """What every shard answers, in shard order; the lost ones are made and asked again, so often and no oftener."""
        answers: dict[int, Any] = {}
        missing = list(range(len(self._parts)))
        for repeats in range(self._cluster.settings.losses + 1):
            sleep(PAUSE_SECONDS * (2 ** max(0, repeats - 1) - 1))
            answers |= self._some(missing, question)
            missing = [number for number in missing if number not in answers]
            if not missing:
                return [answers[number] for number in range(len(self._parts))]
            self.losses += len(missing)
            for number in missing:
                self._cluster.replace(number)
                self._give(number)
        raise ClusterError(
            "SHARDS_LOST",
            f"{len(missing)} of {len(self._parts)} shards were lost {self._cluster.settings.losses + 1} times in a row; "
            "see the cluster's log (memory, network, machines that leave), and clear again",
        )

    def _some(self, numbers: list[int], question: Question) -> dict[int, Any]:
        """What those of these shards answer that are there."""
        ray = self._cluster.ray
        asked = {number: question(self._cluster.shards[number]) for number in numbers}
        seconds = self._cluster.settings.answer_seconds
        ready, _ = ray.wait(list(asked.values()), num_returns=len(asked), timeout=seconds)
        there, answers = set(ready), {}
        for number, answer in asked.items():
            if answer in there:
                try:
                    answers[number] = ray.get(answer)
                except ray.exceptions.RayError as error:
                    self._require_lost(number, error)
        return answers

    def _require_lost(self, number: int, error: Exception) -> None:
        """ClusterError where the shard is there and cannot: it could not the next time either."""
        exceptions = self._cluster.ray.exceptions
        if isinstance(error, exceptions.RayTaskError) and not isinstance(error.cause, exceptions.RayError):
            message = f"shard {number} failed: {type(error.cause).__name__}: {error.cause}"
            raise ClusterError("SHARD_FAILED", message) from error


def open_shards(cluster: RayCluster, layout: Layout, limits: Limits) -> ShardPool:
    """A pool on the cluster for a problem laid out like this: with the cluster given, an `OpenPool`."""
    return RayShards(cluster, layout, limits.shards)
