"""The shipped market behind the real application, one fresh copy for each test."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from api_house import OPERATOR, House, Keys, build_exchange, build_test_app
from fastapi.testclient import TestClient

from market.domain.parties import Role
from market.persistence.database import Database
from market.scenarios.scenario import Scenario


@pytest.fixture(scope="session")
def loaded_market(tmp_path_factory: pytest.TempPathFactory, east_west: Scenario) -> tuple[Path, Keys]:
    """A database file with the shipped catalogue and a key of each kind."""
    path = tmp_path_factory.mktemp("market") / "loaded.db"
    with closing(Database(f"sqlite:///{path}")) as database:
        database.upgrade()
        exchange, _ = build_exchange(database)
        exchange.load_scenario(east_west)
        keys = Keys(
            operator=exchange.create_operator_key(),
            buyer=exchange.issue_key(OPERATOR, Role.BUYER, "buy_0001"),
            other_buyer=exchange.issue_key(OPERATOR, Role.BUYER, "buy_0002"),
            provider=exchange.issue_key(OPERATOR, Role.PROVIDER, "prv_0062"),
            other_provider=exchange.issue_key(OPERATOR, Role.PROVIDER, "prv_0101"),
        )
    return path, keys


@pytest.fixture
def market_file(loaded_market: tuple[Path, Keys], tmp_path: Path) -> str:
    """The URL of a copy of the loaded market."""
    copy = tmp_path / "market.db"
    shutil.copy(loaded_market[0], copy)
    return f"sqlite:///{copy}"


@pytest.fixture
def keys(loaded_market: tuple[Path, Keys]) -> Keys:
    return loaded_market[1]


@pytest.fixture
def house(market_file: str, keys: Keys) -> Iterator[House]:
    """The whole house, solving in this process."""
    with closing(Database(market_file)) as database:
        exchange, clock = build_exchange(database)
        with TestClient(build_test_app(exchange, clock)) as client:
            yield House(client, exchange, clock, keys)
