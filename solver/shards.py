"""Shards: who evaluates the demand of which classes. Prices out, demand back.

A pool holds the static arrays once; an evaluation sends prefix sums of costs (O x T numbers) to every shard and adds
up what they answer in shard order, so equal shards give equal sums. Bytes per evaluation do not depend on the number
of jobs. A pool over processes or a cluster has these three methods to implement.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from solver.classes import Classes, cut
from solver.demand import Demand, ask
from solver.layout import Layout
from solver.outcome import Float64Array
from solver.problem import Int64Array

FEWEST_CLASSES = 4_000
"""Below this many classes a shard is done before a second one has been woken."""


class ShardPool(Protocol):
    """Evaluates demand over all waiting classes."""

    def assign(self, classes: Classes, room: Int64Array) -> None:
        """These classes wait now, and (R, T) this much room is left."""

    def ask(self, cost_sums: Float64Array, softness: float) -> Demand:
        """Demand of all classes where a unit's cost has these prefix sums (O, T + 1)."""

    def close(self) -> None:
        """Let go of everything."""


class LocalShards:
    """Shards on threads of this process: kernels let go of the interpreter, memory is shared as it is."""

    def __init__(self, layout: Layout, workers: int) -> None:
        self._layout, self._workers = layout, workers
        self._threads = ThreadPoolExecutor(workers) if workers > 1 else None
        self._parts: list[Classes] = []
        self._room = np.zeros((0, 0), dtype=np.int64)

    def assign(self, classes: Classes, room: Int64Array) -> None:
        """See ShardPool."""
        enough = classes.profile.size >= FEWEST_CLASSES
        self._parts = cut(classes, self._workers) if enough else [classes]
        self._room = room

    def ask(self, cost_sums: Float64Array, softness: float) -> Demand:
        """See ShardPool."""

        def ask_part(part: Classes) -> Demand:
            return ask(self._layout, part, self._room, cost_sums, softness)

        if self._threads is None or len(self._parts) == 1:
            answers = [ask_part(part) for part in self._parts]
        else:
            answers = list(self._threads.map(ask_part, self._parts))
        return Demand(
            sum(answer.surplus_micros for answer in answers),
            np.sum([answer.units for answer in answers], axis=0),
            np.concatenate([answer.least_cost for answer in answers]),
        )

    def close(self) -> None:
        """See ShardPool."""
        if self._threads is not None:
            self._threads.shutdown()
