"""What all tests share: real databases, the shipped scenario, and a market to trade in."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from postgres_server import fresh_database, running_postgres
from sqlalchemy.engine import URL, make_url

from market.persistence.database import Database
from market.scenarios.scenario import Scenario, read_scenario, scenario_directory


def pytest_configure() -> None:
    """Programs that are tested can be interrupted, also where whoever started the tests cannot."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the current schema, to be copied: migrations are run once, not for every test."""
    path = tmp_path_factory.mktemp("migrated") / "market.db"
    with closing(Database(f"sqlite:///{path}")) as database:
        database.upgrade()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: URL) -> Iterator[str]:
    """Name of a database at the current schema, to be copied."""
    with fresh_database(postgres_server) as url:
        with closing(Database(url)) as database:
            database.upgrade()
        yield str(make_url(url).database)


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A database file at the current schema."""
    copy = shutil.copy(migrated_sqlite, tmp_path / "copy.db")
    with closing(Database(f"sqlite:///{copy}")) as database:
        yield database


@pytest.fixture
def postgres_database(postgres_server: URL, migrated_postgres: str) -> Iterator[Database]:
    """A PostgreSQL database at the current schema."""
    with (
        fresh_database(postgres_server, template=migrated_postgres) as url,
        closing(Database(url)) as database,
    ):
        yield database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """A database at the current schema, on each engine in turn."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found
