"""Keys: issued, rotated, revoked, and recognised when somebody comes with one.

Nobody gives what they do not have: neither a scope, nor a longer life.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from market.access.key_uses import KeyUses
from market.access.keys import hash_secret, new_secret, prefix_of, same_hash
from market.access.tenancy import member_meant, organisation_meant, own_key
from market.desks.desk import Desk, UnitOfWork
from market.desks.repeating import repeatable
from market.domain.clock import Clock, rfc3339
from market.domain.errors import Conflict, InvalidInput, NotAuthenticated, NotPermitted
from market.domain.keys import ApiKey, HeldKey, IssuedKey, KeyState, granted_scopes, scopes_open_to
from market.domain.members import Member
from market.domain.parties import Actor, Role
from market.domain.scopes import EVERYTHING, Scope
from market.idempotency import Once
from market.persistence.database import Database
from market.persistence.key_store import key_by_hash

LONGEST_OVERLAP_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key as it is asked for. Without a member it is a service's; operators say whose, None is their own."""

    name: str
    scopes: tuple[str, ...] = (EVERYTHING,)
    organisation_id: str | None = None
    member_id: str | None = None
    expires_at: datetime | None = None


class KeyDesk(Desk):
    """Issues keys and recognises them."""

    def __init__(self, database: Database, clock: Clock, pepper: str = "") -> None:
        super().__init__(database, clock)
        self._pepper = pepper
        self.key_uses = KeyUses()

    def authenticate(self, secret: str) -> Actor:
        """Who holds this key; `NotAuthenticated` if nobody does, or it is good no more.

        Asked anew each time: a key that was revoked, or whose member lost a role, is so from the next request on.
        """
        presented, now = hash_secret(secret, self._pepper), self.clock.now()
        with self.database.asking() as connection:
            held = key_by_hash(connection, presented)
        if held is None:
            raise NotAuthenticated("unknown_key", "this API key is not known here")
        _require_good(held.key, presented, now)
        key = held.key
        self.key_uses.note(key.id, now)
        return Actor(
            key.id,
            key.role,
            key.organisation_id,
            scopes=held.scopes,
            member_id=key.member_id,
            expires_at=_good_until(key, presented),
        )

    @repeatable
    def issue(self, actor: Actor, asked: KeyRequest, once: Once | None = None) -> IssuedKey:
        """A key with some of the issuer's scopes, for a service or for a member."""
        actor.require(scope=Scope.ACCESS)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            role, organisation_id = organisation_meant(work, actor, asked.organisation_id)
            member = None if asked.member_id is None else member_meant(work, organisation_id, asked.member_id)
            scopes = _scopes_asked(asked.scopes, role, member)
            _require_may_give(actor, granted_scopes(scopes, _open_to(role, member)), asked.expires_at, now)
            key = ApiKey(
                id=self._ids.new("key", now),
                role=role,
                organisation_id=organisation_id,
                secret_hash="",
                created_at=now,
                name=asked.name,
                member_id=asked.member_id,
                scopes=scopes,
                created_by=actor.key_id,
                expires_at=asked.expires_at,
            )
            key, secret = self._add(work, key)
        return IssuedKey(HeldKey(key, None if member is None else member.role), secret)

    def issue_key(self, actor: Actor, role: Role, organisation_id: str) -> str:
        """A service key with everything that an organisation's role has; its secret."""
        actor.require(Role.OPERATOR, scope=Scope.ACCESS)
        issued = self.issue(actor, KeyRequest(f"all of a {role.value}", organisation_id=organisation_id))
        return issued.secret

    @repeatable
    def rotate_key(
        self, actor: Actor, key_id: str, overlap_minutes: int = 0, once: Once | None = None
    ) -> IssuedKey:
        """Another secret for a key; the one before is good for so many minutes more, an earlier one no longer."""
        actor.require(scope=Scope.ACCESS)
        if not 0 <= overlap_minutes <= LONGEST_OVERLAP_MINUTES:
            raise InvalidInput(
                "invalid_overlap", f"overlap_minutes is a whole number from 0 to {LONGEST_OVERLAP_MINUTES}"
            )
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            held = own_key(work, actor, key_id, held=True)
            if held.key.state(now) is not KeyState.LIVE:
                raise Conflict(
                    "key_ended",
                    f"key {key_id} is {held.key.state(now).value}: issue a new one",
                    key_id=key_id,
                )
            if key_id != actor.key_id or actor.expires_at != held.key.expires_at:  # the secret before, say
                _require_may_give(actor, held.scopes, held.key.expires_at, now)
            secret = new_secret(held.key.role)
            rotated = replace(
                held.key,
                secret_hash=hash_secret(secret, self._pepper),
                prefix=prefix_of(secret, held.key.role),
                previous_hash=held.key.secret_hash,
                previous_until=now + timedelta(minutes=overlap_minutes),
            )
            work.keys.rotate(rotated)
            work.answer = {"key_id": key_id}
        return IssuedKey(replace(held, key=rotated), secret)

    @repeatable
    def revoke_key(self, actor: Actor, key_id: str, once: Once | None = None) -> HeldKey:
        """End a key for good, with all its secrets; what is ended stays so."""
        actor.require(scope=Scope.ACCESS)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            held = own_key(work, actor, key_id, held=True)
            work.answer = {"key_id": key_id}
            if held.key.revoked_at is not None:
                return held
            work.keys.revoke(held.key, now)
        return replace(held, key=replace(held.key, revoked_at=now))

    @repeatable
    def write_key_uses(self, *, closing: bool = False) -> int:
        """Store when keys were used last, once a minute at most unless the exchange closes; how many were stored."""
        now = self.clock.now()
        uses = self.key_uses.due(now, closing=closing)
        if uses:
            with self._unit_of_work() as work:
                work.keys.note_uses(uses)
            self.key_uses.written(uses, now)
        return len(uses)

    def _first_key(
        self, work: UnitOfWork, role: Role, organisation_id: str | None, name: str, by: str
    ) -> str:
        """A service key with all of its role; its secret."""
        now = self.clock.now()
        key = ApiKey(self._ids.new("key", now), role, organisation_id, "", now, name, created_by=by)
        return self._add(work, key)[1]

    def _add(self, work: UnitOfWork, key: ApiKey) -> tuple[ApiKey, str]:
        secret = new_secret(key.role)
        hashed, prefix = hash_secret(secret, self._pepper), prefix_of(secret, key.role)
        added = replace(key, secret_hash=hashed, prefix=prefix)
        work.keys.add(added)
        work.answer = {**work.answer, "key_id": key.id}
        return added, secret


