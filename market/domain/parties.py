"""Who takes part: providers, buyers, the operator, and who of them is asking."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from market.domain.errors import InvalidInput, NotPermitted
from market.domain.places import Provenance
from market.domain.scopes import EVERY_SCOPE, Scope


class Role(StrEnum):
    """What a key may do."""

    PROVIDER = "provider"
    BUYER = "buyer"
    OPERATOR = "operator"


SCOPES_OF_ROLE: Mapping[Role, frozenset[Scope]] = {
    Role.PROVIDER: frozenset({Scope.READ, Scope.OFFERINGS, Scope.ALLOCATIONS, Scope.WEBHOOKS, Scope.ACCESS}),
    Role.BUYER: frozenset({Scope.READ, Scope.ORDERS, Scope.WEBHOOKS, Scope.ACCESS}),
    Role.OPERATOR: EVERY_SCOPE,
}
"""What there is to do for a role; a key has some of it, or all."""


def tenant_of(role: Role, organisation_id: str | None) -> dict[str, Any]:
    """An organisation as events name tenants."""
    return {
        "buyer_id": organisation_id if role is Role.BUYER else None,
        "provider_id": organisation_id if role is Role.PROVIDER else None,
    }


@dataclass(frozen=True, slots=True)
class Provider:
    """An organisation that lists offerings."""

    id: str
    name_zh: str
    name_en: str
    kind: str
    home_region_id: str | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Buyer:
    """An organisation that submits orders."""

    id: str
    name_zh: str
    name_en: str
    kind: str
    home_region_id: str | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: the role, for providers and buyers the organisation, and what the key may be used for."""

    key_id: str
    role: Role
    organisation_id: str | None
    request_id: str | None = None
    scopes: frozenset[Scope] = EVERY_SCOPE
    member_id: str | None = None
    expires_at: datetime | None = None

    def require(self, *roles: Role, scope: Scope) -> None:
        """`NotPermitted` unless the role is one of these (any, where none is named) and the key has the scope."""
        if roles and self.role not in roles:
            allowed = " or ".join(role.value for role in roles)
            raise NotPermitted(
                "not_permitted", f"this needs a key with role {allowed}; yours is {self.role.value}"
            )
        if scope not in self.scopes:
            raise NotPermitted(
                "missing_scope",
                f"this needs a key with scope {scope.value}: ask an owner of your organisation for one",
                scope=scope.value,
            )

    def require_may_give(self, scopes: Collection[Scope]) -> None:
        """`NotPermitted` unless the key has all of these itself: nobody gives what they do not have."""
        lacking = [scope.value for scope in Scope if scope in scopes and scope not in self.scopes]
        if lacking:
            raise NotPermitted(
                "missing_scope",
                f"a key gives no more than it has, and yours lacks {', '.join(lacking)}: use one that has them",
                scope=lacking[0],
                scopes=lacking,
            )

    @property
    def sees_everything(self) -> bool:
        """Whether everybody's is shown, where others see what is public and their own."""
        return self.role is Role.OPERATOR and Scope.READ in self.scopes

    def rereading(self) -> "Actor":
        """The same, to be shown what it has just changed; without `read` it may not ask for more."""
        return replace(self, scopes=self.scopes | {Scope.READ})

    def organisation_or(self, named: str | None, what: Role) -> str:
        """The organisation acted for: one's own, or for the operator the one named in the request."""
        if self.role is Role.OPERATOR:
            if named is None:
                raise InvalidInput(f"missing_{what.value}", f"an operator must say {what.value}_id")
            return named
        if self.organisation_id is None or (named is not None and named != self.organisation_id):
            raise NotPermitted("not_permitted", f"a key acts for its own {what.value} only")
        return self.organisation_id
