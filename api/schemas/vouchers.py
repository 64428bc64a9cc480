"""Voucher pools."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.fields import Cny, CnyText, Moment, Reference, Schema, Words, example
from market.domain.devices import ComputeClass
from market.domain.money import format_cny
from market.domain.vouchers import VoucherPool
from market.settlement.enquiries import PoolAndBalance

NOT_YET = "vpl_not_yet_created"
Rate = Annotated[float, Field(gt=0, le=1)]
Rates = Annotated[
    dict[Annotated[ComputeClass, Field(strict=False)], Rate],
    Field(min_length=1, description="The share of an hour's charge that the pool pays, by compute class."),
]
PAIR = {"buyer_id": "buy_0001", "provider_id": "prv_0062"}
RULES: dict[str, Any] = {
    "issuer": "杭州市",
    "rate_by_class": {"gpu": 0.3, "general": 0.2},
    "cap_per_year": "8000000.00",
    "valid_from": "2025-01-01T00:00:00Z",
    "valid_until": "2026-01-01T00:00:00Z",
    "eligible_providers": None,
    "related_parties": [PAIR],
}


class RelatedParties(Schema):
    """A buyer and a provider between whom a pool pays nothing."""

    model_config = example(**PAIR)

    buyer_id: Reference
    provider_id: Reference


class VoucherPoolRequest(Schema):
    """A public pool and its rules."""

    model_config = example(**RULES, funds="50000000.00") | {
        "json_schema_extra": {
            "examples": [{**RULES, "funds": "50000000.00"}, {**RULES, "eligible_providers": ["prv_0062"]}]
        }
    }

    issuer: Words
    rate_by_class: Rates
    cap_per_year: Cny = Field(description="Most that one buyer gets for hours of a calendar year.")
    valid_from: Moment
    valid_until: Moment
    eligible_providers: Annotated[list[Reference], Field(fail_fast=True)] | None = Field(
        None, description="Null: all."
    )
    related_parties: Annotated[list[RelatedParties], Field(fail_fast=True)] = Field(default=[])
    funds: Cny = Field("0.00", description="Money to begin with; deposits add to it.", validate_default=True)

    def pool(self) -> VoucherPool:
        """The market's noun; the exchange gives it its id."""
        return VoucherPool(
            id=NOT_YET,
            issuer=self.issuer,
            rate_by_class=self.rate_by_class,
            cap_micros_per_year=self.cap_per_year,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            eligible_providers=None if self.eligible_providers is None else tuple(self.eligible_providers),
            related_parties=tuple((pair.buyer_id, pair.provider_id) for pair in self.related_parties),
        )


class VoucherPoolAnswer(Schema):
    """A pool, its rules, and what is left in it."""

    model_config = example(
        id="vpl_01k0a1b2c3d4e5f6g7h8j9kmnp",
        account_id="acc_vpl_01k0a1b2c3d4e5f6g7h8j9kmnp",
        **RULES,
        left="49999987.40",
    )

    id: str
    account_id: str
    issuer: str
    rate_by_class: dict[ComputeClass, float]
    cap_per_year: CnyText
    valid_from: datetime
    valid_until: datetime
    eligible_providers: list[str] | None
    related_parties: list[RelatedParties] = Field(
        description="All for the operator; for others the pairs that they are part of."
    )
    left: CnyText

    @classmethod
    def of(cls, found: PoolAndBalance) -> "VoucherPoolAnswer":
        """What a pool looks like from outside."""
        pool = found.pool
        return cls(
            id=pool.id,
            account_id=found.account_id,
            issuer=pool.issuer,
            rate_by_class=dict(pool.rate_by_class),
            cap_per_year=format_cny(pool.cap_micros_per_year),
            valid_from=pool.valid_from,
            valid_until=pool.valid_until,
            eligible_providers=None if pool.eligible_providers is None else list(pool.eligible_providers),
            related_parties=[
                RelatedParties(buyer_id=buyer, provider_id=provider)
                for buyer, provider in pool.related_parties
            ],
            left=format_cny(found.left_micros),
        )
