"""The model of scaling: sums that can be done by hand, and arguments that make no sense."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from solver.bench.scale_model import Assumptions, Measured, predict

MEASURED = Measured(
    compute_per_job=1e-6,
    call_per_shard=1e-3,
    serialise=2e-3,
    add_per_shard=1e-4,
    bytes_out=1_000_000,
    bytes_back=500_000,
    assigned_bytes_per_job=24.0,
    kept_bytes_per_job=100.0,
    here_per_job=1e-6,
)
ASSUMED = Assumptions(
    shards=100, jobs=10_000_000, shards_per_machine=10, latency_seconds=1e-3, gigabits_per_second=8.0, evaluations=100
)  # fmt: skip


def test_the_model_is_the_sum_it_says() -> None:
    largest = predict(MEASURED, ASSUMED)[-1]
    assert (largest.shards, largest.jobs) == (100, 10_000_000)
    assert largest.compute_seconds == pytest.approx(0.1)
    assert largest.network_seconds == pytest.approx((10 * 1e6 + 100 * 0.5e6) / 1e9 + 4e-3)
    assert largest.calls_seconds == pytest.approx(2e-3 + 100 * 1.1e-3)
    assert largest.evaluation_seconds == pytest.approx(0.1 + 0.064 + 0.112)
    assert largest.prices_seconds == pytest.approx(27.6)
    assert largest.here_seconds == pytest.approx(10.0)
    assert largest.assign_seconds == pytest.approx(0.24)
    assert largest.gigabytes_here == pytest.approx(1.0)


def test_sizes_rise_with_as_many_jobs_a_shard() -> None:
    rows = predict(MEASURED, ASSUMED)
    assert [(row.shards, row.jobs) for row in rows] == [(1, 100_000), (10, 1_000_000), (100, 10_000_000)]
    assert [row.efficiency for row in rows] == sorted((row.efficiency for row in rows), reverse=True)


def test_a_slower_network_costs_what_it_carries() -> None:
    fast, slow = (
        predict(MEASURED, replace(ASSUMED, gigabits_per_second=gigabits))[-1] for gigabits in (8.0, 4.0)
    )
    assert slow.evaluation_seconds - fast.evaluation_seconds == pytest.approx(0.06)


@pytest.mark.parametrize("shards", ["", "0,1", "2,1", "1,1", "one", "1,,2"])
def test_shards_are_rising_numbers(shards: str) -> None:
    ended = CliRunner().invoke(app, ["bench", "scale", "--shards", shards])
    assert ended.exit_code == 2
    assert "bad_shards" in ended.output + str(ended.exception)
