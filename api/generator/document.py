"""The OpenAPI document of the application as it is today."""

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from api.app import build_app
from api.settings import Settings
from market.domain.clock import SystemClock
from market.enquiries import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database


def current_document() -> dict[str, Any]:
    """As `/openapi.json` would serve it; nothing is stored and nothing listens."""
    clock = SystemClock()
    with TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory) / 'unused.db'}"
        with closing(Database(url)) as database:
            settings = Settings(database_url=url)
            app = build_app(Exchange(database, clock), Enquiries(database, clock), settings)
            document: dict[str, Any] = app.openapi()
            return document
