"""A real exchange behind real HTTP, once for all tests of the client."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from client_house import House
from databases import Databases

from api.server import ServerThread, open_exchange
from api.settings import Settings
from market.domain.clock import SystemClock, rfc3339
from market.domain.parties import Actor, Role
from market.exchange import Exchange as Market
from market.persistence.database import Database
from market.scenarios.scenario import read_scenario, scenario_directory

OPERATOR = Actor("test", Role.OPERATOR, None)


def load_market(url: str) -> tuple[str, str]:
    """Fill a database with the shipped market; a key for an operator and one for a buyer."""
    with closing(Database(url)) as database:
        database.upgrade()
        market = Market(database, SystemClock())
        market.load_scenario(read_scenario(scenario_directory("east_west")))
        return market.create_operator_key(), market.issue_key(OPERATOR, Role.BUYER, "buy_0001")


@contextmanager
def serve_market(databases: Databases) -> Iterator[House]:
    """The shipped market, with a key for an operator and one for a buyer."""
    with databases.empty() as url:
        keys = load_market(url)
        settings = Settings(database_url=url, solver_seconds=5)
        with open_exchange(settings) as opened, ServerThread(opened.app) as server:
            yield House(server.url, *keys)


@pytest.fixture(scope="module")
def house(databases: Databases) -> House:
    """The same for all tests."""
    return databases.kept(serve_market)


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
