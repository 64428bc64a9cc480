"""Shards: who evaluates the demand of which classes. Prices out, demand back.

A pool holds the static arrays once; an evaluation sends prefix sums of costs (O x T numbers) to every shard and adds
up what they answer in shard order, so equal shards give equal sums. Bytes per evaluation do not depend on the number
of jobs. A pool over processes or a cluster has these four methods to implement, and `parts_of` and `total` to share:
they alone decide what is added up in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import numpy as np

from solver.classes import Classes, cut
from solver.demand import Demand, ask, least_costs
from solver.layout import Layout
from solver.limits import Limits
from solver.outcome import Float64Array
from solver.problem import Int64Array

Answer = TypeVar("Answer")
FEWEST_CLASSES = 4_000
"""Below this many classes a shard is done before a second one has been woken."""


class ShardPool(Protocol):
    """Evaluates demand over all waiting classes."""

    def assign(self, classes: Classes, room: Int64Array) -> None:
        """These classes wait now, and (R, T) this much room is left."""

    def ask(self, cost_sums: Float64Array, softness: float) -> Demand:
        """Demand of all classes where a unit's cost has these prefix sums (O, T + 1)."""

    def least_costs(self, cost_sums: Float64Array) -> Float64Array:
        """(K,) least cost of each class for scale 1; asked once a market, for it grows with the classes."""

    def close(self) -> None:
        """Let go of everything."""


OpenPool = Callable[[Layout, Limits], ShardPool]
"""Opens a pool for a problem laid out like this."""


class LocalShards:
    """Shards on threads of this process: kernels let go of the interpreter, memory is shared as it is."""

    def __init__(self, layout: Layout, workers: int, shards: int | None = None) -> None:
        """So many threads, and as many shards unless told otherwise."""
        self._layout, self._shards = layout, shards or workers
        self._threads = ThreadPoolExecutor(workers) if workers > 1 else None
        self._parts: list[Classes] = []
        self._room = np.zeros((0, 0), dtype=np.int64)

    def assign(self, classes: Classes, room: Int64Array) -> None:
        """See ShardPool."""
        self._parts, self._room = parts_of(classes, self._shards), room

    def ask(self, cost_sums: Float64Array, softness: float) -> Demand:
        """See ShardPool."""
        return total(self._each(lambda part: ask(self._layout, part, self._room, cost_sums, softness)))

    def least_costs(self, cost_sums: Float64Array) -> Float64Array:
        """See ShardPool."""
        return np.concatenate(self._each(lambda part: least_costs(self._layout, part, self._room, cost_sums)))

    def close(self) -> None:
        """See ShardPool."""
        if self._threads is not None:
            self._threads.shutdown()

    def _each(self, work: Callable[[Classes], Answer]) -> list[Answer]:
        """What every part answers, in order."""
        if self._threads is None or len(self._parts) == 1:
            return [work(part) for part in self._parts]
        return list(self._threads.map(work, self._parts))


def open_local(layout: Layout, limits: Limits) -> ShardPool:
    """Shards on so many threads as the limits have workers."""
    return LocalShards(layout, limits.workers, limits.shards)


def are_few(classes: Classes) -> bool:
    """Whether the classes are one part, however many shards there are."""
    return classes.profile.size < FEWEST_CLASSES


def parts_of(classes: Classes, shards: int) -> list[Classes]:
    """What each shard gets; all of it the first one where there is little."""
    return [classes] if are_few(classes) else cut(classes, shards)


def total(answers: Sequence[Demand]) -> Demand:
    """Demand of all parts, added up in shard order."""
    return Demand(
        sum(answer.surplus_micros for answer in answers),
        np.sum([answer.units for answer in answers], axis=0),
    )
