"""A whole exchange behind its API, in the words of these tests."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import build_app
from api.problems.registry import registry
from api.settings import Settings
from market.clearing.solving import Solve, solve_here
from market.domain.clock import VirtualClock, rfc3339
from market.domain.parties import Actor, Role
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database
from market.scenarios.scenario import read_scenario, scenario_directory

NOW = datetime(2025, 7, 16, 7, tzinfo=UTC)
"""An hour before the times that the OpenAPI examples name, so that the examples are valid requests."""
OPERATOR = Actor("test", Role.OPERATOR, None)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Keys:
    """One key of each kind; two buyers and two providers, so that tenants can be told apart."""

    operator: str
    buyer: str
    other_buyer: str
    provider: str
    other_provider: str


@dataclass(frozen=True, slots=True)
class House:
    """The application, its client, its clock and its keys."""

    client: TestClient
    exchange: Exchange
    clock: VirtualClock
    keys: Keys

    def ask(self, method: str, path: str, key: str | None = None, **request: Any) -> Response:
        """One request, as whoever holds the key."""
        headers = dict(request.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return self.client.request(method, path, headers=headers, **request)

    def submit(self, **changes: Any) -> Json:
        """An order that is in the book."""
        answer = self.ask("POST", "/v1/orders", self.keys.buyer, json=order_body(**changes))
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    def clear(self, **body: Any) -> Json:
        """A round that landed."""
        answer = self.ask("POST", "/v1/rounds", self.keys.operator, json=body or {"slots": 24})
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found


def build_exchange(database: Database, solve: Solve = solve_here) -> tuple[Exchange, VirtualClock]:
    """An exchange on a database that is there, at a known moment."""
    clock = VirtualClock(NOW)
    return Exchange(database, clock, solve), clock


def load_market(url: str) -> Keys:
    """Fill a database with the shipped catalogue; a key of each kind."""
    with closing(Database(url)) as database:
        database.upgrade()
        exchange, _ = build_exchange(database)
        exchange.load_scenario(read_scenario(scenario_directory("east_west")))
        return Keys(
            operator=exchange.create_operator_key(),
            buyer=exchange.issue_key(OPERATOR, Role.BUYER, "buy_0001"),
            other_buyer=exchange.issue_key(OPERATOR, Role.BUYER, "buy_0002"),
            provider=exchange.issue_key(OPERATOR, Role.PROVIDER, "prv_0062"),
            other_provider=exchange.issue_key(OPERATOR, Role.PROVIDER, "prv_0101"),
        )


def build_test_app(exchange: Exchange, clock: VirtualClock, **settings: Any) -> Any:
    """The real application; nothing is replaced."""
    return build_app(
        exchange,
        Enquiries(exchange.database, clock),
        Settings(**{"solver_seconds": 5, "demo_sessions": True} | settings),
    )


@contextmanager
def unlimited_house(market_url: str, keys: Keys, **settings: Any) -> Iterator[House]:
    """The whole house on a copy of the market, and nobody in it is told to wait."""
    rates = ("rate_limit", "rate_limit_anonymous", "rate_limit_failed_keys")
    with closing(Database(market_url)) as database:
        exchange, clock = build_exchange(database)
        app = build_test_app(exchange, clock, **dict.fromkeys(rates, "1000000/second") | settings)
        with TestClient(app) as client:
            yield House(client, exchange, clock, keys)


def order_body(job: Mapping[str, Any] | None = None, **terms: Any) -> Json:
    """A small order that fits in many places."""
    body: Json = {
        "job": {
            "compute_class": "gpu",
            "precision": "fp16",
            "units": 2,
            "hours": 3,
            "origin_region": "shanghai",
            **(job or {}),
        },
        "limit_price": "900.00",
        "deadline": rfc3339(NOW + timedelta(hours=20)),
        **terms,
    }
    return body


def refusal(answer: Response, status: int, code: str) -> Json:
    """The problem document of an answer that must be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.json()
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert problem["type"] == f"/problems/{code}"
    assert problem["title"] == registry()[code].title_en
    assert status == registry()[code].status
    assert problem["detail"]
    return problem
