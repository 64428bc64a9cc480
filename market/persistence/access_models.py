"""The tables of who may come in, and of what they were answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.persistence.models import Base


class MemberRow(Base):
    """`Member`: a person who acts for an organisation, or for the operator where it names none."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'editor', 'viewer')", name="role"),
        CheckConstraint("state IN ('active', 'removed')", name="state"),
        Index("ix_members_organisation_id_id", "organisation_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[str | None]
    name: Mapped[str]
    email: Mapped[str]
    role: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]


class ApiKeyRow(Base):
    """`ApiKey`: the hashes of a key's secrets, never a secret."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("secret_hash"),
        UniqueConstraint("previous_hash"),
        Index("ix_api_keys_member_id", "member_id"),
        Index("ix_api_keys_organisation_id_id", "organisation_id", "id"),
        Index("ix_api_keys_expires_at", "expires_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    organisation_id: Mapped[str | None]
    secret_hash: Mapped[str]
    created_at: Mapped[datetime]
    name: Mapped[str]
    prefix: Mapped[str]
    member_id: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    scopes: Mapped[list[str]]
    created_by: Mapped[str]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    previous_hash: Mapped[str | None]
    previous_until: Mapped[datetime | None]


class AnswerRow(Base):
    """The answer given to an idempotency key, stored with the change it answers."""

    __tablename__ = "answers"
    __table_args__ = (Index("ix_answers_answered_at", "answered_at"),)
    client: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    answer: Mapped[dict[str, Any]]
    answered_at: Mapped[datetime]
