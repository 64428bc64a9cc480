"""Webhooks, and what is delivered to them, in one session."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, not_, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from market.domain.clock import rfc3339
from market.domain.events import Event
from market.domain.parties import Role
from market.domain.webhooks import (
    Attempt,
    Backlog,
    Delivery,
    DeliveryState,
    Salts,
    Webhook,
    WebhookState,
)
from market.persistence.holds import HeldName, hold_name
from market.persistence.paging import Page, PageRequest, read_page
from market.persistence.webhook_models import DeliveryRow, WebhookRow

DELIVERIES_LOCK = 0x4B44
"""Any number besides those of the other locks."""
MOST_ATTEMPTS_KEPT = 20


class WebhookStore:
    """Reads and writes webhooks and deliveries in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # Webhooks

    def add(self, webhook: Webhook) -> None:
        """Insert one."""
        self._session.execute(insert(WebhookRow), [_columns(webhook)])

    def write(self, webhook: Webhook) -> None:
        """Write one over what is stored, but for how far it was told: that is moved by `move_on` alone."""
        columns = _columns(webhook)
        del columns["told_up_to"]
        self._session.execute(update(WebhookRow).where(WebhookRow.id == webhook.id).values(**columns))

    def get(self, webhook_id: str, *, held: bool = False, removed: bool = False) -> Webhook | None:
        """One that was not removed, unless that is no matter; `held`: nobody else changes it meanwhile."""
        query = select(WebhookRow).where(WebhookRow.id == webhook_id)
        if not removed:
            query = query.where(WebhookRow.state != WebhookState.REMOVED)
        if held:
            query = query.with_for_update()
        row = self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else _read(row)

    def page(self, request: PageRequest, organisation_id: str | None) -> Page[Webhook]:
        """Those that were not removed, of one organisation if given."""
        query = select(WebhookRow).where(WebhookRow.state != WebhookState.REMOVED)
        if organisation_id is not None:
            query = query.where(WebhookRow.organisation_id == organisation_id)
        return read_page(self._session, query, WebhookRow.id, _read, request)

    def hold_count(self, organisation_id: str | None) -> None:
        """None is added for an organisation elsewhere before the end of this unit of work."""
        hold_name(self._session, HeldName.WEBHOOKS, organisation_id or "")

    def count(self, organisation_id: str | None) -> int:
        """How many an organisation has; None: the operator."""
        query = select(func.count()).where(
            WebhookRow.organisation_id.is_not_distinct_from(organisation_id),
            WebhookRow.state != WebhookState.REMOVED,
        )
        return self._session.scalar(query) or 0

    def active(self) -> tuple[Webhook, ...]:
        """All that are told of what happens, held: none is paused or removed meanwhile."""
        query = select(WebhookRow).where(WebhookRow.state == WebhookState.ACTIVE).order_by(WebhookRow.id)
        held = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        return tuple(_read(row) for row in self._session.scalars(held))

    def told_up_to(self) -> int | None:
        """How far every active one was told; None where there is none."""
        query = select(func.min(WebhookRow.told_up_to)).where(WebhookRow.state == WebhookState.ACTIVE)
        return self._session.scalar(query)

    def hold_fan_out(self) -> bool:
        """Whether no other process fans out now, nor will before the end of this unit of work."""
        if self._session.get_bind().dialect.name != "postgresql":
            return True
        taken = text("SELECT pg_try_advisory_xact_lock(:number)")
        return bool(self._session.scalar(taken, {"number": DELIVERIES_LOCK}))

    def move_on(self, gone_through_for: Iterable[Webhook], upto: int) -> None:
        """The log was gone through up to here for these; not for those that were made or resumed meanwhile."""
        ids = [webhook.id for webhook in gone_through_for]
        behind = update(WebhookRow).where(WebhookRow.id.in_(ids), WebhookRow.told_up_to < upto)
        self._session.execute(behind.values(told_up_to=upto), execution_options=_UNTOLD)

    # Deliveries

    def add_deliveries(self, webhook_id: str, events: Iterable[Event], now: datetime, replay: int = 0) -> int:
        """One for each event, due at once, in the events' order; how many."""
        rows = [
            {
                "webhook_id": webhook_id,
                "sequence": event.sequence,
                "replay": replay,
                "kind": event.kind,
                "resource": event.resource,
                "resource_id": event.resource_id,
                "state": DeliveryState.PENDING,
                "created_at": now,
                "next_attempt_at": now,
                "tries": 0,
                "attempts": [],
            }
            for event in events
        ]
        if rows:
            self._session.execute(insert(DeliveryRow), rows)
        return len(rows)

    def delivery(self, number: int, *, held: bool = False) -> Delivery | None:
        """One; `held`: nobody else changes it meanwhile."""
        query = select(DeliveryRow).where(DeliveryRow.number == number)
        if held:
            query = query.with_for_update()
        row = self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else _read_delivery(row)

    def page_deliveries(
        self, webhook_id: str, request: PageRequest, state: DeliveryState | None = None
    ) -> Page[Delivery]:
        """Those of a webhook, in one state if given."""
        query = select(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id)
        if state is not None:
            query = query.where(DeliveryRow.state == state)
        return read_page(self._session, query, DeliveryRow.number, _read_delivery, request)

    def count_pending(self, webhook_id: str) -> int:
        """How many wait to be delivered to a webhook."""
        query = select(func.count()).where(
            DeliveryRow.webhook_id == webhook_id, DeliveryRow.state == DeliveryState.PENDING
        )
        return self._session.scalar(query) or 0

    def take(self, webhook_id: str, most: int, now: datetime, until: datetime) -> tuple[Delivery, ...]:
        """Deliveries that are due, the first of each resource only; nobody else takes them before `until`."""
        query = _in_turn(now).where(DeliveryRow.webhook_id == webhook_id).order_by(DeliveryRow.number)
        found = self._session.scalars(query.limit(most).with_for_update(skip_locked=True, of=DeliveryRow))
        taken = tuple(_read_delivery(row) for row in found)
        if taken:
            numbers = [one.number for one in taken]
            statement = update(DeliveryRow).where(DeliveryRow.number.in_(numbers))
            self._session.execute(statement.values(taken_until=until), execution_options=_UNTOLD)
        return taken

    def write_delivery(self, delivery: Delivery) -> None:
        """Write how it went, and let go of it."""
        attempts = [_told(attempt) for attempt in delivery.attempts[-MOST_ATTEMPTS_KEPT:]]
        statement = update(DeliveryRow).where(DeliveryRow.number == delivery.number)
        columns = {
            "state": delivery.state,
            "next_attempt_at": delivery.next_attempt_at,
            "tries": delivery.tries,
            "attempts": attempts,
            "delivered_at": delivery.delivered_at,
            "taken_until": None,
        }
        self._session.execute(statement.values(**columns), execution_options=_UNTOLD)

    def due(self, now: datetime) -> tuple[str, ...]:
        """Active webhooks with a delivery that could be sent now: due, in its turn, and taken by nobody."""
        waiting = _in_turn(now).where(DeliveryRow.webhook_id == WebhookRow.id)
        query = select(WebhookRow.id).where(WebhookRow.state == WebhookState.ACTIVE, waiting.exists())
        return tuple(self._session.scalars(query))

    def forget_deliveries(self, before: datetime, most: int) -> int:
        """Remove deliveries noted before a moment that have ended, or whose webhook is removed; how many."""
        removed = select(WebhookRow.id).where(WebhookRow.state == WebhookState.REMOVED)
        of_nobody = DeliveryRow.webhook_id.in_(removed)
        left = most
        for state in DeliveryState:
            old = select(DeliveryRow.number).where(
                DeliveryRow.state == state, DeliveryRow.created_at < before
            )
            if state is DeliveryState.PENDING:
                old = old.where(of_nobody)
            numbers = self._session.scalars(old.order_by(DeliveryRow.created_at).limit(left)).all()
            if numbers:
                gone = delete(DeliveryRow).where(DeliveryRow.number.in_(numbers))
                self._session.execute(gone, execution_options=_UNTOLD)
            left -= len(numbers)
        return most - left

    def backlog(self) -> Backlog:
        """What waits to be delivered to active webhooks."""
        query = (
            select(func.count(), func.min(DeliveryRow.created_at))
            .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
            .where(DeliveryRow.state == DeliveryState.PENDING, WebhookRow.state == WebhookState.ACTIVE)
        )
        pending, oldest = self._session.execute(query).one()
        return Backlog(pending, oldest)


