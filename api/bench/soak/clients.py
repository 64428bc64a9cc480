"""The buyers' clients: they submit, submit again, amend and cancel, and keep books."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from api.bench.soak.asking import Asker, NoAnswer
from api.bench.soak.books import Books
from api.bench.soak.gate import Gate
from api.bench.soak.market_day import Shipment, buyer_of
from market.domain.clock import RunningClock, real_seconds

SENT_AGAIN, CANCELLED, AMENDED = 0.05, 0.10, 0.10
"""Shares of requests after which the same request is sent once more, an order is cancelled, one is amended."""
EXPECTED = frozenset(
    {"illegal_transition", "not_amendable", "limit_below_paid", "deadline_passed", "precondition_failed"}
)
"""Refusals of a change that somebody who comes too late must expect."""


class Client:
    """One of the many: its shipments in sequence, and a seeded will of its own."""

    def __init__(self, number: int, asker: Asker, books: Books, gate: Gate, seed: int) -> None:
        self.buyer_id = buyer_of(number)
        self.sent = 0
        self._number, self._asker, self._books, self._gate = number, asker, books, gate
        self._draw = random.Random(f"{seed} will {number}")  # noqa: S311 - reproducible, not secret
        self._mine: list[str] = []
        self._changes = 0

    @property
    def waits_ms(self) -> Sequence[tuple[float, float]]:
        """Of single submits: when, and how long."""
        return self._asker.waits_ms

    async def live(self, shipments: Sequence[Shipment], clock: RunningClock) -> None:
        """Everything in sequence, each when it is due; late where the exchange is slow, never left out."""
        for shipment in shipments:
            await asyncio.sleep(max(0.0, real_seconds(clock, shipment.at - clock.now())))
            await self._do(partial(self._submit, shipment))
            if self._draw.random() < CANCELLED:
                await self._do(self._cancel)
            if self._draw.random() < AMENDED:
                await self._do(self._amend)

    async def _do(self, doing: Callable[[], Awaitable[None]]) -> None:
        async with self._gate.inside():
            try:
                await doing()
            except NoAnswer as none:
                self._books.faults.append(str(none))

    async def _submit(self, shipment: Shipment) -> None:
        again = self._draw.random() < SENT_AGAIN
        self._books.unanswered.add(shipment.key)
        for _ in range(1 + again):
            await self._send(shipment)
        self._books.unanswered.discard(shipment.key)
        self._books.repeated += again
        self.sent += len(shipment.bodies)
        self._mine += [id_ for id_ in self._books.by_key.get(shipment.key, ()) if id_]

    async def _send(self, shipment: Shipment) -> None:
        key, bodies, began = shipment.key, shipment.bodies, time.monotonic()
        if len(bodies) == 1:
            answer, tries = await self._asker.ask("POST", "/v1/orders", bodies[0], key)
            self._asker.waits_ms.append((began, (time.monotonic() - began) * 1000))
            told = answer.json()
            answers = [{"order": told} if answer.status_code == 201 else {"error": told}]
        else:
            answer, tries = await self._asker.ask("POST", "/v1/orders/batch", {"orders": bodies}, key)
            if answer.status_code != 200:
                self._books.faults.append(f"a batch: {answer.status_code} {answer.text[:300]}")
                return
            answers = answer.json()["items"]
        self._books.repeated += tries - 1
        self._books.accept(key, self.buyer_id, bodies, answers)

    async def _cancel(self) -> None:
        if not self._mine:
            return
        order_id = self._mine.pop(self._draw.randrange(len(self._mine)))
        answer, tries = await self._asker.ask("POST", f"/v1/orders/{order_id}/cancel", None, self._key())
        self._books.repeated += tries - 1
        if answer.is_success:
            self._books.orders[order_id].state = "cancelled"
        else:
            self._expect(answer.json(), f"cancel {order_id}")

    async def _amend(self) -> None:
        """Only of the order as it was seen: a try that nobody answered changes nothing once the order is another."""
        if not self._mine:
            return
        order = self._books.orders[self._draw.choice(self._mine)]
        path, limit = f"/v1/orders/{order.id}", f"{self._draw.randrange(10_000, 900_000)}.00"
        seen, _ = await self._asker.ask("GET", path)
        order.limits.add(limit)
        change, tag = {"limit_price": limit}, seen.headers["etag"]
        answer, tries = await self._asker.ask("PATCH", path, change, if_match=tag)
        possible = {limit}
        if not answer.is_success:
            self._expect(answer.json(), f"amend {order.id}")
            if tries == 1:
                order.limits.discard(limit)
                return
            possible = order.limits
            answer, _ = await self._asker.ask("GET", path)
        holds = answer.json()["limit_price"]
        if holds not in possible:
            self._books.faults.append(f"{order.id}: amended to {limit}, answered {answer.text[:200]}")
        order.limits = {holds}

    def _expect(self, told: dict[str, object], what: str) -> None:
        if told.get("code") not in EXPECTED:
            self._books.faults.append(f"{what}: {told}"[:400])

    def _key(self) -> str:
        self._changes += 1
        return f"soak-{self._number}-change-{self._changes}"
