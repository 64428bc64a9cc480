"""The tables of webhooks and of what is delivered to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.persistence.models import Base


class WebhookRow(Base):
    """`Webhook`. Of its secrets only salts are kept: what signs is made from them and the exchange's pepper."""

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'paused', 'disabled', 'removed')", name="state"),
        CheckConstraint("role IN ('operator', 'provider', 'buyer')", name="role"),
        Index("ix_webhooks_organisation_id_id", "organisation_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    organisation_id: Mapped[str | None]
    url: Mapped[str]
    kinds: Mapped[list[str]]
    description: Mapped[str]
    state: Mapped[str]
    salt: Mapped[str]
    previous_salt: Mapped[str | None]
    previous_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    told_up_to: Mapped[int]
    replays: Mapped[int]
    failing_since: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]


class DeliveryRow(Base):
    """`Delivery`: an event is delivered to a webhook once, and once more for each replay."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "sequence", "replay"),
        CheckConstraint("state IN ('pending', 'delivered', 'given_up')", name="state"),
        CheckConstraint("(next_attempt_at IS NOT NULL) = (state = 'pending')", name="next_attempt"),
        Index("ix_webhook_deliveries_due", "state", "next_attempt_at", "webhook_id"),
        Index("ix_webhook_deliveries_ended", "state", "created_at"),
        Index("ix_webhook_deliveries_in_turn", "webhook_id", "state", "resource", "resource_id", "number"),
        {"sqlite_autoincrement": True},
    )
    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id"))
    sequence: Mapped[int] = mapped_column(BigInteger, ForeignKey("events.sequence"))
    replay: Mapped[int]
    kind: Mapped[str]
    resource: Mapped[str]
    resource_id: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime | None]
    taken_until: Mapped[datetime | None]
    tries: Mapped[int]
    attempts: Mapped[list[Any]]
    delivered_at: Mapped[datetime | None]
