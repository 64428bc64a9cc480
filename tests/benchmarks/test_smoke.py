"""The benchmarks stay alive: four lines each. Timed only without xdist; `pytest tests/benchmarks -n 0` shows the figures."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from solver import Limits, clear
from solver.bench.markets import generate_market

pytestmark = pytest.mark.filterwarnings("ignore::pytest_benchmark.logger.PytestBenchmarkWarning")


def test_generate(benchmark: BenchmarkFixture) -> None:
    """A market of ten thousand jobs."""
    problem = benchmark.pedantic(generate_market, args=(10_000, 24, 1), rounds=1)
    assert problem.jobs == 10_000


def test_clear(benchmark: BenchmarkFixture) -> None:
    """A small market, cleared for a second at most."""
    problem = generate_market(100, 12, 1)
    clearing = benchmark.pedantic(clear, args=(problem, Limits(seconds=1.0, gap=0.05)), rounds=1)
    assert clearing.gap < 0.2
