"""Three orders worth explaining: one moved west, one kept east, one not placed. The choice is by rule, not luck."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from api.client.answers import AllocationAnswer, OrderExplanationAnswer
from api.client.exchange import Exchange

Json = dict[str, Any]
MOST_ASKED = 30
"""Unplaced orders are asked one by one for the change that would place them; no more than so many."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """An order of the day: its number, id, body, and what was granted to it."""

    number: int
    id: str
    body: Json
    allocation: AllocationAnswer | None

    @property
    def limit(self) -> Decimal:
        """Most its buyer pays."""
        return Decimal(self.body["limit_price"])


class Sides:
    """Which side of the country regions and nodes lie on."""

    def __init__(self, exchange: Exchange) -> None:
        self.regions = {region.id: region for region in exchange.regions.list()}
        self.nodes = {node.id: node for node in exchange.nodes.list()}

    def origin(self, order: Submitted) -> str:
        """Where the order comes from."""
        return self.regions[order.body["job"]["origin_region"]].side

    def served(self, order: Submitted) -> str | None:
        """Where it runs; None where it does not."""
        return None if order.allocation is None else self.of_node(order.allocation.node_id)

    def of_node(self, node_id: str) -> str:
        """Where a computing centre lies."""
        return self.regions[self.nodes[node_id].region_id].side


def explain_three(
    exchange: Exchange, bodies: list[Json], ids: list[str | None], round_id: str, sides: Sides
) -> list[Json]:
    """The explained orders, each with its kind, number in the day, body and explanation."""
    granted = {one.order_id: one for one in exchange.allocations.list(round_id=round_id)}
    day = [
        Submitted(number, id_, body, granted.get(id_))
        for number, (id_, body) in enumerate(zip(ids, bodies, strict=True), start=1)
        if id_ is not None
    ]
    chosen = {
        "moved_west": _dearest(day, sides, "training_large", "west"),
        "kept_east": _dearest(day, sides, "inference_realtime", "east"),
    }
    explained = [
        _explained(kind, order, exchange.orders.explain(order.id))
        for kind, order in chosen.items()
        if order is not None
    ]
    return explained + _one_not_placed(exchange, day)


def _dearest(day: Iterable[Submitted], sides: Sides, job_class: str, served: str) -> Submitted | None:
    """The eastern order of the class, or failing that of any class, with the highest limit served there."""
    there = [order for order in day if sides.served(order) == served and sides.origin(order) == "east"]
    of_class = [order for order in there if order.body["job"]["job_class"] == job_class]
    return min(of_class or there, key=_by_limit, default=None)


def _one_not_placed(exchange: Exchange, day: Iterable[Submitted]) -> list[Json]:
    """The dearest unplaced order that a small change would place; failing that, the dearest of all."""
    unplaced = sorted((order for order in day if order.allocation is None), key=_by_limit)
    found: list[Json] = []
    for order in unplaced[:MOST_ASKED]:
        explanation = exchange.orders.explain(order.id)
        found.append(_explained("not_placed", order, explanation))
        if explanation.smallest_change is not None:
            return [found[-1]]
    return found[:1]


_by_limit: Callable[[Submitted], tuple[Decimal, int]] = lambda order: (-order.limit, order.number)  # noqa: E731


def _explained(kind: str, order: Submitted, explanation: OrderExplanationAnswer) -> Json:
    return {"kind": kind, "number": order.number, "order": order.body, "explanation": explanation.plain()}
