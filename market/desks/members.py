"""Members: added, changed, removed. An organisation that has owners keeps one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from market.access.tenancy import organisation_meant, own_member, role_of
from market.conditions import require
from market.desks.desk import Desk, UnitOfWork
from market.desks.repeating import repeatable
from market.domain.errors import Conflict
from market.domain.keys import scopes_open_to
from market.domain.members import Member, MemberRole, MemberState
from market.domain.parties import Actor, tenant_of
from market.domain.scopes import Scope
from market.idempotency import Once


@dataclass(frozen=True, slots=True)
class NewMember:
    """A member as it is asked for. Operators say whose, None is their own."""

    name: str
    email: str
    role: MemberRole
    organisation_id: str | None = None


class MemberDesk(Desk):
    """Keeps the list of who acts for an organisation, or for the operator."""

    @repeatable
    def add_member(self, actor: Actor, asked: NewMember, once: Once | None = None) -> Member:
        """Add a member under a fresh id; nobody makes an owner who could not do an owner's work."""
        actor.require(scope=Scope.ACCESS)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            role, organisation_id = organisation_meant(work, actor, asked.organisation_id)
            actor.require_may_give(scopes_open_to(role, asked.role))
            id_, active = self._ids.new("mem", now), MemberState.ACTIVE
            member = Member(id_, organisation_id, asked.name, asked.email, asked.role, active, now)
            work.members.add(member, tenant_of(role, organisation_id))
            work.answer = {"member_id": member.id}
        return member

    @repeatable
    def change_member(
        self,
        actor: Actor,
        member_id: str,
        changes: Mapping[str, Any],
        only_if: Callable[[Member], bool] | None = None,
    ) -> Member:
        """Change name, email or role; another role holds for the member's keys from their next request on."""
        actor.require(scope=Scope.ACCESS)
        with self._unit_of_work(actor) as work:
            member = own_member(work, actor, member_id, held=True)
            require(only_if, member)
            if member.state is MemberState.REMOVED:
                raise Conflict("member_removed", f"member {member_id} was removed: add a new one")
            changed = replace(member, **changes)
            if changed.role is not member.role:
                role = role_of(work, member.organisation_id)
                actor.require_may_give(scopes_open_to(role, changed.role) - scopes_open_to(role, member.role))
            if changed.role is not MemberRole.OWNER:
                _require_another_owner(work, member)
            if changed != member:
                work.members.replace(changed, _tenant(work, member))
        return changed

    @repeatable
    def remove_member(self, actor: Actor, member_id: str, once: Once | None = None) -> Member:
        """A member acts no more: its keys are revoked; who is removed stays so."""
        actor.require(scope=Scope.ACCESS)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            member = own_member(work, actor, member_id, held=True)
            work.answer = {"member_id": member_id}
            if member.state is MemberState.REMOVED:
                return member
            _require_another_owner(work, member)
            removed = replace(member, state=MemberState.REMOVED)
            work.members.replace(removed, _tenant(work, member))
            for key in work.keys.unrevoked_of(member_id):
                work.keys.revoke(key, now)
        return removed


def _require_another_owner(work: UnitOfWork, leaving: Member) -> None:
    if leaving.role is MemberRole.OWNER and work.members.count_owners(leaving.organisation_id) == 1:
        raise Conflict(
            "last_owner",
            f"{leaving.id} is the last owner: make somebody else an owner first",
            member_id=leaving.id,
        )


def _tenant(work: UnitOfWork, member: Member) -> Mapping[str, Any]:
    return tenant_of(role_of(work, member.organisation_id), member.organisation_id)
