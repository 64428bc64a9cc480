"""API keys as they are asked for and shown: the secret once, ever after only how it begins."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.fields import Moment, PageQuery, Reference, Schema, Words, example
from market.desks.keys import LONGEST_OVERLAP_MINUTES, KeyRequest
from market.domain.keys import HeldKey, IssuedKey, KeyState
from market.domain.parties import Role
from market.domain.scopes import EVERYTHING, Scope

SHOWN_ONCE = "The secret was shown in the first answer and is not kept; rotate the key for another one."
ASKED: dict[str, Any] = {
    "name": "nightly batch",
    "scopes": ["read", "orders:write"],
    "member_id": None,
    "expires_at": "2025-12-31T16:00:00Z",
}
KEY: dict[str, Any] = {
    "id": "key_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "name": "nightly batch",
    "prefix": "suanli_buyer_3q2x",
    "role": "buyer",
    "organisation_id": "buy_lab",
    "member_id": None,
    "scopes": ["read", "orders:write"],
    "effective_scopes": ["read", "orders:write"],
    "state": "live",
    "created_at": "2025-07-16T08:00:00Z",
    "created_by": "key_01k0a1b2c3d4e5f6g7h8j9kmn0",
    "expires_at": "2025-12-31T16:00:00Z",
    "revoked_at": None,
    "last_used_at": "2025-07-16T09:30:00Z",
    "previous_secret_until": None,
}
ISSUED: dict[str, Any] = {
    **KEY,
    "secret": "suanli_buyer_3q2xExampleExampleExampleExampleExampleExa",
    "note": None,
}

GivenScope = Annotated[Scope, Field(strict=False)] | Literal["*"]


class NewKeyRequest(Schema):
    """A key for a service, or for a member."""

    model_config = example(**ASKED, organisation_id=None)

    name: Words = Field(description="What it is for: so that somebody dares to revoke it later.")
    scopes: list[GivenScope] = Field(
        min_length=1,
        max_length=20,
        description="Areas it may be used for, of those that the issuing key has; `*` for all of its role, and of its "
        "member's.",
    )
    member_id: Reference | None = Field(None, description="Whose; null: a service's, which is nobody's.")
    expires_at: Moment | None = Field(
        None, description="Good until then; null: until it is revoked. No later than the issuing key."
    )
    organisation_id: Reference | None = Field(
        None, description="Operators: for whom; null for an operator's key. Others: their own, or left out."
    )

    def key(self) -> KeyRequest:
        """The market's noun."""
        return KeyRequest(
            name=self.name,
            scopes=tuple(str(scope) for scope in self.scopes),
            organisation_id=self.organisation_id,
            member_id=self.member_id,
            expires_at=self.expires_at,
        )


class RotationRequest(Schema):
    """How the old secret ends."""

    model_config = example(overlap_minutes=60)

    overlap_minutes: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_MINUTES)] = Field(
        0, description="Minutes in which the old secret is good as well; 0 ends it at once."
    )


class KeyAnswer(Schema):
    """A key without its secret."""

    model_config = example(**KEY)

    id: str
    name: str
    prefix: str = Field(
        description="How the secret begins, to tell keys apart by; empty for keys older than this."
    )
    role: Role
    organisation_id: str | None = Field(description="Null: the operator's.")
    member_id: str | None = Field(description="Null: a service's.")
    scopes: list[str] = Field(description=f"As given; `{EVERYTHING}`: all of its role, and of its member's.")
    effective_scopes: list[Scope] = Field(
        description="What it may be used for now, as its member's role is now."
    )
    state: KeyState
    created_at: datetime
    created_by: str = Field(description="The key that issued it, or `exchange`.")
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(
        description="Null: never. Several servers of one exchange know each other's uses within a minute."
    )
    previous_secret_until: datetime | None = Field(
        description="The secret before is good until then; null: there is none any more."
    )

    @classmethod
    def of(cls, held: HeldKey, now: datetime) -> "KeyAnswer":
        """What a key looks like from outside."""
        return cls(**_fields(held, now))


class IssuedKeyAnswer(KeyAnswer):
    """A key with its secret, which is shown this once."""

    model_config = example(**ISSUED)

    secret: str | None = Field(
        description="Shown this once. Null where the request is a repetition under its idempotency key."
    )
    note: str | None = Field(description="Why there is no secret, where there is none.")

    @classmethod
    def shown(cls, issued: IssuedKey, now: datetime) -> "IssuedKeyAnswer":
        """The one answer that has the secret."""
        return cls(**_fields(issued.key, now), secret=issued.secret, note=None)

    @classmethod
    def again(cls, held: HeldKey, now: datetime) -> "IssuedKeyAnswer":
        """The answer to a repetition."""
        return cls(**_fields(held, now), secret=None, note=SHOWN_ONCE)


class KeysQuery(PageQuery):
    """Which keys."""

    organisation_id: Reference | None = Field(None, description="Operators: only those of this organisation.")
    member_id: Reference | None = Field(None, description="Only those of this member.")


def _fields(held: HeldKey, now: datetime) -> dict[str, Any]:
    key = held.key
    overlaps = key.previous_until is not None and key.previous_until > now
    live = key.state(now) is KeyState.LIVE
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "role": key.role,
        "organisation_id": key.organisation_id,
        "member_id": key.member_id,
        "scopes": list(key.scopes),
        "effective_scopes": [scope for scope in Scope if scope in held.scopes],
        "state": key.state(now),
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
        "previous_secret_until": key.previous_until if overlaps and live else None,
    }
