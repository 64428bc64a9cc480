"""The day's market and its orders: the east-west catalogue grown to the day's size, and who sends what when."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from api.bench.soak.asked import DAY, Asked
from api.demo.order_bodies import order_body
from market.domain.clock import HOUR
from market.scenarios.demand import GeneratedOrder, generate_orders, read_demand_tables
from market.scenarios.growth import grown_to
from market.scenarios.scenario import Scenario, original_of, read_scenario, scenario_directory

SCENARIO = "east_west"
DEMAND_OVER_SUPPLY = 0.8
"""Scarce where and when everybody wants to be, so that limits are met; not so scarce that the book only grows."""
BUYERS = 8
REPORTING = 12
"""Offerings whose providers report on what runs."""
HEARTBEAT_MINUTES = 60
SMALLEST_BATCHES, LARGEST_BATCHES = 4, 40
"""Orders in a batch, at the mean: the more orders a day has, the larger."""
INTERRUPTIBLE_SHARE = 0.25
SHORTER = 4
"""Run times are a quarter of what the demand tables say, so that most of what a day is granted also ends in it."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """One request of a client: orders that go together, when the last of them is known."""

    at: datetime
    key: str
    bodies: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class MarketDay:
    """A catalogue and every client's shipments in sequence; offerings whose providers report, by provider."""

    scenario: Scenario
    shipments: Sequence[Sequence[Shipment]]
    reporting: Mapping[str, Sequence[str]]
    orders: int


def buyer_of(client: int) -> str:
    """Whose key a client has."""
    return f"buy_soak_{client % BUYERS}"


def plan_day(asked: Asked) -> MarketDay:
    """The same seed and sizes: the same day."""
    scenario = read_scenario(scenario_directory(SCENARIO))
    drawn = [(at, replace(order, hours=max(0.5, order.hours / SHORTER))) for at, order in _orders_of(asked)]
    scenario, reporting = _grown(scenario, [order for _, order in drawn])
    shipments: list[list[Shipment]] = []
    for client in range(asked.clients):
        draw = random.Random(f"{asked.seed} client {client}")  # noqa: S311 - reproducible, not secret
        shipments.append(_shipments(drawn[client :: asked.clients], client, draw, _batch_mean(asked)))
    return MarketDay(scenario, shipments, reporting, len(drawn))


def _orders_of(asked: Asked) -> list[tuple[datetime, GeneratedOrder]]:
    """As many orders as asked for, of the hours that are lived through, as the day's curves spread them, by arrival."""
    tables = read_demand_tables(original_of(scenario_directory(SCENARIO)))
    last = asked.first_hour + asked.hours
    draw = random.Random(f"{asked.seed} arrivals")  # noqa: S311
    found: list[tuple[datetime, GeneratedOrder]] = []
    for attempt in range(1000):
        if len(found) >= asked.orders:
            break
        more = generate_orders(tables, max(2000, asked.orders), asked.seed + attempt)
        found += [
            (_arrival(order, draw), order) for order in more if asked.first_hour <= order.earliest_hour < last
        ]
    ends = asked.starts_at + asked.length * 0.97  # the last rounds see every order
    within = [(min(at, ends), order) for at, order in found[: asked.orders]]
    return sorted(within, key=lambda one: (one[0], one[1].number))


def _arrival(order: GeneratedOrder, draw: random.Random) -> datetime:
    return DAY + order.earliest_hour * HOUR - timedelta(seconds=draw.randrange(1, 3600))


def _shipments(
    orders: Sequence[tuple[datetime, GeneratedOrder]], client: int, draw: random.Random, batch_mean: int
) -> list[Shipment]:
    """Half of the requests carry one order, half a batch."""
    sent: list[Shipment] = []
    at = 0
    while at < len(orders):
        size = 1 if draw.random() < 0.5 else draw.randrange(2, 2 * batch_mean)
        some = orders[at : at + size]
        bodies = [_body(order, draw) for _, order in some]
        sent.append(Shipment(some[-1][0], f"soak-{client}-{len(sent)}", bodies))
        at += size
    return sent


def _batch_mean(asked: Asked) -> int:
    return min(LARGEST_BATCHES, max(SMALLEST_BATCHES, asked.orders // 2_500))


def _body(order: GeneratedOrder, draw: random.Random) -> dict[str, Any]:
    body = order_body(order, DAY)
    del body["buyer_id"]
    return body | {"interruptible": draw.random() < INTERRUPTIBLE_SHARE}


def _grown(
    scenario: Scenario, orders: Sequence[GeneratedOrder]
) -> tuple[Scenario, Mapping[str, Sequence[str]]]:
    """Units for the day's demand, power for the units; some offerings' providers report."""
    grown = grown_to(scenario, orders, DEMAND_OVER_SUPPLY)
    often = sorted(grown.offerings, key=lambda one: (-sum(one.free_units_by_hour), one.id))[:REPORTING]
    reporting: dict[str, list[str]] = {}
    for offering in often:
        reporting.setdefault(offering.provider_id, []).append(offering.id)
    chosen = {offering.id for offering in often}
    offerings = tuple(
        replace(one, heartbeat_minutes=HEARTBEAT_MINUTES) if one.id in chosen else one
        for one in grown.offerings
    )
    return replace(grown, offerings=offerings), reporting
