"""The demonstration's day of orders, submitted as any client would."""

from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import track

from api.client.answers import OrderAccepted
from api.client.exchange import Exchange
from api.demo.order_bodies import order_body
from api.demo.place import SCENARIO
from api.terminal.refusal import Refusal
from market.scenarios.demand import generate_orders, read_demand_tables
from market.scenarios.scenario import original_of, read_orders, scenario_directory

SHIPPED_ORDERS, SHIPPED_SEED = 2000, 2025
BATCH = 200
Body = Any
"""One body of `POST /v1/orders`."""


def day_of_orders(count: int, seed: int, midnight: datetime) -> list[Body]:
    """The shipped day, or a generated one of another size or seed."""
    directory = original_of(scenario_directory(SCENARIO))
    if (count, seed) == (SHIPPED_ORDERS, SHIPPED_SEED):
        orders = read_orders(directory / "orders.csv")
    else:
        orders = generate_orders(read_demand_tables(directory), count, seed)
    return [order_body(order, midnight) for order in orders]


def submit_day(exchange: Exchange, bodies: list[Body]) -> list[str | None]:
    """Ids in the day's sequence; None where the exchange refused an order."""
    batches = [bodies[at : at + BATCH] for at in range(0, len(bodies), BATCH)]
    console = Console(stderr=True)
    ids: list[str | None] = []
    for batch in track(
        batches, "submitting orders", console=console, transient=True, disable=not console.is_terminal
    ):
        answers = exchange.orders.submit_many({"orders": batch}).items
        ids += [answer.order.id if isinstance(answer, OrderAccepted) else None for answer in answers]
    if not any(ids):
        raise Refusal("no_orders_accepted", "the exchange refused every order of the day")
    return ids
