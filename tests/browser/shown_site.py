"""What the browser looks at: an exchange with one landed round, served on a port of its own."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import connect
from typing import Any

import httpx2

from api.client import Exchange
from api.demo.day import day_of_orders, submit_day
from api.demo.place import prepare_exchange
from api.server import ServerThread, open_exchange
from api.settings import Settings
from market.domain.clock import SystemClock, next_local_midnight, rfc3339

ORDERS, SEED, SECONDS = 300, 5, 10
PATIENCE_SECONDS = 120
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """Where the page is, and a key of each role."""

    url: str
    operator: str
    buyer: str
    provider: str

    def ask(self, method: str, path: str, key: str | None = None, **request: Any) -> Json:
        """What the API answers; a refusal fails."""
        headers = dict(request.pop("headers", {})) | ({"Authorization": f"Bearer {key}"} if key else {})
        answer = httpx2.request(
            method, self.url + path, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False, **request
        )
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def key_of(self, role: str | None) -> str | None:
        """The key of a role; nobody has none."""
        return {None: None, "operator": self.operator, "buyer": self.buyer, "provider": self.provider}[role]

    def clear(self) -> Json:
        """A further round, landed: of the hours from now on, whatever time of the day it is."""
        return self.ask("POST", "/v1/rounds", self.operator, json={"seconds_limit": SECONDS})

    @property
    def round(self) -> Json:
        """The newest round that landed."""
        (newest,) = self.ask("GET", "/v1/rounds", params={"state": "landed", "limit": 1})["items"]
        return self.ask("GET", f"/v1/rounds/{newest['id']}")

    def order(self, state: str) -> str:
        """Id of an order of the buyer's in this state."""
        (found,) = self.ask("GET", "/v1/orders", self.buyer, params={"state": state, "limit": 1})["items"]
        return str(found["id"])


def prepare_day(url: str, orders: int = ORDERS, seed: int = SEED) -> str:
    """A landed round of a day in an empty database; the operator's key."""
    settings = _settings(url)
    key = prepare_exchange(settings)
    midnight = next_local_midnight(datetime.now(UTC))
    with (
        open_exchange(settings) as opened,
        ServerThread(opened.app) as server,
        Exchange(server.url, key) as exchange,
    ):
        submit_day(exchange, day_of_orders(orders, seed, midnight))
        asked = {"policy": "balanced", "starts_at": rfc3339(midnight), "seconds_limit": SECONDS}
        exchange.rounds.clear(asked, timeout_seconds=PATIENCE_SECONDS)
    return key


def copy_of(database: Path, copy: Path) -> str:
    """The URL of a copy of an SQLite file, which somebody may be serving."""
    with closing(connect(database)) as source, closing(connect(copy)) as target:
        source.backup(target)
    return f"sqlite:///{copy}"


@dataclass(frozen=True, slots=True)
class LaterClock:
    """The time some hours from now."""

    ahead: timedelta

    def now(self) -> datetime:
        """That time."""
        return SystemClock().now() + self.ahead


@contextmanager
def serving(
    url: str, key: str, *, ahead: timedelta = timedelta(0), webhook_hosts: tuple[str, ...] = ()
) -> Iterator[Site]:
    """A database, served, as it is that much later; buyer and provider look on by demo sessions."""
    settings = _settings(url, webhook_hosts)
    with open_exchange(settings, LaterClock(ahead)) as opened, ServerThread(opened.app) as server:
        if ahead:
            opened.exchange.keep_time()
        site = Site(server.url, key, "", "")
        keys = {role: lent_key(site, role) for role in ("buyer", "provider")}
        yield Site(server.url, key, **keys)


def lent_key(site: Site, role: str) -> str:
    """A key that anybody gets who asks."""
    return str(site.ask("POST", "/v1/demo-sessions", json={"role": role})["api_key"])


def _settings(url: str, webhook_hosts: tuple[str, ...] = ()) -> Settings:
    return Settings(
        database_url=url,
        demo_sessions=True,
        demo_session_limit="1000/minute",
        solver_seconds=SECONDS,
        webhook_allowed_hosts=webhook_hosts,
    )
