"""Couriers: see to it that what happens reaches the webhooks that want to know.

1. When something is committed, note a delivery for each webhook that is to be told (`fan_out`, one transaction).
2. Ask for a turn at each webhook with something due; a durable queue runs it, here or in another process.
3. A turn takes what is due, the first of each resource, sends it, and writes down how that went; then the next.

Whoever dies between two of these loses nothing: the next look finds what is due and not taken.
"""

import asyncio
import logging
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from market.couriers.sending import Sender
from market.couriers.turns import Turns
from market.desks.deliveries import DeliveryDesk
from market.domain.errors import Unavailable
from market.domain.webhooks import Attempt, DeliveryTerms, Parcel
from market.webhooks.addresses import AddressGuard

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CourierTerms:
    """How hard couriers try, where they may go, and how often they look for what other processes committed."""

    delivery: DeliveryTerms = field(default_factory=DeliveryTerms)
    guard: AddressGuard = field(default_factory=AddressGuard)
    poll_seconds: float = 1.0
    gather_seconds: float = 0.2
    """So long after a bell for more to come: one look, with a commit of its own, serves all that came meanwhile."""
    patience_seconds: float = 15.0
    pause_after_failure_seconds: float = 5.0
    turn_seconds: float = 5.0
    """So long a turn takes parcels, once at least; then other webhooks have theirs: a slow one has not all the threads."""


class Couriers:
    """A thread that looks for what is due. The queue that runs turns is made when the first webhook is there."""

    def __init__(
        self,
        desk: DeliveryDesk,
        terms: CourierTerms,
        make_turns: Callable[[], Turns],
        may_look: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_look` is asked before each look: whether looking is this process's duty still."""
        self._desk, self._terms, self._make_turns, self._may_look = desk, terms, make_turns, may_look
        self._turns: Turns | None = None
        self._rung, self._ending = threading.Event(), threading.Event()
        self._counting, self._started = threading.Lock(), 0
        self._trust: ssl.SSLContext | None = None

    def start(self) -> None:
        """Look, until `stop` was called as often: one application may be served twice at a time."""
        with self._counting:
            self._started += 1
            if self._started == 1:
                self._thread = threading.Thread(target=self._look, name="couriers", daemon=True)
                self._stop_hearing = self._desk.bell.hear(self._rung.set)
                self._thread.start()

    def require_alive(self) -> None:
        """`Unavailable` where nobody looks any more, and nobody asked for that: only a new start helps."""
        if self._started and not self._ending.is_set() and not self._thread.is_alive():
            raise Unavailable(
                "couriers_stopped", "events are no longer delivered to webhooks; restart the exchange"
            )

    def begin_stopping(self) -> None:
        """Take no more parcels."""
        self._ending.set()
        self._rung.set()

    def stop(self) -> None:
        """Return when what is under way has ended, in time at least."""
        with self._counting:
            self._started -= 1
            if self._started == 0:
                self.begin_stopping()
                self._stop_hearing()
                self._thread.join(self._terms.patience_seconds)

    def take_turn(self, webhook_id: str) -> None:
        """Deliver what is due at one webhook."""
        if self._trust is None:
            self._trust = ssl.create_default_context()
        asyncio.run(self._deliver(webhook_id, self._trust))

    def _look(self) -> None:
        try:
            while not self._ending.is_set():
                self._rung.clear()
                self._look_once()
                if self._rung.wait(self._terms.poll_seconds):
                    self._ending.wait(self._terms.gather_seconds)
        finally:
            if self._turns is not None:
                self._turns.stop(self._terms.patience_seconds)

    def _look_once(self) -> None:
        try:
            if not self._may_look():
                return
            self._desk.fan_out()
            for webhook_id in self._desk.due_webhooks():
                self._running().soon(webhook_id)
        except Exception:  # whatever it is: without this thread nothing would be delivered any more
            _logger.exception("webhooks cannot be looked after; trying again")
            self._ending.wait(self._terms.pause_after_failure_seconds)

    def _running(self) -> Turns:
        if self._turns is None:
            turns = self._make_turns()
            turns.start(self.take_turn)
            self._turns = turns
        return self._turns

    async def _deliver(self, webhook_id: str, trust: ssl.SSLContext) -> None:
        delivery = self._terms.delivery
        sender = Sender(
            self._terms.guard,
            self._desk.clock,
            self._desk.webhook_pepper(),
            timeout_seconds=delivery.timeout_seconds,
            trust=trust,
        )
        async with sender:
            over_at = time.monotonic() + self._terms.turn_seconds
            while True:
                parcels = () if self._ending.is_set() else self._desk.take_parcels(webhook_id, delivery)
                if not parcels:
                    return
                made = await asyncio.gather(*(_try(sender, parcel) for parcel in parcels))
                self._desk.note_attempts(webhook_id, made, delivery)
                if time.monotonic() >= over_at:
                    return


async def _try(sender: Sender, parcel: Parcel) -> tuple[int, Attempt | None]:
    return parcel.delivery.number, await sender.send(parcel)
