"""The exchange itself, as clients need to know it."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.fields import Schema, example
from market.domain.policy import PricingRule

LIMITS: dict[str, Any] = {
    "orders_per_batch": 10000,
    "body_bytes": 8388608,
    "single_body_bytes": 262144,
    "items_per_page": 1000,
    "hours_per_round": 96,
}
EXCHANGE: dict[str, Any] = {
    "name": "Suanli Exchange 算力交易所",
    "version": "0.1.0",
    "api_version": "v1",
    "time_zone": "Asia/Shanghai",
    "demo_sessions": False,
    "round_every_seconds": 300.0,
    "next_round_at": "2025-07-16T16:05:00Z",
    "policy": "balanced",
    "pricing": "posted",
    "newest_round_id": "rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "newest_landed_round_id": "rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "limits": LIMITS,
}


class ClientLimits(Schema):
    """What one request may carry at most."""

    model_config = example(**LIMITS)

    orders_per_batch: int
    body_bytes: int = Field(description="Of a batch of orders.")
    single_body_bytes: int = Field(description="Of any other request.")
    items_per_page: int
    hours_per_round: int


class ExchangeAnswer(Schema):
    """What a client asks first."""

    model_config = example(**EXCHANGE)

    name: str
    version: str
    api_version: str
    time_zone: str = Field(
        description="IANA name of the zone of local hours: tariffs, free units by hour, bills."
    )
    demo_sessions: bool = Field(description="Whether `POST /v1/demo-sessions` gives out keys.")
    round_every_seconds: float | None = Field(
        description="How often rounds clear by themselves; null: when the operator asks for one."
    )
    next_round_at: datetime | None = Field(
        description="When the next one is due; null while one is clearing, and where none is."
    )
    policy: str = Field(description="Name of the policy in force.")
    pricing: PricingRule = Field(description="The pricing rule in force.")
    newest_round_id: str | None = Field(description="The round opened last, whatever its state.")
    newest_landed_round_id: str | None = Field(description="The round whose prices are in force.")
    limits: ClientLimits
