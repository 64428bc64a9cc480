"""Which cluster, and what may be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from solver.errors import ClusterError


@dataclass(frozen=True)
class ClusterSettings:
    """Which cluster, how many shards, and how long to wait for them."""

    address: str | None = None
    """Of a running cluster (host:port, ray://host:port, auto); None: one of its own on this machine."""
    least_shards: int = 1
    most_shards: int = 256
    """Where `Limits.shards` names no number it follows the cluster's cores, between these."""
    start_seconds: float = 60.0
    """How long the cluster may take to make place for shards."""
    answer_seconds: float = 120.0
    """A shard that takes longer to answer is given up like one that died; on a new machine it compiles kernels first."""
    losses: int = 5
    """How often in a row an evaluation is repeated because shards were lost."""
    object_store_bytes: int | None = None
    """Shared memory of a cluster of its own; None: as Ray sees fit."""


def require_ray() -> None:
    """ClusterError RAY_MISSING where Ray is not installed; it is not imported for that, which takes seconds."""
    if find_spec("ray") is None:
        raise ClusterError("RAY_MISSING", "Ray is not installed: pip install 'suanli-exchange[ray]'")
