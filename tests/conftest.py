"""What all tests share: real databases, the shipped scenario, and a market to trade in."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import fresh_database, running_postgres
from sqlalchemy.engine import URL

from market.persistence.database import Database
from market.scenario import Scenario, read_scenario, scenario_directory


@pytest.fixture(scope="session")
def east_west() -> Scenario:
    """The shipped catalogue."""
    return read_scenario(scenario_directory("east_west"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A database file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'market.db'}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A running PostgreSQL; skipped with a reason where none can run, unless SUANLI_REQUIRE_POSTGRES is set."""
    try:
        context = running_postgres()
        server = context.__enter__()
    except (RuntimeError, OSError) as error:
        if os.environ.get("SUANLI_REQUIRE_POSTGRES"):
            raise
        pytest.skip(f"no PostgreSQL can run here: {error}")
    try:
        yield server
    finally:
        context.__exit__(None, None, None)


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database on each engine in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database at the current schema, on each engine in turn."""
    database = Database(database_url)
    database.upgrade()
    yield database
    database.close()