_UNTOLD: Mapping[str, Any] = {"synchronize_session": False}


def _in_turn(now: datetime) -> Select[DeliveryRow]:
    """Due, free, and with no earlier one of the same resource before it."""
    earlier = aliased(DeliveryRow)
    blocked = select(earlier.number).where(
        earlier.webhook_id == DeliveryRow.webhook_id,
        earlier.state == DeliveryState.PENDING,
        earlier.resource == DeliveryRow.resource,
        earlier.resource_id == DeliveryRow.resource_id,
        earlier.number < DeliveryRow.number,
    )
    return select(DeliveryRow).where(
        DeliveryRow.state == DeliveryState.PENDING,
        DeliveryRow.next_attempt_at <= now,
        or_(DeliveryRow.taken_until.is_(None), DeliveryRow.taken_until <= now),
        not_(blocked.exists()),
    )


def _columns(webhook: Webhook) -> dict[str, Any]:
    columns = asdict(webhook)
    salts = columns.pop("salts")
    return columns | {
        "kinds": list(webhook.kinds),
        "salt": salts["current"],
        "previous_salt": salts["previous"],
        "previous_until": salts["previous_until"],
    }


def _read(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        role=Role(row.role),
        organisation_id=row.organisation_id,
        url=row.url,
        kinds=tuple(row.kinds),
        description=row.description,
        state=WebhookState(row.state),
        salts=Salts(row.salt, row.previous_salt, row.previous_until),
        created_at=row.created_at,
        created_by=row.created_by,
        told_up_to=row.told_up_to,
        replays=row.replays,
        failing_since=row.failing_since,
        disabled_reason=row.disabled_reason,
    )


def _read_delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        number=row.number,
        webhook_id=row.webhook_id,
        sequence=row.sequence,
        replay=row.replay,
        kind=row.kind,
        resource=row.resource,
        resource_id=row.resource_id,
        state=DeliveryState(row.state),
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        tries=row.tries,
        attempts=tuple(_attempt(told) for told in row.attempts),
        delivered_at=row.delivered_at,
    )


def _told(attempt: Attempt) -> dict[str, Any]:
    return asdict(attempt) | {"at": rfc3339(attempt.at)}


def _attempt(told: Mapping[str, Any]) -> Attempt:
    return Attempt(**{**told, "at": datetime.fromisoformat(told["at"])})
