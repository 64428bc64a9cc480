"""Demo sessions: a key for an hour."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.fields import Schema, example
from market.domain.keys import IssuedKey
from market.domain.parties import Role
from market.domain.scopes import Scope

SESSION: dict[str, Any] = {
    "api_key": "suanli_buyer_3q2xExampleExampleExampleExampleExampleExa",
    "key_id": "key_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "role": "buyer",
    "organisation_id": "buy_0001",
    "scopes": ["read", "orders:write"],
    "expires_at": "2025-07-16T09:00:00Z",
}


class DemoSessionRequest(Schema):
    """As whom to look around."""

    model_config = example(role="buyer")

    role: Annotated[Role, Field(strict=False)]


class DemoSessionAnswer(Schema):
    """A key that ends by itself."""

    model_config = example(**SESSION)

    api_key: str = Field(description="Send it as `Authorization: Bearer …`; it is shown this once.")
    key_id: str
    role: Role
    organisation_id: str | None = Field(description="Whose market it shows; null for the operator's.")
    scopes: list[Scope]
    expires_at: datetime

    @classmethod
    def of(cls, issued: IssuedKey) -> "DemoSessionAnswer":
        """The key with its secret."""
        key = issued.key.key
        return cls.model_validate(
            {
                "api_key": issued.secret,
                "key_id": key.id,
                "role": key.role,
                "organisation_id": key.organisation_id,
                "scopes": [scope for scope in Scope if scope in issued.key.scopes],
                "expires_at": key.expires_at,
            }
        )
