"""One shard: a process somewhere in the cluster that knows its classes and answers what they ask for."""

from __future__ import annotations

import os
import time
from importlib.metadata import version
from typing import NamedTuple

import numpy as np

from solver.classes import Classes
from solver.cluster.parcel import Parcel
from solver.demand import Demand, ask, least_costs
from solver.layout import Layout
from solver.outcome import Float64Array
from solver.problem import Int64Array

PACKAGES = ("suanli-exchange", "numba", "numpy")
"""Those whose versions decide the last bit of a sum."""


class Answer(NamedTuple):
    """Demand of one part, and what it took."""

    demand: Demand
    seconds: float
    """From when the arguments were there until the answer was."""
    cpu_seconds: float
    """The same in processor time: what it would take where nobody else wants the core."""


class Shard:
    """The actor: it keeps what it was given last, and decides nothing."""

    def __init__(self) -> None:
        self._assignment = self._problem = -1
        self._layout: Layout
        self._part: Classes
        self._room: Int64Array

    def versions(self) -> dict[str, str]:
        """Of the packages that decide what is answered."""
        return installed_versions()

    def pid(self) -> int:
        """The process it lives in."""
        return os.getpid()

    def assign(
        self,
        assignment: int,
        problem: int,
        layout: Parcel[Layout],
        part: Parcel[Classes],
        room: Int64Array,
    ) -> None:
        """From now on this part waits, in this room. The layout is unpacked once for each problem."""
        if problem != self._problem:
            self._layout, self._problem = layout.unpack(), problem
        self._part, self._room, self._assignment = part.unpack(), np.array(room), assignment

    def ask(self, assignment: int, cost_sums: Float64Array, softness: float) -> Answer:
        """Demand of the part at these prices."""
        self._require(assignment)
        began, cpu_began = time.perf_counter(), time.thread_time()
        demand = ask(self._layout, self._part, self._room, np.array(cost_sums), softness)
        return Answer(demand, time.perf_counter() - began, time.thread_time() - cpu_began)

    def echo(self, assignment: int, cost_sums: Float64Array) -> Answer:
        """As large an answer as any, without evaluating: what the way there and back takes, for whoever measures."""
        self._require(assignment)
        began, cpu_began = time.perf_counter(), time.thread_time()
        demand = Demand(0.0, np.zeros((cost_sums.shape[0], cost_sums.shape[1] - 1)))
        return Answer(demand, time.perf_counter() - began, time.thread_time() - cpu_began)

    def least_costs(self, assignment: int, cost_sums: Float64Array) -> Float64Array:
        """(K,) least cost of each class of the part."""
        self._require(assignment)
        return least_costs(self._layout, self._part, self._room, np.array(cost_sums))

    def _require(self, assignment: int) -> None:
        if assignment != self._assignment:
            raise RuntimeError(f"asked about assignment {assignment}, has {self._assignment}")


def installed_versions() -> dict[str, str]:
    """Of the packages that decide what is answered, in this process."""
    return {package: version(package) for package in PACKAGES}
