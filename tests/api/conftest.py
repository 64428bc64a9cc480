"""The shipped market behind the real application, one fresh copy for each test."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from api_house import House, Keys, build_exchange, build_test_app, load_market
from databases import Databases
from fastapi.testclient import TestClient

from market.persistence.database import Database


@pytest.fixture(scope="module")
def loaded_market(databases: Databases) -> tuple[str, Keys]:
    """The URL of a database that is to be copied, and its keys."""
    return databases.prepared(load_market)


@pytest.fixture
def market_url(databases: Databases, loaded_market: tuple[str, Keys]) -> Iterator[str]:
    """The URL of a copy of the loaded market."""
    with databases.copied(loaded_market[0]) as url:
        yield url


@pytest.fixture
def keys(loaded_market: tuple[str, Keys]) -> Keys:
    return loaded_market[1]


@pytest.fixture
def house(market_url: str, keys: Keys) -> Iterator[House]:
    """The whole house, solving in this process."""
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        with TestClient(build_test_app(exchange, clock)) as client:
            yield House(client, exchange, clock, keys)
