"""API keys: whose they are, what they may be used for, and for how long."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from market.domain.events import EXCHANGE
from market.domain.members import SCOPES_OF_MEMBER, MemberRole
from market.domain.parties import SCOPES_OF_ROLE, Role
from market.domain.scopes import EVERYTHING, Scope

LENT = "demo session"
"""The name of keys that are lent for an hour to whoever looks at a demonstration."""


class KeyState(StrEnum):
    """A key is good until its time is over or somebody takes it back."""

    LIVE = "live"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as stored: never its secret, only hashes; `prefix` is how the secret begins, to tell keys apart by.

    After a rotation `previous_hash` is that of the secret before, which is good until `previous_until`.
    """

    id: str
    role: Role
    organisation_id: str | None
    secret_hash: str
    created_at: datetime
    name: str = ""
    prefix: str = ""
    member_id: str | None = None
    scopes: tuple[str, ...] = (EVERYTHING,)
    created_by: str = EXCHANGE
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    previous_hash: str | None = None
    previous_until: datetime | None = None

    def state(self, now: datetime) -> KeyState:
        """Whether it is good at a moment."""
        if self.revoked_at is not None:
            return KeyState.REVOKED
        over = self.expires_at is not None and self.expires_at <= now
        return KeyState.EXPIRED if over else KeyState.LIVE


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key with the role that its member has now; None: a service key, which is nobody's."""

    key: ApiKey
    member_role: MemberRole | None

    @property
    def scopes(self) -> frozenset[Scope]:
        """What it may be used for now: what it was given, of what its role and its member's still have."""
        return granted_scopes(self.key.scopes, scopes_open_to(self.key.role, self.member_role))


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with its secret, which is shown this once."""

    key: HeldKey
    secret: str


def scopes_open_to(role: Role, member_role: MemberRole | None) -> frozenset[Scope]:
    """All that a key of this role and member can have."""
    of_role = SCOPES_OF_ROLE[role]
    return of_role if member_role is None else of_role & SCOPES_OF_MEMBER[member_role]


def granted_scopes(given: Collection[str], open_to_it: frozenset[Scope]) -> frozenset[Scope]:
    """Those of the open ones that were given, by name or as everything."""
    return open_to_it if EVERYTHING in given else frozenset(s for s in open_to_it if s.value in given)
