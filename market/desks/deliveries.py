"""What couriers do at the exchange: hear what is to be told, take it, and say how it went."""

import random
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from market.desks.desk import Desk, UnitOfWork
from market.desks.repeating import repeatable
from market.domain.audience import Audience, Wanted
from market.domain.errors import InvalidInput
from market.domain.events import Event
from market.domain.parties import tenant_of
from market.domain.webhooks import (
    TESTED,
    Attempt,
    Backlog,
    Delivery,
    DeliveryState,
    DeliveryTerms,
    Parcel,
    Webhook,
    WebhookState,
)
from market.persistence.event_reader import EventReader
from market.persistence.store import Store

GONE, FAILING, UNKNOWN_KINDS = "gone", "failing", "unknown_kinds"
"""Why a webhook was disabled: it answered 410, nothing arrived for too long, or it asks for what never happens in this
version of the program."""
READ_AT_ONCE = 500


class DeliveryDesk(Desk):
    """Keeps what is to be delivered. All of it is in the database, so nobody who carries it can lose it."""

    _pepper: str

    @repeatable
    def fan_out(self) -> frozenset[str]:
        """Note deliveries for what happened since the last time; of which webhooks. Only one process does so at a time."""
        found: set[str] = set()
        while self._is_behind():
            with self._unit_of_work() as work:
                if not work.webhooks.hold_fan_out():
                    break
                found |= _fan_out_some(work, self.clock.now())
        return frozenset(found)

    @repeatable
    def take_parcels(self, webhook_id: str, terms: DeliveryTerms) -> tuple[Parcel, ...]:
        """What is due at a webhook, the first of each resource: the taker's until the lease ends."""
        now = self.clock.now()
        with self._unit_of_work() as work:
            webhook = work.webhooks.get(webhook_id)
            if webhook is None or webhook.state is not WebhookState.ACTIVE:
                return ()
            taken = work.webhooks.take(webhook_id, terms.most_at_once, now, now + terms.lease)
            events = EventReader(work.session).named([delivery.sequence for delivery in taken])
        return tuple(Parcel(delivery, webhook, events[delivery.sequence]) for delivery in taken)

    @repeatable
    def note_attempts(
        self, webhook_id: str, attempts: Collection[tuple[int, Attempt | None]], terms: DeliveryTerms
    ) -> None:
        """Write down how deliveries, by number, went; a webhook that is gone, or fails for too long, is disabled.

        None: it could not be tried, which is nobody's fault. It is tried later, and counts as no try.
        """
        now = self.clock.now()
        with self._unit_of_work() as work:
            for number, attempt in attempts:
                delivery = work.webhooks.delivery(number, held=True)
                if delivery is not None and delivery.state is DeliveryState.PENDING:  # nobody was faster
                    after = (
                        _later(delivery, now, terms) if attempt is None else _after(delivery, attempt, terms)
                    )
                    work.webhooks.write_delivery(after)
            webhook = work.webhooks.get(webhook_id, held=True)
            if webhook is not None:
                _judge(work, webhook, [attempt for _, attempt in attempts if attempt is not None], terms)

    def due_webhooks(self) -> tuple[str, ...]:
        """Webhooks with a delivery that is due and that nobody has taken."""
        with self.database.reading() as session:
            return Store(session).webhooks.due(self.clock.now())

    def delivery_backlog(self) -> Backlog:
        """What waits, for whoever watches the exchange."""
        with self.database.reading() as session:
            return Store(session).webhooks.backlog()

    def webhook_pepper(self) -> str:
        """What secrets are made with, for whoever signs."""
        return self._pepper

    def _is_behind(self) -> bool:
        with self.database.reading() as session:
            told = Store(session).webhooks.told_up_to()
            return told is not None and told < EventReader(session).newest()


def _fan_out_some(work: UnitOfWork, now: datetime) -> set[str]:
    """One batch of events, for all webhooks at once."""
    webhooks = [webhook for webhook in work.webhooks.active() if _is_understood(work, webhook)]
    if not webhooks:
        return set()
    low = min(webhook.told_up_to for webhook in webhooks)
    reader = EventReader(work.session)
    newest = reader.newest()
    events = reader.after(low, READ_AT_ONCE, Audience(everything=True), until=newest)
    for webhook in webhooks:
        work.webhooks.add_deliveries(webhook.id, _told(webhook, events), now)
    work.webhooks.move_on(webhooks, events[-1].sequence if len(events) == READ_AT_ONCE else newest)
    return {webhook.id for webhook in webhooks}


def _is_understood(work: UnitOfWork, webhook: Webhook) -> bool:
    """Kinds of a newer version, after a downgrade: the webhook is disabled, and all others go on."""
    try:
        Wanted.of(webhook.kinds)
    except InvalidInput:
        work.webhooks.write(_disabled(work, webhook, UNKNOWN_KINDS))
        return False
    return True


def _disabled(work: UnitOfWork, webhook: Webhook, reason: str) -> Webhook:
    disabled = replace(webhook, state=WebhookState.DISABLED, disabled_reason=reason)
    tenant = tenant_of(webhook.role, webhook.organisation_id)
    work.events.record("webhook", "disabled", webhook.id, **tenant, reason=reason, state=disabled.state.value)
    return disabled


def _told(webhook: Webhook, events: Sequence[Event]) -> list[Event]:
    audience, wanted = webhook.audience, Wanted.of(webhook.kinds)
    return [
        event
        for event in events
        if event.sequence > webhook.told_up_to
        and audience.sees(event)
        and (event.resource_id == webhook.id if event.kind == TESTED else wanted.matches(event))
    ]


def _after(delivery: Delivery, attempt: Attempt, terms: DeliveryTerms) -> Delivery:
    tried = replace(delivery, tries=delivery.tries + 1, attempts=(*delivery.attempts, attempt))
    if attempt.succeeded:
        return replace(tried, state=DeliveryState.DELIVERED, next_attempt_at=None, delivered_at=attempt.at)
    wait = terms.wait_after(tried.tries, random.random())  # noqa: S311 - spreads retries
    if wait is None:
        return replace(tried, state=DeliveryState.GIVEN_UP, next_attempt_at=None)
    return replace(tried, next_attempt_at=attempt.at + wait)


def _later(delivery: Delivery, now: datetime, terms: DeliveryTerms) -> Delivery:
    """After the wait that follows a first try, as if there had been none."""
    wait = terms.wait_after(1, random.random())  # noqa: S311 - spreads retries
    return replace(delivery, next_attempt_at=now if wait is None else now + wait)


def _judge(work: UnitOfWork, webhook: Webhook, attempts: Sequence[Attempt], terms: DeliveryTerms) -> None:
    """Whether it goes on: one that was paused or disabled while this was under way stays what it was made."""
    if not attempts or webhook.state is not WebhookState.ACTIVE:
        return
    last = max(attempt.at for attempt in attempts)
    if any(attempt.succeeded for attempt in attempts):
        judged = replace(webhook, failing_since=None)
    else:
        judged = replace(webhook, failing_since=webhook.failing_since or last)
    gone = any(attempt.refused_for_good for attempt in attempts)
    since = judged.failing_since
    if gone or (since is not None and last - since >= terms.disable_after):
        judged = _disabled(work, judged, GONE if gone else FAILING)
    if judged != webhook:
        work.webhooks.write(judged)
