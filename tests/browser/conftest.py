"""A browser, and an exchange for it to look at."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from shown_site import Site

from api.client import Exchange
from api.demo.day import day_of_orders, submit_day
from api.demo.place import prepare_exchange
from api.server import ServerThread, open_exchange
from api.settings import Settings
from market.domain.clock import next_local_midnight, rfc3339

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; skipped where there is none, unless SUANLI_REQUIRE_BROWSER is set."""
    found = os.environ.get("SUANLI_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        words = (
            "no Chromium here: install Debian's `chromium` and `fonts-wqy-microhei`, or set SUANLI_CHROMIUM"
        )
        if os.environ.get("SUANLI_REQUIRE_BROWSER") == "1":
            pytest.fail(words)
        pytest.skip(words)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An exchange in which nothing was cleared yet."""
    settings = Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('empty') / 'market.db'}")
    prepare_exchange(settings)
    with open_exchange(settings) as opened, ServerThread(opened.app) as server:
        yield server.url


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An exchange with one cleared round of 300 orders."""
    settings = Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('site') / 'market.db'}")
    key = prepare_exchange(settings)
    midnight = next_local_midnight(datetime.now(UTC))
    with open_exchange(settings) as opened, ServerThread(opened.app) as server:
        with Exchange(server.url, key) as exchange:
            submit_day(exchange, day_of_orders(300, 5, midnight))
            asked = {"policy": "balanced", "starts_at": rfc3339(midnight), "seconds_limit": 10}
            cleared = exchange.rounds.clear(asked, timeout_seconds=120).plain()
        yield Site(server.url, cleared)


@pytest.fixture(scope="session")
def output() -> Path:
    """Where screenshots go."""
    directory = Path(__file__).parents[1] / "output"
    directory.mkdir(exist_ok=True)
    return directory
