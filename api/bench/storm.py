"""A storm: many clients do everything at once, and afterwards every word that was given is checked.

Each client submits orders, alone and in batches, amends and cancels its own and others', and sends many requests again under
their idempotency key, some at the same moment over two connections, while rounds clear. What was acknowledged is then read
back: every key stands for exactly one order, every order is where it was said to be or further, nothing else is there.
"""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx2

from api.bench.run import day_of_bodies, served_exchange
from api.bench.servers import HOST, working_directory
from api.client import Exchange

Json = dict[str, Any]
LATER: Mapping[str, frozenset[str]] = {
    "open": frozenset(
        {"open", "allocated", "active", "interrupted", "completed", "cancelled", "expired", "failed"}
    ),
    "cancelled": frozenset({"cancelled"}),
}
"""Where an order may be that was acknowledged in a state."""
REFUSED_IN_TURN = frozenset(
    {"illegal_transition", "not_amendable", "request_in_progress", "round_in_progress", "order_changed"}
)
"""Refusals that somebody who comes second must expect; any other is a fault."""
BATCH, CLIENTS = 20, 32
VARIETY = 200
"""Different orders that are sent."""


@dataclass(slots=True)
class Told:
    """What the exchange said, and to whom it said something else than it should have."""

    orders: dict[str, str] = field(default_factory=dict)
    """The last state that was acknowledged, by order."""
    ids: list[str] = field(default_factory=list)
    """The same orders, for clients to draw from: each may change any of them, as keys of one buyer may."""
    by_key: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Orders that an idempotency key was answered with."""
    answered: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Client:
    """One of the many: a seeded will of its own, two connections, and what it was told."""

    def __init__(self, http: httpx2.AsyncClient, bodies: Sequence[Json], seed: int, told: Told) -> None:
        self._http, self._bodies, self._told = http, bodies, told
        self._draw = random.Random(seed)  # noqa: S311 - reproducible, not secret

    async def act(self, until: float) -> None:
        """One thing after another."""
        while time.monotonic() < until:
            doing = self._draw.choices(
                (self._submit, self._submit_batch, self._amend, self._cancel), weights=(5, 1, 3, 3)
            )[0]
            await doing()

    async def _submit(self) -> None:
        key, body = self._fresh_key(), self._draw.choice(self._bodies)
        for answer in await self._send(key, "/v1/orders", body):
            if answer.status_code == 201:
                self._acknowledge(key, [answer.json()])

    async def _submit_batch(self) -> None:
        key, bodies = self._fresh_key(), self._draw.choices(self._bodies, k=BATCH)
        for answer in await self._send(key, "/v1/orders/batch", {"orders": bodies}):
            if answer.status_code == 200:
                self._acknowledge(key, [item["order"] for item in answer.json()["items"] if "order" in item])

    async def _amend(self) -> None:
        if not self._told.ids:
            return
        changes = {"limit_price": f"{self._draw.randrange(100, 9000)}.00"}
        answer = await self._http.patch(f"/v1/orders/{self._draw.choice(self._told.ids)}", json=changes)
        if self._note(answer) and answer.json()["limit_price"] != changes["limit_price"]:
            self._told.faults.append(f"an amendment was acknowledged and not made: {answer.text}")

    async def _cancel(self) -> None:
        if not self._told.ids:
            return
        order_id, key = self._draw.choice(self._told.ids), self._fresh_key()
        for answer in await self._send(key, f"/v1/orders/{order_id}/cancel", None):
            if answer.status_code == 200:
                self._told.orders[order_id] = "cancelled"

    async def _send(self, key: str, path: str, body: Json | None) -> list[httpx2.Response]:
        """Once; or again after the answer; or twice at the same moment. `request_in_progress` is asked again."""
        headers, times = {"Idempotency-Key": key}, self._draw.choice((1, 1, 2, 3))
        together = self._draw.random() < 0.5

        async def once() -> httpx2.Response:
            return await self._http.post(path, json=body, headers=headers)

        if together:
            answers = list(await asyncio.gather(*(once() for _ in range(times))))
        else:
            answers = [await once() for _ in range(times)]
        if any(answer.status_code == 409 for answer in answers):
            answers.append(await once())
        for answer in answers:
            self._note(answer)
        return answers

    def _fresh_key(self) -> str:
        return str(uuid.UUID(int=self._draw.getrandbits(128)))

    def _acknowledge(self, key: str, orders: Sequence[Json]) -> None:
        ids = tuple(order["id"] for order in orders)
        before = self._told.by_key.setdefault(key, ids)
        if before != ids:
            self._told.faults.append(f"key {key} stands for {before} and for {ids}")
        for order in orders:
            if order["id"] not in self._told.orders:
                self._told.orders[order["id"]] = "open"
                self._told.ids.append(order["id"])

    def _note(self, answer: httpx2.Response) -> bool:
        """Whether it succeeded; a refusal must be one that could be expected."""
        code = "" if answer.is_success else answer.json().get("code", "")
        self._told.answered[f"{answer.status_code} {code}".strip()] += 1
        if not answer.is_success and code not in REFUSED_IN_TURN:
            self._told.faults.append(
                f"{answer.request.method} {answer.request.url.path}: {answer.text[:300]}"
            )
        return answer.is_success


async def rage(server: str, keys: tuple[str, str], bodies: Sequence[Json], seconds: float, seed: int) -> Told:
    """Let the storm loose on an exchange that nobody else uses; `keys` are a buyer's and the operator's."""
    buyer, operator = ({"Authorization": f"Bearer {key}"} for key in keys)
    told, until = Told(), time.monotonic() + seconds
    limits = httpx2.Limits(max_connections=4 * CLIENTS)
    async with httpx2.AsyncClient(
        base_url=server, headers=buyer, limits=limits, timeout=60, trust_env=False
    ) as http:
        many = [Client(http, bodies, seed * 1000 + number, told) for number in range(CLIENTS)]
        await asyncio.gather(*(one.act(until) for one in many), _clear(http, operator, until, told))
        await _read_back(http, told)
    return told


async def _clear(http: httpx2.AsyncClient, operator: Mapping[str, str], until: float, told: Told) -> None:
    """One round after another."""
    while time.monotonic() < until:
        answer = await http.post("/v1/rounds", json={"seconds_limit": 1.0}, headers=operator)
        told.answered[f"round {answer.status_code}"] += 1
        if not answer.is_success:
            told.faults.append(f"a round: {answer.text[:300]}")


async def _read_back(http: httpx2.AsyncClient, told: Told) -> None:
    """Everything that was acknowledged is there, where it was said to be or further; nothing else is there."""
    found: dict[str, str] = {}
    cursor: str | None = None
    while True:
        page = await http.get("/v1/orders", params={"limit": 1000} | ({"cursor": cursor} if cursor else {}))
        page.raise_for_status()
        found |= {order["id"]: order["state"] for order in page.json()["items"]}
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    for order_id, state in told.orders.items():
        if found.get(order_id) not in LATER[state]:
            told.faults.append(f"{order_id} was acknowledged as {state} and is {found.get(order_id)}")
    unknown = found.keys() - told.orders.keys()
    if unknown:
        told.faults.append(f"{len(unknown)} orders that nobody was told of: {sorted(unknown)[:3]}")


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a storm came to."""

    seconds: float
    clients: int
    orders: int
    answered: Mapping[str, int]
    broken: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        return asdict(self)


def storm_once(seconds: float, seed: int, database_url: str | None, tell: Callable[[str], None]) -> Aftermath:
    """A storm on an exchange of its own."""
    with working_directory() as directory, served_exchange(directory, database_url) as running:
        server = f"http://{HOST}:{running.target.port}"
        tell(f"{CLIENTS} clients at once for {seconds:g} s")
        keys = running.target.key, running.operator_key
        told = asyncio.run(rage(server, keys, day_of_bodies(VARIETY, seed), seconds, seed))
        with Exchange(server, running.operator_key) as exchange:
            balanced = exchange.ledger.check().balances
    broken = list(told.faults) if balanced else [*told.faults, "the ledger does not balance"]
    return Aftermath(seconds, CLIENTS, len(told.orders), dict(told.answered), broken)
