"""What the clients know: every request they made, what was answered, and the last word on every order.

Kept by the clients alone, for the checks to compare with what the exchange has stored.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Answer = Mapping[str, Any]


@dataclass(slots=True)
class KnownOrder:
    """One order as its client knows it. `limits`: limit prices that it may have; more than one while an answer is owed."""

    id: str
    buyer_id: str
    key: str
    limits: set[str]
    state: str = "open"


@dataclass(slots=True)
class Books:
    """All clients' knowledge; they are threads of one loop, so that nothing needs a lock."""

    orders: dict[str, KnownOrder] = field(default_factory=dict)
    by_key: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    """Orders that were refused on their own, by code."""
    answered: Counter[str] = field(default_factory=Counter)
    """Answers by status and code; what did not arrive by the name of the failure."""
    faults: list[str] = field(default_factory=list)
    """What the exchange said and should not have."""
    unanswered: set[str] = field(default_factory=set)
    """Keys whose request was sent and not answered for good."""
    repeated: int = 0
    """Requests that were sent again under a key that may have been used."""

    def accept(self, key: str, buyer_id: str, bodies: Sequence[Answer], answers: Sequence[Answer]) -> None:
        """The answer to a request for orders, each with its status; the same again must be the same."""
        ids = tuple(one["order"]["id"] if "order" in one else "" for one in answers)
        before = self.by_key.setdefault(key, ids)
        if before != ids:
            self.faults.append(f"key {key} stands for {before} and for {ids}"[:400])
            return
        if len(ids) != len(bodies):
            self.faults.append(f"key {key}: {len(bodies)} orders sent, {len(ids)} answered")
        for body, answer in zip(bodies, answers, strict=False):
            if "order" not in answer:
                self.refused[answer["error"]["code"]] += 1
                continue
            order = answer["order"]
            if order["id"] in self.orders:
                if self.orders[order["id"]].key != key:
                    self.faults.append(f"{order['id']} was given out twice, for {key}")
                continue
            if order["buyer_id"] != buyer_id:
                self.faults.append(f"{order['id']} of {buyer_id} belongs to {order['buyer_id']}")
            self.orders[order["id"]] = KnownOrder(order["id"], buyer_id, key, {body["limit_price"]})
