"""Shards on Ray: bit for bit what threads give, whatever is lost on the way."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from ray_house import (
    OBJECT_STORE_BYTES,
    Losing,
    bits,
    kill_actor,
    kill_process,
    require_ray_here,
)
from thoroughness import often

from solver import ClearingProblem, ClusterError, ClusterSettings, Limits, clear, descent, verify
from solver.bench.changes import change_jobs
from solver.bench.markets import generate_market
from solver.bench.scale import Asked, measure
from solver.bench.scale_model import Assumptions
from solver.classes import ClassBook, Classes
from solver.cluster.connection import RayCluster
from solver.cluster.pool import RayShards, open_shards
from solver.layout import Layout, build_layout, prefix_sums, room_of
from solver.problem import Int64Array
from solver.shards import LocalShards, are_few

require_ray_here()
pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("short_descent"),
]

PRICES_ALONE = 0.9
"""A gap that is met as soon as there are prices."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with RayCluster(ClusterSettings(object_store_bytes=OBJECT_STORE_BYTES)) as started:
        yield started


@pytest.fixture(scope="module")
def short_descent() -> Iterator[None]:
    """Every leg is walked, with a third of the evaluations: each of them is one to compare."""
    with pytest.MonkeyPatch.context() as patch:
        brief = [descent.Leg(leg.softness, leg.evaluations // often(3, 1)) for leg in descent.COOLING]
        patch.setattr(descent, "COOLING", tuple(brief))
        yield


@pytest.fixture(scope="module")
def market() -> ClearingProblem:
    """Windows enough to make classes for shards, and places enough that prices come from few evaluations."""
    return generate_market(7_000, 24, 3, offerings=100, reach=20)


def limits(shards: int, gap: float = PRICES_ALONE) -> Limits:
    return Limits(seconds=250, gap=gap, workers=1, shards=shards)


def laid_out(problem: ClearingProblem) -> tuple[Layout, Classes, Int64Array]:
    layout = build_layout(problem)
    room = room_of(layout, problem.capacity_units, problem.node_power_watts)
    classes = ClassBook(layout, room).classes_of(np.ones(problem.jobs, dtype=np.bool_))
    return layout, classes, room


def on_ray(cluster: RayCluster, problem: ClearingProblem, asked: Limits) -> dict[str, object]:
    return bits(clear(problem, asked, open_pool=lambda layout, given: open_shards(cluster, layout, given)))


def test_the_clearing_is_that_of_threads(cluster: RayCluster, market: ClearingProblem) -> None:
    assert not are_few(laid_out(market)[1])
    assert on_ray(cluster, market, limits(2)) == bits(clear(market, limits(2)))
    assert len(cluster.shards) == 2


def test_so_is_one_that_starts_from_an_earlier_clearing(cluster: RayCluster, market: ClearingProblem) -> None:
    earlier, changed = clear(market, limits(2)), change_jobs(market, 0.02, 1)
    here = clear(changed, limits(2, 0.02), earlier=earlier)

    def open_pool(layout: Layout, given: Limits) -> RayShards:
        return RayShards(cluster, layout, given.shards)

    there = clear(changed, limits(2, 0.02), earlier=earlier, open_pool=open_pool)
    assert bits(there) == bits(here)
    assert verify(changed, there).ok


def test_few_classes_are_evaluated_where_the_solver_is(cluster: RayCluster) -> None:
    small = generate_market(300, 6, 1)
    before = list(cluster.shards)
    assert on_ray(cluster, small, limits(4)) == bits(clear(small, limits(4)))
    assert cluster.shards == before


def test_an_actor_killed_on_the_way_changes_nothing(cluster: RayCluster, market: ClearingProblem) -> None:
    scarce = replace(market, capacity_units=market.capacity_units // 2)
    losing = Losing(cluster, at=20, loss=kill_actor)
    there = clear(scarce, limits(2), open_pool=losing)
    assert losing.losses == 1
    assert bits(there) == bits(clear(scarce, limits(2)))
    assert verify(scarce, there).ok


def test_nor_does_a_process_that_is_gone(cluster: RayCluster) -> None:
    other = generate_market(7_000, 24, 5, offerings=80, reach=30)
    losing = Losing(cluster, at=30, loss=kill_process)
    there = clear(other, limits(2), open_pool=losing)
    assert losing.losses == 1
    assert bits(there) == bits(clear(other, limits(2)))
    assert verify(other, there).ok


@pytest.mark.parametrize("softness", [0.0, 1e-4, 5e-2])
def test_demand_and_least_costs_are_those_of_threads(
    cluster: RayCluster, market: ClearingProblem, softness: float
) -> None:
    layout, classes, room = laid_out(market)
    here, there = LocalShards(layout, 1, 2), RayShards(cluster, layout, 2)
    sums = prefix_sums(market.unit_cost_micros * 2).astype(np.float64)
    for pool in (here, there):
        pool.assign(classes, room)
    one, other = here.ask(sums, softness), there.ask(sums, softness)
    assert one.surplus_micros == other.surplus_micros
    assert np.array_equal(one.units, other.units)
    assert np.array_equal(here.least_costs(sums), there.least_costs(sums))
    here.close()
    there.close()


def test_what_an_evaluation_moves_does_not_grow_with_the_jobs(cluster: RayCluster) -> None:
    moved = []
    for jobs in (9_000, 12_000):
        problem = generate_market(jobs, 24, 5, offerings=50, reach=5)
        layout, classes, room = laid_out(problem)
        pool = RayShards(cluster, layout, 2)
        pool.assign(classes, room)
        pool.ask(prefix_sums(problem.unit_cost_micros).astype(np.float64), 1e-3)
        assert pool.latest is not None
        moved.append((pool.latest.bytes_out, pool.latest.bytes_back))
        pool.close()
    assert moved[0] == moved[1] == (50 * 25 * 8, (50 * 24 * 8 + 8,) * 2)


def test_shards_lost_too_often_are_an_error_with_a_name(cluster: RayCluster, market: ClearingProblem) -> None:
    patient = cluster.settings
    cluster.settings = replace(patient, losses=0)
    try:
        with pytest.raises(ClusterError) as refused:
            clear(market, limits(2), open_pool=Losing(cluster, at=5, loss=kill_actor))
    finally:
        cluster.settings = patient
    assert refused.value.code == "SHARDS_LOST"
    cluster.require(0)


def test_more_shards_than_find_a_place_in_time_are_refused(cluster: RayCluster) -> None:
    patient = cluster.settings
    cluster.settings = replace(patient, start_seconds=0.001)
    try:
        with pytest.raises(ClusterError) as refused:
            cluster.require(len(cluster.shards) + 1)
    finally:
        cluster.settings = patient
    assert refused.value.code == "CLUSTER_FULL"


def test_more_shards_than_cores_share_them(cluster: RayCluster) -> None:
    for shards in (1, cluster.cores() + 1, 1):
        cluster.require(shards)
        assert len(cluster.shards) == shards


def test_without_a_number_shards_follow_the_cluster(cluster: RayCluster) -> None:
    cores = cluster.cores()
    assert cores >= 1
    assert cluster.count(None) == cores
    assert cluster.count(7) == 7
    patient = cluster.settings
    try:
        cluster.settings = replace(patient, least_shards=cores + 3)
        assert cluster.count(None) == cores + 3
        cluster.settings = replace(patient, most_shards=1)
        assert cluster.count(None) == 1
    finally:
        cluster.settings = patient


def test_the_benchmark_tells_where_the_time_goes(cluster: RayCluster) -> None:
    cluster.require(0)
    told: list[str] = []
    asked = Asked((1, 2), jobs_per_shard=9_000, offerings=50, evaluations=2)
    found = measure(asked, Assumptions(), told.append)
    assert len(told) == asked.steps
    assert [row["jobs"] for row in found["measured"]] == [9_000, 18_000]
    for row in found["measured"]:
        assert (row["bytes_out"], row["bytes_back_by_shard"]) == (10_000, [9_608] * row["shards"])
        assert len(row["compute_cpu_seconds_by_shard"]) == row["shards"]
        assert row["evaluation_seconds"] > 0
    assert found["model"][-1]["jobs"] == 1_000_000_000
    with pytest.raises(ValueError, match="too few"):
        measure(replace(asked, jobs_per_shard=10), Assumptions(), told.append)


def test_who_connected_before_stays_connected(cluster: RayCluster) -> None:
    with RayCluster() as guest:
        assert guest.cores() == cluster.cores()
    assert cluster.ray.is_initialized()
