"""Where demand is evaluated: on threads of this process, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from solver.cluster.settings import ClusterSettings, require_ray

if TYPE_CHECKING:
    from solver.shards import OpenPool

EngineName = Literal["local", "ray"]


@dataclass(frozen=True)
class Engine:
    """An engine by name; it can be sent to another process, and is opened where it is used."""

    name: EngineName = "local"
    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    """For "ray"."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether there is something to connect, which may fail."""
        return self.name != "local"

    def require_installed(self) -> None:
        """ClusterError RAY_MISSING where it needs a library that is not there."""
        if self.name == "ray":
            require_ray()

    @contextmanager
    def open(self) -> Iterator[OpenPool]:
        """What `clear` takes as its `open_pool`; a cluster is connected, and let go of at the end.

        One that is open serves any number of problems. Raises ClusterError.
        """
        # Numba and Ray take seconds to import: only who clears waits for them.
        if self.name == "local":
            from solver.shards import open_local  # noqa: PLC0415

            yield open_local
            return
        self.require_installed()
        from solver.cluster.connection import RayCluster  # noqa: PLC0415
        from solver.cluster.pool import open_shards  # noqa: PLC0415

        with RayCluster(self.cluster) as cluster:
            yield partial(open_shards, cluster)
