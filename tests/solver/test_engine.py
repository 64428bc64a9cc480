"""Engines by name, and what a missing Ray is told as."""

import socket
import sys

import pytest
from random_markets import tiny_market
from ray_house import require_ray_here

from solver import ClusterError, ClusterSettings, Engine, Limits, LimitsError, clear


def test_the_local_engine_needs_nothing() -> None:
    engine = Engine()
    engine.require_installed()
    with engine.open() as open_pool:
        problem = tiny_market(3)
        assert clear(problem, open_pool=open_pool).value_micros == clear(problem).value_micros


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    engine = Engine("ray", ClusterSettings("nowhere:1"))
    with pytest.raises(ClusterError, match=r"pip install 'suanli-exchange\[ray\]'") as refused:
        engine.require_installed()
    assert refused.value.code == "RAY_MISSING"
    with pytest.raises(ClusterError, match="RAY_MISSING"), engine.open():
        pass


@pytest.mark.ray
def test_nobody_waits_for_an_address_where_nobody_listens() -> None:
    require_ray_here()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        engine = Engine("ray", ClusterSettings(address))
        with pytest.raises(ClusterError, match=f"nobody listens at {address}") as refused, engine.open():
            pass
    assert refused.value.code == "NO_CLUSTER"


@pytest.mark.parametrize("shards", [0, -1, 10_001])
def test_shards_have_bounds(shards: int) -> None:
    with pytest.raises(LimitsError, match="BAD_SHARDS"):
        Limits(shards=shards)
