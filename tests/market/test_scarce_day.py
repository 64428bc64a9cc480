"""A scarce day: what the explanation of an unplaced order proposes places it, every time, when it is done."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from thoroughness import often

from api.app import build_app
from api.demo.order_bodies import order_body
from api.settings import Settings
from market.domain.clock import HOUR, VirtualClock
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database
from market.scenarios.scenario import original_of, read_orders, read_scenario, scenario_directory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
MIDNIGHT = datetime(2025, 7, 16, 16, tzinfo=UTC)
"""In Shanghai: when the market day begins."""
TRIED, TRIED_BY_ROUND = often(60, 200), often(2, 6)
OUTPUT = Path(__file__).parents[1] / "output"
Json = dict[str, Any]


class ScarceDay:
    """The scarce scenario with its day of orders, cleared once, behind its API."""

    def __init__(self, client: TestClient, key: str) -> None:
        self._client, self._headers = client, {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, **request: Any) -> Json:
        answer = self._client.request(method, path, headers=self._headers, **request)
        assert answer.is_success, (path, request, answer.text)
        found: Json = answer.json()
        return found

    def clear(self) -> Json:
        return self.ask("POST", "/v1/rounds", json={"starts_at": "2025-07-16T16:00:00Z"})

    def open_orders(self) -> list[str]:
        """Ids of up to a thousand, the earliest order first."""
        answer = self.ask("GET", "/v1/orders", params={"state": "open", "limit": 1000})
        return sorted(order["id"] for order in answer["items"])

    def proposed(self, order_id: str) -> Json | None:
        change: Json | None = self.ask("GET", f"/v1/orders/{order_id}/explanation")["smallest_change"]
        return change


@pytest.fixture(scope="module")
def scarce(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScarceDay]:
    path = tmp_path_factory.mktemp("scarce") / "market.db"
    directory = scenario_directory("east_west_scarce")
    with closing(Database(f"sqlite:///{path}")) as database:
        database.upgrade()
        clock = VirtualClock(MIDNIGHT - HOUR)
        exchange = Exchange(database, clock)
        exchange.load_scenario(read_scenario(directory))
        app = build_app(exchange, Enquiries(database, clock), Settings(solver_seconds=5))
        with TestClient(app) as client:
            day = ScarceDay(client, exchange.create_operator_key())
            bodies = [order_body(o, MIDNIGHT) for o in read_orders(original_of(directory) / "orders.csv")]
            answer = day.ask("POST", "/v1/orders/batch", json={"orders": bodies})
            assert all(item["status"] == 201 for item in answer["items"])
            day.clear()
            yield day


def test_every_proposed_change_places_its_order(scarce: ScarceDay) -> None:
    unplaced = scarce.open_orders()
    assert len(unplaced) >= TRIED
    waiting, tried, hopeless = iter(unplaced), Counter[str](), 0
    while (done := sum(tried.values())) < TRIED:
        order_id = next(waiting)
        change = scarce.proposed(order_id)
        if change is None:
            hopeless += 1
            continue
        at_once = done < TRIED - TRIED_BY_ROUND  # the others by the rounds that follow
        body = {change["field"]: change["to"]} | ({"time_in_force": "immediate"} if at_once else {})
        scarce.ask("PATCH", f"/v1/orders/{order_id}", json=body)
        if not at_once:
            scarce.clear()
        order = scarce.ask("GET", f"/v1/orders/{order_id}")
        assert order["state"] == "allocated", (order_id, change)
        tried[change["field"]] += 1
    OUTPUT.mkdir(exist_ok=True)
    figures = {"unplaced": len(unplaced), "placed": dict(tried), "no_single_change": hopeless}
    (OUTPUT / "smallest_changes.json").write_text(json.dumps(figures, indent=1))
