"""A storm of clients on a real server: nothing lost, nothing doubled, the ledger balances."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest
from promises_kept import broken_promises

from api.bench.run import day_of_bodies, served_exchange
from api.bench.servers import HOST
from api.bench.storm import rage
from market.persistence.database import Database

pytestmark = pytest.mark.slow

SECONDS, SEED = 10.0, 7


def test_a_storm_loses_and_doubles_nothing(tmp_path: Path, database_url: str) -> None:
    with served_exchange(tmp_path, database_url) as running:
        keys = running.target.key, running.operator_key
        server = f"http://{HOST}:{running.target.port}"
        told = asyncio.run(rage(server, keys, day_of_bodies(200, SEED), SECONDS, SEED))
    assert told.faults == []
    assert told.orders
    assert told.answered["round 201"] > 0, told.answered
    assert any(name.startswith("409") for name in told.answered), told.answered  # clients did meet
    assert not [name for name in told.answered if name.startswith("5")]
    with closing(Database(database_url)) as database:
        assert broken_promises(database) == []
