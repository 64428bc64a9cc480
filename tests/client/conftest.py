"""A real exchange behind real HTTP, once for all tests of the client."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from client_house import House

from api.server import ServerThread, open_exchange
from api.settings import Settings
from market.domain.clock import SystemClock, rfc3339
from market.domain.parties import Actor, Role
from market.exchange import Exchange as Market
from market.persistence.database import Database
from market.scenarios.scenario import Scenario

OPERATOR = Actor("test", Role.OPERATOR, None)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, east_west: Scenario) -> Iterator[House]:
    """The shipped market, with a key for an operator and one for a buyer."""
    url = f"sqlite:///{tmp_path_factory.mktemp('client') / 'market.db'}"
    database = Database(url)
    try:
        database.upgrade()
        market = Market(database, SystemClock())
        market.load_scenario(east_west)
        operator = market.create_operator_key()
        buyer = market.issue_key(OPERATOR, Role.BUYER, "buy_0001")
    finally:
        database.close()
    settings = Settings(database_url=url, solver_seconds=5)
    with open_exchange(settings) as opened, ServerThread(opened.app) as server:
        yield House(server.url, operator, buyer)


@pytest.fixture
def order() -> Any:
    """A small order that fits in many places."""
    return {
        "job": {
            "compute_class": "gpu",
            "precision": "fp16",
            "units": 2,
            "hours": 3,
            "origin_region": "shanghai",
        },
        "limit_price": "900.00",
        "deadline": rfc3339(SystemClock().now() + timedelta(hours=30)),
    }
