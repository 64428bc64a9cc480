"""A Ray cluster for tests, and pools that lose a shard on purpose."""

import os
import signal
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from solver import Clearing, Limits
from solver.classes import Classes
from solver.cluster.connection import RayCluster
from solver.cluster.pool import RayShards
from solver.demand import Demand
from solver.layout import Layout
from solver.outcome import Float64Array
from solver.problem import Int64Array
from solver.shards import ShardPool

OBJECT_STORE_BYTES = 200_000_000
Loss = Callable[[RayCluster], None]


def require_ray_here() -> None:
    """Skip with a reason where Ray is not installed, unless SUANLI_REQUIRE_RAY is set."""
    if find_spec("ray") is None and not os.environ.get("SUANLI_REQUIRE_RAY"):
        pytest.skip("Ray is not installed: pip install 'suanli-exchange[ray]'", allow_module_level=True)


def kill_actor(cluster: RayCluster) -> None:
    """Ray ends the first shard."""
    cluster.ray.kill(cluster.shards[0])


def kill_process(cluster: RayCluster) -> None:
    """The last shard's process is gone, and nobody told Ray."""
    os.kill(cluster.ray.get(cluster.shards[-1].pid.remote()), signal.SIGKILL)


class Losing:
    """An `OpenPool` whose first pool loses a shard just before the so-manieth evaluation on the cluster."""

    def __init__(self, cluster: RayCluster, at: int, loss: Loss) -> None:
        self._cluster, self._at, self._loss = cluster, at, loss
        self.pools: list[LosingPool] = []

    def __call__(self, layout: Layout, limits: Limits) -> ShardPool:
        pool = LosingPool(RayShards(self._cluster, layout, limits.shards), self._before_evaluation)
        self.pools.append(pool)
        return pool

    @property
    def losses(self) -> int:
        """Shards that were made again."""
        return sum(pool.shards.losses for pool in self.pools)

    def _before_evaluation(self) -> None:
        self._at -= 1
        if self._at == 0:
            self._loss(self._cluster)


class LosingPool:
    """RayShards with something that happens between evaluations."""

    def __init__(self, shards: RayShards, before: Callable[[], None]) -> None:
        self.shards, self._before = shards, before

    def assign(self, classes: Classes, room: Int64Array) -> None:
        self.shards.assign(classes, room)

    def ask(self, cost_sums: Float64Array, softness: float) -> Demand:
        self._before()
        return self.shards.ask(cost_sums, softness)

    def least_costs(self, cost_sums: Float64Array) -> Float64Array:
        return self.shards.least_costs(cost_sums)

    def close(self) -> None:
        self.shards.close()


def bits(clearing: Clearing) -> dict[str, Any]:
    """All that a clearing says but how long it took."""
    arrays = ("chosen", "start_slot", "price_micros", "power_price_micros")
    said: dict[str, Any] = {name: getattr(clearing, name).tobytes() for name in arrays}
    said |= {name: getattr(clearing, name) for name in ("status", "value_micros", "bound_micros", "gap")}
    return said | {"steps": np.asarray(clearing.history)[:, 1:].tobytes()}
