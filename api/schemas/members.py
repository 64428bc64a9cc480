"""Members: the people who act for an organisation."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from api.schemas.fields import NO_DEFAULT, PageQuery, Reference, Schema, Words, example
from market.desks.members import NewMember
from market.domain.members import Member, MemberRole, MemberState

ROLE = (
    "`owner`: everything of the organisation's role. `editor`: all but members and keys. `viewer`: reads. It bounds what "
    "the member's keys may have."
)
LI: dict[str, Any] = {"name": "李明 Li Ming", "email": "li.ming@lab.example", "role": "editor"}
MEMBER: dict[str, Any] = {
    "id": "mem_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "organisation_id": "buy_lab",
    **LI,
    "state": "active",
    "created_at": "2025-07-16T08:00:00Z",
}

Email = Annotated[
    str,
    StringConstraints(pattern=r"^[^@\s\u0085\uFEFF]{1,64}@[^@\s\u0085\uFEFF]{1,189}$"),
    Field(description="Where the person can be reached; nothing is sent there by the exchange."),
]
RoleOfMember = Annotated[MemberRole, Field(strict=False, description=ROLE)]


class MemberRequest(Schema):
    """Who is to act for an organisation."""

    model_config = example(**LI, organisation_id=None)

    name: Words
    email: Email
    role: RoleOfMember
    organisation_id: Reference | None = Field(
        None, description="Operators: whose member; null for their own staff. Others: their own, or left out."
    )

    def member(self) -> NewMember:
        """The market's noun."""
        return NewMember(self.name, self.email, self.role, self.organisation_id)


class MemberChanges(Schema):
    """What is to be different. What is left out stays."""

    model_config = example(role="viewer")

    name: Words = Field(default="", json_schema_extra=NO_DEFAULT)
    email: Email = Field(default="", json_schema_extra=NO_DEFAULT)
    role: RoleOfMember = Field(default=MemberRole.VIEWER, json_schema_extra=NO_DEFAULT)

    def changes(self) -> dict[str, Any]:
        """Fields that were sent."""
        return self.model_dump(include=self.model_fields_set)


class MemberAnswer(Schema):
    """A member. `organisation_id` null: one of the operator's staff."""

    model_config = example(**MEMBER)

    id: str
    organisation_id: str | None
    name: str
    email: str
    role: MemberRole = Field(description=ROLE)
    state: MemberState
    created_at: datetime

    @classmethod
    def of(cls, member: Member) -> "MemberAnswer":
        """What a member looks like from outside."""
        return cls(**{name: getattr(member, name) for name in cls.model_fields})


class MembersQuery(PageQuery):
    """Which members."""

    organisation_id: Reference | None = Field(None, description="Operators: only those of this organisation.")
