"""What all tests share: real databases on both engines, the shipped scenario, and a market to trade in."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing

import engines
import pytest
from databases import Databases, PostgresDatabases, SqliteFiles
from postgres_server import running_postgres
from sqlalchemy.engine import URL

from market.persistence.database import Database
from market.scenarios.scenario import Scenario, read_scenario, scenario_directory


def pytest_addoption(parser: pytest.Parser) -> None:
    """On which engines tests run."""
    engines.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Programs that are tested can be interrupted, also where whoever started the tests cannot; none compiles anew."""
    engines.check_option(config.getoption("engine"))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False  # there are hundreds of them: each would compile all it imports
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that open databases run on each engine."""
    engines.run_on_engines(metafunc)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is about SQLite has nothing to say of PostgreSQL."""
    engines.skip_what_is_about_sqlite(items, config.getoption("engine"))


@pytest.fixture(scope="session")
def east_west() -> Scenario:
    """The shipped catalogue."""
    return read_scenario(scenario_directory("east_west"))


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


@pytest.fixture(scope="session")
def sqlite_databases() -> Iterator[Databases]:
    """Databases in files."""
    with closing(SqliteFiles()) as found:
        yield found


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: URL) -> Iterator[Databases]:
    """Databases of a PostgreSQL server."""
    with closing(PostgresDatabases(postgres_server)) as found:
        yield found


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn: `sqlite` or `postgres`."""
    return str(request.param)


@pytest.fixture(scope="module")
def databases(engine: str, request: pytest.FixtureRequest) -> Databases:
    """Databases on each engine in turn."""
    found: Databases = request.getfixturevalue(f"{engine}_databases")
    return found


@pytest.fixture
def sqlite_url(sqlite_databases: Databases) -> Iterator[str]:
    """A database file that does not exist yet."""
    with sqlite_databases.empty() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with postgres_databases.empty() as url:
        yield url


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """An empty database on each engine in turn."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def sqlite_database(sqlite_databases: Databases) -> Iterator[Database]:
    """A database file at the current schema."""
    with sqlite_databases.migrated() as url, closing(Database(url)) as database:
        yield database


@pytest.fixture
def postgres_database(postgres_databases: Databases) -> Iterator[Database]:
    """A PostgreSQL database at the current schema."""
    with postgres_databases.migrated() as url, closing(Database(url)) as database:
        yield database


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """A database at the current schema, on each engine in turn."""
    with databases.migrated() as url, closing(Database(url)) as database:
        yield database
