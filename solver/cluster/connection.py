"""The connection to Ray, and the shards that live there from one problem to the next."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from solver.cluster.settings import ClusterSettings, require_ray
from solver.cluster.shard import Shard, installed_versions
from solver.errors import ClusterError
from solver.limits import MOST_SHARDS

CONNECT_SECONDS = 5.0


class RayCluster:
    """Ray, connected: its shards stay until it is closed, since starting a process takes seconds.

    Only what was started here is ended: a cluster of its own, or this connection to somebody else's.
    """

    def __init__(self, settings: ClusterSettings | None = None) -> None:
        """Connect. ClusterError: RAY_MISSING, NO_CLUSTER."""
        self.settings = settings or ClusterSettings()
        require_ray()
        with _keeping_signals():
            import ray  # noqa: PLC0415 - an extra

        self.ray: Any = ray
        self.shards: list[Any] = []
        """Handles of the actors, in shard order."""
        self._share = 1.0
        """Of a core, that the shards were given."""
        self._problems = 0
        self._connected_here = not self.ray.is_initialized()
        if self._connected_here:
            self._connect()

    def next_problem(self) -> int:
        """A number by which shards know one problem from another."""
        self._problems += 1
        return self._problems

    def cores(self) -> int:
        """Of all machines that are in the cluster now."""
        return int(self.ray.cluster_resources().get("CPU", 0))

    def count(self, shards: int | None) -> int:
        """The number asked for; without one as many as there are cores, between least and most."""
        if shards is not None:
            return shards
        return min(max(self.cores(), self.settings.least_shards, 1), self.settings.most_shards, MOST_SHARDS)

    def require(self, shards: int) -> None:
        """So many shards live: ClusterError CLUSTER_FULL, CLUSTER_DIFFERS where they cannot."""
        if shards <= len(self.shards):
            self._end_from(shards)
            return
        # More shards than cores share them; whole cores are asked for where there are enough.
        share = min(1.0, self.cores() / shards)
        if share < self._share:  # those that live hold more than theirs: nobody else would find a place
            self._end_from(0)
        born = [self._start(share) for _ in range(shards - len(self.shards))]
        self._require_ready(born)
        self.shards += born
        self._share = share

    def replace(self, number: int) -> None:
        """Another process in place of a shard that was lost: wherever there is room, a free core or not."""
        self.ray.kill(self.shards[number])
        self.shards[number] = self._start(0.0)

    def close(self) -> None:
        """End the shards, and what was started here."""
        # At the end of a process Ray may have ended itself before; asked for anything it would start anew.
        if not self.ray.is_initialized():
            return
        self._end_from(0)
        if self._connected_here:
            self.ray.shutdown()

    def __enter__(self) -> RayCluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end_from(self, number: int) -> None:
        for shard in self.shards[number:]:
            self.ray.kill(shard)
        del self.shards[number:]

    def _start(self, cores: float) -> Any:
        actor = self.ray.remote(Shard)
        return actor.options(num_cpus=cores, scheduling_strategy="SPREAD").remote()

    def _require_ready(self, born: list[Any]) -> None:
        """They have a place, and the versions of here; they are ended where one has not."""
        told = [shard.versions.remote() for shard in born]
        ready, late = self.ray.wait(told, num_returns=len(told), timeout=self.settings.start_seconds)
        wrong = self._full(len(late), len(told)) if late else self._different(ready)
        if wrong is not None:
            for shard in born:
                self.ray.kill(shard)
            raise wrong

    def _full(self, late: int, asked: int) -> ClusterError:
        return ClusterError(
            "CLUSTER_FULL",
            f"{late} of {asked} shards found no place in {self.settings.start_seconds:g} s; the cluster has "
            f"{self.cores()} cores: free some, add machines, or ask for fewer shards",
        )

    def _different(self, told: list[Any]) -> ClusterError | None:
        here = installed_versions()
        try:
            strange = [versions for versions in self.ray.get(told) if versions != here]
        except self.ray.exceptions.RayError as error:
            message = f"a shard could not start: is suanli-exchange on all machines? ({_brief(error)})"
            return ClusterError("CLUSTER_DIFFERS", message)
        if not strange:
            return None
        message = f"a machine of the cluster has {strange[0]}, this one has {here}: install the same on all"
        return ClusterError("CLUSTER_DIFFERS", message)

    def _connect(self) -> None:
        # Nothing is told to the makers of Ray unless whoever runs this says so.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        own: dict[str, Any] = {}
        if self.settings.address is None:
            own = {"include_dashboard": False, "object_store_memory": self.settings.object_store_bytes}
        else:
            _require_listening(self.settings.address)
        try:
            with _keeping_signals():
                address = self.settings.address or "local"
                self.ray.init(address=address, log_to_driver=False, configure_logging=False, **own)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            where = self.settings.address or "an address of its own on this machine"
            message = (
                f"no Ray cluster at {where}: see that it runs and the address is right ({_brief(error)})"
            )
            raise ClusterError("NO_CLUSTER", message) from error


def _require_listening(address: str) -> None:
    """ClusterError NO_CLUSTER where nobody listens: Ray itself would try for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return  # "auto" and the like, which Ray looks up by itself
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except OSError as error:
        message = (
            f"nobody listens at {address}: see that the Ray cluster runs and the address is right ({error})"
        )
        raise ClusterError("NO_CLUSTER", message) from error


@contextmanager
def _keeping_signals() -> Iterator[None]:
    """Ray puts a handler of its own in place of whatever SIGTERM did; whoever uses the solver decides that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _brief(error: Exception) -> str:
    """Its kind and the first line of what it says; Ray says a page."""
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first[:200]}"
