"""A browser, and an exchange for it to look at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chromium import MISSING, find_chromium, launched
from databases import Databases
from playwright.sync_api import Browser
from shown_site import Site, prepare_day, serving

from api.demo.place import prepare_exchange
from api.server import ServerThread, open_exchange
from api.settings import Settings


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; skipped where there is none, unless SUANLI_REQUIRE_BROWSER is set.

    For one module only: while Playwright runs, its thread has a running event loop, in which no other test could
    start one of its own.
    """
    found = find_chromium()
    if found is None:
        if os.environ.get("SUANLI_REQUIRE_BROWSER") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with launched(found) as browser:
        yield browser


@contextmanager
def serve_nothing(databases: Databases) -> Iterator[str]:
    """Where an exchange is in which nothing was cleared yet."""
    with databases.empty() as url:
        settings = Settings(database_url=url)
        prepare_exchange(settings)
        with open_exchange(settings) as opened, ServerThread(opened.app) as server:
            yield server.url


@pytest.fixture(scope="module")
def landed_day(databases: Databases) -> tuple[str, str]:
    """A database with one landed round of 300 orders, to be copied, and its operator's key."""
    return databases.prepared(prepare_day)


@contextmanager
def serve_day(databases: Databases) -> Iterator[Site]:
    """An exchange with one landed round."""
    original, key = databases.prepared(prepare_day)
    with databases.copied(original) as url, serving(url, key) as served:
        yield served


@pytest.fixture
def empty_site(databases: Databases) -> str:
    """An exchange in which nothing was cleared yet, for all tests."""
    return databases.kept(serve_nothing)


@pytest.fixture
def site(databases: Databases) -> Site:
    """An exchange with one landed round for all tests, to be looked at only."""
    return databases.kept(serve_day)


@pytest.fixture
def own_site(databases: Databases) -> Iterator[Site]:
    """The same for one test, which may change it."""
    with serve_day(databases) as served:
        yield served


@pytest.fixture(scope="session")
def output() -> Path:
    """Where screenshots go."""
    directory = Path(__file__).parents[1] / "output"
    directory.mkdir(exist_ok=True)
    return directory
