"""Alibaba's GPU-sharing cluster (openb, 2023): Weng et al., Beware of Fragmentation, USENIX ATC 2023.

Units are thousandths of a GPU. Servers of one model stand in racks of eight; a rack is an offering, and the borders of
cards and servers inside it are not modelled. Two markets per pod list: `packing`, one slot in which every pod wants
its share of a GPU at once (the paper's experiment), and `week`, the busiest 168 hours with pods as they came, on so
many single servers that demand meets supply.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solver.bench.traces.market import (
    Jobs,
    Pools,
    TraceError,
    TraceMarket,
    build_problem,
    busiest_start,
    load_of,
    read_rows,
    spread,
    whole,
)
from solver.problem import Int64Array

MILLI = 1000
RACK_SERVERS = 8
WEEK_HOURS = 168
YUAN_PER_GPU_HOUR = {
    "T4": 1.9, "P100": 2.1, "V100M16": 3.0, "V100M32": 3.4, "A10": 3.2, "G1": 2.5, "G2": 4.5, "G3": 8.0,
}  # fmt: skip
"""Assumed: the trace has no prices, and G1 to G3 are not disclosed."""
OTHER_YUAN = 3.0
QOS_YUAN = {"LS": 12.0, "Guaranteed": 12.0, "Burstable": 8.0, "BE": 6.0}
"""Assumed worth of a GPU-hour by quality of service."""
PLAIN_YUAN = 9.0
QOS_PATIENCE_HOURS = {"LS": 1, "Guaranteed": 1, "Burstable": 6, "BE": 24}


class _Pod(NamedTuple):
    milli: int
    spec: str
    qos: str
    created: int
    deleted: int


class _Cluster(NamedTuple):
    """Racks, (O,): model of each, and thousandths of GPUs."""

    model: list[str]
    milli: Int64Array


def read_markets(directory: Path) -> Iterator[TraceMarket]:
    """Two markets for every pod list that stands beside a node list; one where the list has no times."""
    for nodes in sorted(directory.rglob("openb_node_list*.csv"))[:1]:
        racks, servers = _read_cluster(nodes, RACK_SERVERS), _read_cluster(nodes, 1)
        for path in sorted(nodes.parent.glob("openb_pod_list*.csv")):
            name = path.stem.removeprefix("openb_pod_list_")
            pods, skipped, timed = _read_pods(path)
            yield _packing(f"openb {name} packing", racks, pods, skipped)
            if timed and pods:
                yield _week(f"openb {name} week", servers, pods)


def _read_cluster(path: Path, rack_servers: int) -> _Cluster:
    servers: dict[tuple[str, int], int] = defaultdict(int)
    for line, row in read_rows(path, ("sn", "gpu", "model")):
        gpus = whole(path, line, row, "gpu")
        if gpus:
            servers[row["model"].strip() or "unknown", gpus] += 1
    if not servers:
        raise TraceError(path, 0, "lists no server with a GPU")
    model, milli = [], []
    for (name, gpus), count in sorted(servers.items()):
        for at in range(0, count, rack_servers):
            model.append(name)
            milli.append(min(rack_servers, count - at) * gpus * MILLI)
    return _Cluster(model, np.array(milli, dtype=np.int64))


def _read_pods(path: Path) -> tuple[list[_Pod], int, bool]:
    """Pods that want a GPU, how many want none, and whether there are times."""
    pods, without, timed = [], 0, True
    for line, row in read_rows(path, ("name", "num_gpu", "gpu_milli")):
        gpus, milli = whole(path, line, row, "num_gpu"), whole(path, line, row, "gpu_milli")
        if gpus == 0:
            without += 1
            continue
        if milli > MILLI or (milli == 0):
            raise TraceError(path, line, f"gpu_milli is {milli}, not 1 to {MILLI}")
        times = (0, 0)
        timed = timed and "creation_time" in row and "deletion_time" in row
        if timed:
            times = whole(path, line, row, "creation_time"), whole(path, line, row, "deletion_time")
        if times[1] < times[0]:
            raise TraceError(path, line, "deletion_time is before creation_time")
        pods.append(_Pod(gpus * milli, row.get("gpu_spec", ""), row.get("qos", ""), *times))
    return pods, without, timed


def _packing(name: str, cluster: _Cluster, pods: list[_Pod], without_gpu: int) -> TraceMarket:
    """All pods at once for one hour."""
    ones = np.ones(len(pods), dtype=np.int64)
    milli = np.array([pod.milli for pod in pods], dtype=np.int64)
    kind, allowed = _kinds(cluster, pods)
    jobs = Jobs(kind, milli, ones, 0 * ones, ones, _values(pods, milli, ones))
    problem = build_problem(Pools(cluster.milli, _cost(cluster)), allowed, jobs, 1, 1.0)
    return TraceMarket(name, problem, {"load": load_of(jobs, problem), "left out: no GPU": without_gpu})


def _week(name: str, cluster: _Cluster, pods: list[_Pod]) -> TraceMarket:
    """The busiest week; servers are kept, spread over the models, until supply is no less than demand."""
    created = np.array([pod.created for pod in pods], dtype=np.int64)
    begin = busiest_start(created, WEEK_HOURS * 3600)
    mine = [pod for pod in pods if 0 <= pod.created - begin < WEEK_HOURS * 3600]
    first = np.array([(pod.created - begin) // 3600 for pod in mine], dtype=np.int64)
    hours = np.array([max(1, -(-(pod.deleted - pod.created) // 3600)) for pod in mine], dtype=np.int64)
    hours = np.minimum(hours, WEEK_HOURS - first)
    milli = np.array([pod.milli for pod in mine], dtype=np.int64)
    patience = np.array([QOS_PATIENCE_HOURS.get(pod.qos, 6) for pod in mine], dtype=np.int64)
    asked = int((milli * hours).sum())
    named = {model for pod in mine for model in pod.spec.split("|")}
    kept = _racks_for(cluster, -(-asked // WEEK_HOURS), int(milli.max(initial=0)), named)
    kind, allowed = _kinds(kept, mine)
    end = np.minimum(WEEK_HOURS, first + hours + patience)
    jobs = Jobs(kind, milli, hours, first, end, _values(mine, milli, hours))
    problem = build_problem(Pools(kept.milli, _cost(kept)), allowed, jobs, WEEK_HOURS, 1.0)
    facts: dict[str, int | float | str] = {
        "load": load_of(jobs, problem), "servers kept": len(kept.model), "servers": len(cluster.model),
    }  # fmt: skip
    return TraceMarket(name, problem, facts)


def _racks_for(cluster: _Cluster, milli: int, largest: int, named: set[str]) -> _Cluster:
    """Racks in an order that goes through the models, until they hold `milli`, the largest pod, and what is named."""
    turn: dict[str, int] = defaultdict(int)
    order = []
    for rack, model in enumerate(cluster.model):
        order.append((turn[model] / cluster.model.count(model), rack))
        turn[model] += 1
    kept: list[int] = []
    for _, rack in sorted(order):
        held = cluster.milli[kept] if kept else np.zeros(1, dtype=np.int64)
        there = {cluster.model[each] for each in kept}
        if int(held.sum()) >= milli and int(held.max()) >= largest and named & set(cluster.model) <= there:
            break
        kept.append(rack)
    kept.sort()
    return _Cluster([cluster.model[rack] for rack in kept], cluster.milli[kept])


def _kinds(cluster: _Cluster, pods: list[_Pod]) -> tuple[Int64Array, npt.NDArray[np.bool_]]:
    """(J,) kind, and (K, O) the racks whose model the kind's `gpu_spec` names (all where it names none)."""
    specs = sorted({pod.spec for pod in pods})
    allowed = np.array(
        [[not spec or model in spec.split("|") for model in cluster.model] for spec in specs], dtype=bool
    ).reshape(len(specs), len(cluster.model))
    number = {spec: at for at, spec in enumerate(specs)}
    return np.array([number[pod.spec] for pod in pods], dtype=np.int64), allowed


def _cost(cluster: _Cluster) -> npt.NDArray[np.float64]:
    """(O,) micro-yuan per thousandth and hour; racks of one model differ by up to 5%, so that not all are equal."""
    base = np.array([YUAN_PER_GPU_HOUR.get(model, OTHER_YUAN) for model in cluster.model])
    return np.asarray(base * 1e6 / MILLI * (1 + 0.05 * (np.arange(base.size) % 7) / 6))


def _values(pods: list[_Pod], milli: Int64Array, hours: Int64Array) -> Int64Array:
    worth = np.array([QOS_YUAN.get(pod.qos, PLAIN_YUAN) for pod in pods], dtype=np.float64)
    return np.rint(worth * 1e6 / MILLI * milli * hours * spread(len(pods))).astype(np.int64)
