"""Checkpoints: clients stand still, a snapshot is taken, clients go on, and the snapshot is checked."""

import asyncio
import threading
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from api.bench.soak.books import Books, KnownOrder
from api.bench.soak.checks.every import check_all
from api.bench.soak.checks.look import Discrepancy, looking
from api.bench.soak.gate import Gate

TRIES, PAUSE_SECONDS = 60, 1.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One look at everything, and what did not hold."""

    virtual: datetime
    orders: int
    stood_seconds: float
    """How long clients stood still."""
    check_seconds: float
    discrepancies: list[Discrepancy]


async def check_now(url: str, books: Books, gate: Gate, virtual: datetime) -> Checkpoint:
    """A checkpoint; raises where the database cannot be looked at for a minute."""
    began = time.monotonic()
    async with gate.closed():
        known = {order.id: replace(order, limits=set(order.limits)) for order in books.orders.values()}
        unanswered = set(books.unanswered)
        looked = threading.Event()
        checking = asyncio.create_task(asyncio.to_thread(_check, url, known, unanswered, looked))
        seeing = asyncio.create_task(asyncio.to_thread(looked.wait))
        await asyncio.wait({checking, seeing}, return_when=asyncio.FIRST_COMPLETED)
    stood = time.monotonic() - began
    try:
        discrepancies = await checking
    finally:
        looked.set()
        await seeing
    return Checkpoint(virtual, len(known), stood, time.monotonic() - began - stood, discrepancies)


def _check(
    url: str, known: Mapping[str, KnownOrder], unanswered: Set[str], looked: threading.Event
) -> list[Discrepancy]:
    for attempt in range(TRIES):
        try:
            with looking(url) as look:
                looked.set()
                return check_all(look, known, unanswered)
        except DBAPIError:
            if looked.is_set() or attempt == TRIES - 1:  # what was seen then cannot be seen again
                raise
            time.sleep(PAUSE_SECONDS)
    raise AssertionError("it returned or raised")
