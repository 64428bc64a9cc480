"""Webhooks as their owners see them: created, changed, tested, replayed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from market.access.tenancy import organisation_meant, own_delivery, own_webhook
from market.conditions import require
from market.desks.desk import Desk, UnitOfWork
from market.desks.repeating import repeatable
from market.domain.audience import Wanted, require_pattern
from market.domain.errors import Conflict, InvalidInput, NotPermitted
from market.domain.parties import Actor, Role, tenant_of
from market.domain.scopes import Scope
from market.domain.webhooks import Delivery, DeliveryState, Salts, Webhook, WebhookState
from market.idempotency import Once
from market.persistence.event_reader import EventReader
from market.webhooks.addresses import AddressGuard
from market.webhooks.signing import new_salt, secret_of

MOST_WEBHOOKS = 20
MOST_REPLAYED = 10_000
"""That wait at a time, what waits anyway included: else whoever has a key fills the disk."""
READ_AT_ONCE = 1_000
BY_OPERATOR = "operator"
"""Why a webhook is disabled that an operator disabled."""
SECRETS_OVERLAP = timedelta(hours=24)
"""How long the secret before a rotation signs as well."""


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook as it is asked for. Operators say whose, None is their own."""

    url: str
    kinds: tuple[str, ...] = ("*",)
    description: str = ""
    organisation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """What is delivered once more: everything that was asked for, after one event, up to another."""

    webhook: Webhook
    deliveries: int


