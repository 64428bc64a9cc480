"""A browser, and an exchange for it to look at."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import MISSING, find_chromium, launched
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


@pytest.fixture(scope="session")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An exchange in which nothing was cleared yet."""
    settings = Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('empty') / 'market.db'}")
    prepare_exchange(settings)
    with open_exchange(settings) as opened, ServerThread(opened.app) as server:
        yield server.url


@pytest.fixture(scope="session")
def landed_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A database with one landed round of 300 orders, to be copied, and its operator's key."""
    path = tmp_path_factory.mktemp("day") / "market.db"
    return path, prepare_day(path)


@pytest.fixture(scope="session")
def site(landed_day: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An exchange with one landed round, to be looked at only."""
    with serving(*landed_day, tmp_path_factory.mktemp("site")) as served:
        yield served


@pytest.fixture
def own_site(landed_day: tuple[Path, str], tmp_path: Path) -> Iterator[Site]:
    """The same for one test, which may change it."""
    with serving(*landed_day, tmp_path) as served:
        yield served


@pytest.fixture(scope="session")
def output() -> Path:
    """Where screenshots go."""
    directory = Path(__file__).parents[1] / "output"
    directory.mkdir(exist_ok=True)
    return directory