def _require_good(key: ApiKey, presented: str, now: datetime) -> None:
    """Whoever has the secret may know what became of its key."""
    if same_hash(presented, key.previous_hash):
        until = key.previous_until
        if until is None or until <= now:
            raise NotAuthenticated(
                "key_rotated", "this key has a new secret: the one you sent is good no more"
            )
    elif not same_hash(presented, key.secret_hash):
        raise NotAuthenticated("unknown_key", "this API key is not known here")
    state = key.state(now)
    if state is KeyState.REVOKED:
        raise NotAuthenticated(
            "key_revoked", "this key was revoked: ask an owner of your organisation for one"
        )
    if state is KeyState.EXPIRED:
        raise NotAuthenticated(
            "key_expired", "this key's time is over: ask an owner of your organisation for one"
        )


def _good_until(key: ApiKey, presented: str) -> datetime | None:
    """The end of the secret that was presented: the one before a rotation ends sooner than its key."""
    ends = [key.expires_at, key.previous_until if same_hash(presented, key.previous_hash) else None]
    return min(filter(None, ends), default=None)


def _open_to(role: Role, member: Member | None) -> frozenset[Scope]:
    return scopes_open_to(role, None if member is None else member.role)


def _scopes_asked(asked: Collection[str], role: Role, member: Member | None) -> tuple[str, ...]:
    """In the sequence of their definition, each once; `InvalidInput` for none, and for those that nobody like this has."""
    if EVERYTHING in asked:
        return (EVERYTHING,)
    there = {scope.value for scope in _open_to(role, member)}
    beyond = sorted(set(asked) - there)
    if beyond or not asked:
        holder = role.value if member is None else f"{member.role.value} of a {role.value}"
        if role is Role.OPERATOR and member is not None:
            holder = f"{member.role.value} of the operator"
        raise InvalidInput(
            "invalid_scopes",
            f"a key of a {holder} can have {', '.join(s for s in Scope if s in there)}, or {EVERYTHING} for all of these",
            scopes=beyond,
        )
    return tuple(scope.value for scope in Scope if scope.value in asked)


def _require_may_give(
    actor: Actor, scopes: frozenset[Scope], expires_at: datetime | None, now: datetime
) -> None:
    actor.require_may_give(scopes)
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("invalid_expiry", "expires_at lies in the past: name a moment to come, or none")
    if actor.expires_at is not None and (expires_at is None or expires_at > actor.expires_at):
        raise NotPermitted(
            "not_permitted",
            f"your key ends at {rfc3339(actor.expires_at)} and gives nobody longer: expires_at is that at most",
        )
