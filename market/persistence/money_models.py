"""The tables of money and of promises: accounts, transfers, voucher pools, held quotes, forecasts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from market.persistence.models import Base


class AccountRow(Base):
    """`Account`: sums of its transfers, kept with them in one transaction."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('buyer', 'escrow', 'provider', 'voucher', 'fee', 'make_whole', 'outside')", name="kind"
        ),
        CheckConstraint("debits_micros >= 0 AND credits_micros >= 0", name="sums"),
        CheckConstraint(
            "least_micros IS NULL OR credits_micros - debits_micros >= least_micros", name="least"
        ),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    owner_id: Mapped[str | None] = mapped_column(index=True)
    least_micros: Mapped[int | None]
    debits_micros: Mapped[int]
    credits_micros: Mapped[int]


class TransferRow(Base):
    """`Transfer`: never changed, never removed."""

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("amount_micros > 0", name="amount"),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_sides"),
        Index("ix_transfers_debit_account_id_id", "debit_account_id", "id"),
        Index("ix_transfers_round_id_id", "round_id", "id"),
        Index("ix_transfers_credit_account_id_id", "credit_account_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    debit_account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    credit_account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    amount_micros: Mapped[int]
    at: Mapped[datetime]
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"), index=True)
    allocation_id: Mapped[str | None] = mapped_column(ForeignKey("allocations.id"), index=True)
    round_id: Mapped[str | None] = mapped_column(ForeignKey("rounds.id"))
    hour: Mapped[datetime | None]


class VoucherPoolRow(Base):
    """`VoucherPool`."""

    __tablename__ = "voucher_pools"
    __table_args__ = (CheckConstraint("cap_micros_per_year > 0", name="cap"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    rate_by_class: Mapped[dict[str, Any]]
    cap_micros_per_year: Mapped[int]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    eligible_providers: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    related_parties: Mapped[list[Any]]


class HeldQuoteRow(Base):
    """`HeldQuote`."""

    __tablename__ = "held_quotes"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'used', 'lapsed')", name="state"),
        Index("ix_held_quotes_state_expires_at", "state", "expires_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    buyer_id: Mapped[str] = mapped_column(ForeignKey("buyers.id"))
    offering_id: Mapped[str] = mapped_column(ForeignKey("offerings.id"))
    node_id: Mapped[str] = mapped_column(ForeignKey("nodes.id"))
    units: Mapped[int]
    unit_tenths: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ask_micros_per_unit_hour: Mapped[int]
    price_micros: Mapped[int]
    offering_version: Mapped[int]
    expires_at: Mapped[datetime]
    state: Mapped[str]
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"))


class ForecastRow(Base):
    """`Forecast`."""

    __tablename__ = "forecasts"
    __table_args__ = (
        CheckConstraint("rank_share BETWEEN 0 AND 1", name="rank_share"),
        CheckConstraint("basis IN ('prior', 'history')", name="basis"),
        Index("ix_forecasts_hit_made_at", "hit", "made_at"),
        Index("ix_forecasts_made_at", "made_at"),
    )
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    made_at: Mapped[datetime] = mapped_column(primary_key=True)
    earliest: Mapped[datetime]
    latest: Mapped[datetime | None]
    rank_share: Mapped[float]
    basis: Mapped[str]
    matched_at: Mapped[datetime | None]
    hit: Mapped[bool | None]
    waited_rounds: Mapped[int | None]
