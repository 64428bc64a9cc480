"""What can be asked of keys and members. Each organisation sees its own; the operator sees all."""

from dataclasses import replace

from market.access.key_uses import KeyUses
from market.access.tenancy import own_key, own_member
from market.domain.errors import NotFound, NotPermitted
from market.domain.keys import HeldKey
from market.domain.members import Member
from market.domain.parties import Actor, Role
from market.domain.scopes import Scope
from market.persistence.database import Database
from market.persistence.paging import Page, PageRequest
from market.persistence.store import Store


class AccessEnquiries:
    """Read-only desk. Safe between threads: each call has a session of its own."""

    def __init__(self, database: Database, uses: KeyUses) -> None:
        """`uses` is what is not stored yet of when keys were used."""
        self._database = database
        self._uses = uses

    def members(self, actor: Actor, request: PageRequest, organisation_id: str | None = None) -> Page[Member]:
        """One's own colleagues; for the operator everybody, or those of one organisation, paged."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            return Store(session).members.page(request, _whose(actor, organisation_id))

    def member(self, actor: Actor, member_id: str) -> Member:
        """One member; `NotFound` also for another organisation's."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            return own_member(Store(session), actor, member_id)

    def keys(
        self,
        actor: Actor,
        request: PageRequest,
        organisation_id: str | None = None,
        member_id: str | None = None,
    ) -> Page[HeldKey]:
        """One's own organisation's keys; for the operator all of them, or those of one organisation, paged."""
        actor.require(scope=Scope.READ)
        filters = {"organisation_id": _whose(actor, organisation_id), "member_id": member_id}
        with self._database.reading() as session:
            page = Store(session).keys.page(request, filters)
        return Page(tuple(self._as_used(held) for held in page.items), page.next_cursor)

    def key(self, actor: Actor, key_id: str) -> HeldKey:
        """One key; `NotFound` also for another organisation's."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            return self._as_used(own_key(Store(session), actor, key_id))

    def current_key(self, actor: Actor) -> HeldKey:
        """The key that asks; whatever its scopes, it may know itself."""
        with self._database.reading() as session:
            found = Store(session).keys.get(actor.key_id)
        if found is None:
            raise NotFound("not_found", f"no key {actor.key_id}")
        return self._as_used(found)

    def _as_used(self, held: HeldKey) -> HeldKey:
        last = self._uses.newest(held.key.id, held.key.last_used_at)
        return replace(held, key=replace(held.key, last_used_at=last))


def _whose(actor: Actor, named: str | None) -> str | None:
    """The organisation to show; None: all of them."""
    if actor.role is Role.OPERATOR:
        return named
    if named not in {None, actor.organisation_id}:
        raise NotPermitted("not_permitted", "a key sees its own organisation only: leave organisation_id out")
    return actor.organisation_id