class WebhookDesk(Desk):
    """Keeps webhooks. What is sent, and when, is the business of `market.desks.deliveries`."""

    _pepper: str

    @repeatable
    def create_webhook(
        self, actor: Actor, asked: NewWebhook, guard: AddressGuard, once: Once | None = None
    ) -> tuple[Webhook, str]:
        """A webhook that is told of what happens from now on, and its secret."""
        actor.require(scope=Scope.WEBHOOKS)
        actor.require(scope=Scope.READ)  # it is told what a reader sees
        guard.require_url(asked.url)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            role, organisation_id = organisation_meant(work, actor, asked.organisation_id)
            work.webhooks.hold_count(organisation_id)
            if work.webhooks.count(organisation_id) >= MOST_WEBHOOKS:
                raise Conflict(
                    "too_many_webhooks", f"at most {MOST_WEBHOOKS} webhooks each: remove one first"
                )
            webhook = Webhook(
                id=self._ids.new("whk", now),
                role=role,
                organisation_id=organisation_id,
                url=asked.url,
                kinds=_kinds(asked.kinds),
                description=asked.description,
                state=WebhookState.ACTIVE,
                salts=Salts(new_salt()),
                created_at=now,
                created_by=actor.key_id,
                told_up_to=EventReader(work.session).newest(),
            )
            work.webhooks.add(webhook)
            _record(work, "created", webhook)
            work.answer = {"webhook_id": webhook.id}
        return webhook, secret_of(webhook.salts.current, self._pepper)

    @repeatable
    def change_webhook(
        self,
        actor: Actor,
        webhook_id: str,
        changes: Mapping[str, Any],
        guard: AddressGuard,
        only_if: Callable[[Webhook], bool] | None = None,
    ) -> Webhook:
        """Change url, kinds, description, or state to active or paused; it goes on where it was.

        Operators may set the state to disabled as well: then it is theirs to set it to something else.
        """
        actor.require(scope=Scope.WEBHOOKS)
        actor.require(scope=Scope.READ)  # it is told what a reader sees
        with self._unit_of_work(actor) as work:
            webhook = own_webhook(work, actor, webhook_id, held=True)
            require(only_if, webhook)
            if "state" in changes:
                _require_may_set(actor, webhook, changes["state"])
            changed = replace(webhook, **changes)
            if "url" in changes:
                guard.require_url(changed.url)
            changed = replace(changed, kinds=_kinds(changed.kinds))
            if "state" in changes or "url" in changes:
                changed = replace(changed, failing_since=None)
            if changed.state is not WebhookState.DISABLED:
                changed = replace(changed, disabled_reason=None)
            elif "state" in changes:
                changed = replace(changed, disabled_reason=BY_OPERATOR)
            if changed != webhook:
                work.webhooks.write(changed)
                _record(work, "changed", changed, changed=sorted(changes))
                if changed.disabled_reason == BY_OPERATOR != webhook.disabled_reason:
                    _record(work, "disabled", changed, reason=BY_OPERATOR)
        return changed

    @repeatable
    def remove_webhook(self, actor: Actor, webhook_id: str, once: Once | None = None) -> Webhook:
        """It is told nothing more, for good."""
        actor.require(scope=Scope.WEBHOOKS)
        with self._unit_of_work(actor, once) as work:
            removed = replace(own_webhook(work, actor, webhook_id, held=True), state=WebhookState.REMOVED)
            work.webhooks.write(removed)
            _record(work, "removed", removed)
            work.answer = {"webhook_id": webhook_id}
        return removed

    @repeatable
    def rotate_webhook_secret(
        self, actor: Actor, webhook_id: str, once: Once | None = None
    ) -> tuple[Webhook, str]:
        """Another secret; what is sent in the next 24 hours is signed with the one before as well."""
        actor.require(scope=Scope.WEBHOOKS)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            webhook = own_webhook(work, actor, webhook_id, held=True)
            rotated = replace(webhook, salts=webhook.salts.rotated(new_salt(), now, SECRETS_OVERLAP))
            work.webhooks.write(rotated)
            _record(work, "secret_rotated", rotated)
            work.answer = {"webhook_id": webhook_id}
        return rotated, secret_of(rotated.salts.current, self._pepper)

    @repeatable
    def test_webhook(self, actor: Actor, webhook_id: str, once: Once | None = None) -> Webhook:
        """Something happens that this webhook alone is told of."""
        actor.require(scope=Scope.WEBHOOKS)
        with self._unit_of_work(actor, once) as work:
            webhook = own_webhook(work, actor, webhook_id, held=True)
            _require_active(webhook)
            _record(work, "tested", webhook)
            work.answer = {"webhook_id": webhook_id}
        return webhook

    @repeatable
    def replay_events(
        self, actor: Actor, webhook_id: str, after: int, until: int | None, once: Once | None = None
    ) -> Replay:
        """Deliver again what a webhook was told after one event, up to another; both by sequence."""
        actor.require(scope=Scope.WEBHOOKS)
        actor.require(scope=Scope.READ)  # it is told what a reader sees
        with self._unit_of_work(actor, once) as work:
            webhook = own_webhook(work, actor, webhook_id, held=True)
            _require_active(webhook)
            last = webhook.told_up_to if until is None else min(until, webhook.told_up_to)
            webhook = replace(webhook, replays=webhook.replays + 1)
            work.webhooks.write(webhook)
            count = self._add_again(work, webhook, after, last)
            _record(work, "replayed", webhook, deliveries=count)
            work.answer = {"webhook_id": webhook_id, "deliveries": count}
        return Replay(webhook, count)

    @repeatable
    def retry_delivery(
        self, actor: Actor, webhook_id: str, number: int, once: Once | None = None
    ) -> Delivery:
        """Try a delivery now that was given up, or that waits for its next try."""
        actor.require(scope=Scope.WEBHOOKS)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            webhook = own_webhook(work, actor, webhook_id)
            _require_active(webhook)
            delivery = own_delivery(work, webhook, number, held=True)
            if delivery.state is DeliveryState.DELIVERED:
                raise Conflict("delivered_already", "this was delivered: replay it if it is to be sent again")
            again = replace(delivery, state=DeliveryState.PENDING, next_attempt_at=now, tries=0)
            work.webhooks.write_delivery(again)
            _record(work, "retried", webhook, event_id=delivery.event_id)
            work.answer = {"delivery": number}
        return again

    def _add_again(self, work: UnitOfWork, webhook: Webhook, after: int, last: int) -> int:
        reader, wanted, count = EventReader(work.session), Wanted.of(webhook.kinds), 0
        waiting = work.webhooks.count_pending(webhook.id)
        while True:
            events = reader.after(after, READ_AT_ONCE, webhook.audience, wanted, until=last)
            count += len(events)
            if waiting + count > MOST_REPLAYED:
                raise InvalidInput(
                    "replay_too_long",
                    f"with {waiting:,} that wait already that is more than {MOST_REPLAYED:,} events: name an earlier "
                    "`until`, and replay in parts, each when the one before was delivered",
                )
            work.webhooks.add_deliveries(webhook.id, events, self.clock.now(), webhook.replays)
            if len(events) < READ_AT_ONCE:
                return count
            after = events[-1].sequence


def _kinds(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        require_pattern(pattern)
    return tuple(sorted(set(patterns)))


def _require_may_set(actor: Actor, webhook: Webhook, state: WebhookState) -> None:
    """Only an operator disables, and takes back what an operator disabled."""
    if actor.role is Role.OPERATOR:
        return
    if state is WebhookState.DISABLED:
        raise NotPermitted(
            "not_permitted", "only an operator disables a webhook: pause it, or remove it, instead"
        )
    if webhook.disabled_reason == BY_OPERATOR:
        raise Conflict(
            "webhook_disabled_by_operator",
            f"the operator disabled webhook {webhook.id}: ask them why, and to set it to active again",
        )


def _require_active(webhook: Webhook) -> None:
    if webhook.state is not WebhookState.ACTIVE:
        raise Conflict(
            "webhook_not_active",
            f"webhook {webhook.id} is {webhook.state.value}: set its state to active first",
        )


def _record(work: UnitOfWork, what: str, webhook: Webhook, **told: Any) -> None:
    tenant = tenant_of(webhook.role, webhook.organisation_id)
    work.events.record("webhook", what, webhook.id, **tenant, state=webhook.state.value, **told)
