"""Providers that report on what runs: they start it, say that it runs, that it is done, or that it failed."""

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from api.bench.soak.asking import Asker, NoAnswer
from api.bench.soak.books import Books
from api.bench.soak.gate import Gate
from market.domain.clock import RunningClock, real_seconds

LOOKS_EVERY = timedelta(minutes=10)
BEATS_EVERY = timedelta(minutes=20)
MOST_REPORTS = 40
"""Of one provider at a look: what is more is left to silence, which the exchange has to deal with as well."""
DONE_EARLY, JOB_FAILS, PROVIDER_FAILS = 0.02, 0.01, 0.01
"""Shares of looks at something that runs."""
EXPECTED = frozenset({"illegal_transition", "too_early", "too_late", "not_running"})
"""Refusals of a report that comes when something else has happened."""


class Provider:
    """One of them, with its own key."""

    def __init__(self, id_: str, asker: Asker, books: Books, gate: Gate, seed: int) -> None:
        self.reports = 0
        self._id, self._asker, self._books, self._gate = id_, asker, books, gate
        self._draw = random.Random(f"{seed} provider {id_}")  # noqa: S311 - reproducible, not secret

    async def live(self, clock: RunningClock) -> None:
        """Look after what runs, until cancelled."""
        while True:
            await asyncio.sleep(real_seconds(clock, LOOKS_EVERY))
            async with self._gate.inside():
                try:
                    await self._look(clock)
                except NoAnswer as none:
                    self._books.faults.append(str(none))

    async def _look(self, clock: RunningClock) -> None:
        path = "/v1/allocations?state=granted&state=active&sort=granted_at&limit=500"
        answer, _ = await self._asker.ask("GET", f"{path}&provider_id={self._id}")
        answer.raise_for_status()
        now = clock.now()
        due = [one for one in answer.json()["items"] if (report := self._due(one, now)) and report]
        for one in due[:MOST_REPORTS]:
            await self._report(one, self._due(one, now) or "heartbeat")

    def _due(self, allocation: Mapping[str, Any], now: datetime) -> str | None:
        """What to say of it, if anything."""
        starts_at = datetime.fromisoformat(allocation["starts_at"])
        if allocation["state"] == "granted":
            return "start" if starts_at <= now else None
        heard = allocation.get("heartbeat_at")
        silent = heard is None or now - datetime.fromisoformat(heard) >= BEATS_EVERY
        return "heartbeat" if silent else None

    async def _report(self, allocation: Mapping[str, Any], what: str) -> None:
        drawn, body, state = self._draw.random(), None, None
        if what == "heartbeat" and drawn < DONE_EARLY:
            what, state = "complete", "completed"
        elif what == "heartbeat" and drawn < DONE_EARLY + JOB_FAILS:
            what, body, state = "fail", {"cause": "job"}, "failed"
        elif what == "heartbeat" and drawn < DONE_EARLY + JOB_FAILS + PROVIDER_FAILS:
            what, body = "fail", {"cause": "provider"}
        self.reports += 1
        key = f"soak-{self._id}-{self.reports}"
        answer, _ = await self._asker.ask("POST", f"/v1/allocations/{allocation['id']}/{what}", body, key)
        if answer.is_success:
            order = self._books.orders.get(allocation["order_id"])
            if order is not None and state is not None:
                order.state = state
        elif answer.json().get("code") not in EXPECTED:
            self._books.faults.append(f"{what} {allocation['id']}: {answer.text[:300]}")
