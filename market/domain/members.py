"""Members: the people who act for an organisation, or for the operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from market.domain.scopes import EVERY_SCOPE, Scope


class MemberRole(StrEnum):
    """How much of an organisation's business a member does."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class MemberState(StrEnum):
    """Whoever is removed stays on record: the log names what they did."""

    ACTIVE = "active"
    REMOVED = "removed"


SCOPES_OF_MEMBER: Mapping[MemberRole, frozenset[Scope]] = {
    MemberRole.OWNER: EVERY_SCOPE,
    MemberRole.EDITOR: EVERY_SCOPE - {Scope.ACCESS},
    MemberRole.VIEWER: frozenset({Scope.READ}),
}
"""What a member's keys may have of what there is to do for its organisation."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person; `organisation_id` None: one of the operator's staff."""

    id: str
    organisation_id: str | None
    name: str
    email: str
    role: MemberRole
    state: MemberState
    created_at: datetime
