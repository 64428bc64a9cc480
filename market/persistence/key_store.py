"""API keys in one session: found by hash, listed, rotated, revoked."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from market.domain.events import EXCHANGE
from market.domain.keys import LENT, ApiKey, HeldKey
from market.domain.members import MemberRole
from market.domain.parties import Role, tenant_of
from market.persistence.access_models import ApiKeyRow, MemberRow
from market.persistence.event_log import EventLog
from market.persistence.holds import HeldName, hold_name
from market.persistence.models import EventRow
from market.persistence.paging import Page, PageRequest, read_joined_page

COLUMNS = tuple(field.name for field in fields(ApiKey))
_HELD = select(ApiKeyRow, MemberRow.role).join(MemberRow, MemberRow.id == ApiKeyRow.member_id, isouter=True)
_BY_HASH = (
    select(*ApiKeyRow.__table__.c, MemberRow.role.label("member_role"))
    .join(MemberRow, MemberRow.id == ApiKeyRow.member_id, isouter=True)
    .where(or_(ApiKeyRow.secret_hash == bindparam("hash"), ApiKeyRow.previous_hash == bindparam("hash")))
)
"""Plain columns: every request asks this."""


def key_by_hash(connection: Connection, secret_hash: str) -> HeldKey | None:
    """The key with a secret of that hash, be it the present one or the one before."""
    row = connection.execute(_BY_HASH, {"hash": secret_hash}).first()
    return None if row is None else _held_key(row, row.member_role)


class KeyStore:
    """Reads and writes keys. A key is read with its member's role, by one statement."""

    def __init__(self, session: Session, events: EventLog) -> None:
        self._session = session
        self._events = events

    def add(self, key: ApiKey) -> None:
        """Insert a key."""
        columns = {name: getattr(key, name) for name in COLUMNS}
        self._session.execute(insert(ApiKeyRow), [columns | {"scopes": list(key.scopes)}])
        told = {"role": key.role.value, "name": key.name, "scopes": list(key.scopes)}
        self._record("issued", key, **told, member_id=key.member_id)

    def get(self, key_id: str, *, held: bool = False) -> HeldKey | None:
        """One key; `held`: nobody else changes it meanwhile."""
        query = _HELD.where(ApiKeyRow.id == key_id)
        row = self._session.execute(_for_change(query) if held else query).first()
        return None if row is None else _held(row)

    def page(self, request: PageRequest, filters: Mapping[str, str | None]) -> Page[HeldKey]:
        """Keys, paged, filtered by equality on organisation_id and member_id."""
        query = _HELD
        for name, value in filters.items():
            if value is not None:
                query = query.where(getattr(ApiKeyRow, name) == value)
        return read_joined_page(self._session, query, ApiKeyRow.id, _held, request)

    def rotate(self, key: ApiKey) -> None:
        """Store the secrets of a key that is held."""
        self._change(
            key.id,
            secret_hash=key.secret_hash,
            prefix=key.prefix,
            previous_hash=key.previous_hash,
            previous_until=key.previous_until,
        )
        self._record("rotated", key)

    def revoke(self, key: ApiKey, at: datetime) -> None:
        """End a key that is held; for good."""
        self._change(key.id, revoked_at=at)
        self._record("revoked", key)

    def unrevoked_of(self, member_id: str) -> tuple[ApiKey, ...]:
        """A member's keys that nobody took back yet, held."""
        query = _HELD.where(ApiKeyRow.member_id == member_id, ApiKeyRow.revoked_at.is_(None))
        rows = self._session.execute(_for_change(query.order_by(ApiKeyRow.id)))
        return tuple(_held(row).key for row in rows)

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Write when keys were used last, where that is later than what is stored; always in one sequence."""
        later = or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at < bindparam("at"))
        query = update(ApiKeyRow).where(ApiKeyRow.id == bindparam("key"), later)
        self._session.connection().execute(
            query.values(last_used_at=bindparam("at")), [{"key": k, "at": uses[k]} for k in sorted(uses)]
        )

    def forget_lent(self, before: datetime, most: int) -> int:
        """Remove keys lent for a while that ended before a moment, unless they did something that the log tells."""
        acted = select(EventRow.sequence).where(EventRow.actor == ApiKeyRow.id).exists()
        old = select(ApiKeyRow.id).where(
            ApiKeyRow.expires_at < before, ApiKeyRow.name == LENT, ApiKeyRow.created_by == EXCHANGE, ~acted
        )
        ids = self._session.scalars(old.order_by(ApiKeyRow.expires_at).limit(most)).all()
        if ids:
            self._session.connection().execute(delete(ApiKeyRow).where(ApiKeyRow.id.in_(ids)))
        return len(ids)

    def hold_first_operator(self) -> None:
        """No first operator key is made elsewhere before the end of this unit of work."""
        hold_name(self._session, HeldName.FIRST_OPERATOR_KEY, "")

    def has_operator(self) -> bool:
        """Whether a first operator key was ever made."""
        query = select(ApiKeyRow.id).where(ApiKeyRow.role == Role.OPERATOR).limit(1)
        return self._session.scalar(query) is not None

    def _change(self, key_id: str, **columns: Any) -> None:
        self._session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key_id).values(**columns))

    def _record(self, what: str, key: ApiKey, **data: Any) -> None:
        self._events.record("key", what, key.id, **tenant_of(key.role, key.organisation_id), **data)


def _for_change(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The keys stay as they are now until the end of the unit of work."""
    return query.with_for_update(of=ApiKeyRow).execution_options(populate_existing=True)


def _held(row: Row[*tuple[Any, ...]]) -> HeldKey:
    found, member_role = row
    return _held_key(found, member_role)


def _held_key(found: Any, member_role: str | None) -> HeldKey:
    columns = {name: getattr(found, name) for name in COLUMNS}
    columns |= {"role": Role(found.role), "scopes": tuple(found.scopes)}
    return HeldKey(ApiKey(**columns), None if member_role is None else MemberRole(member_role))
