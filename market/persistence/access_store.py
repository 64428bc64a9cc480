"""Policies and remembered answers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, text, tuple_
from sqlalchemy.orm import Session

from market.domain.policy import PRESETS, Policy
from market.persistence import round_mapping
from market.persistence.access_models import AnswerRow
from market.persistence.event_log import EventLog
from market.persistence.holds import HeldName, hold_name
from market.persistence.models import PolicyRow

POLICY_LOCK = 0x4B43
"""Any number besides those of the other locks: a policy is a new row each time, so there is no row to hold."""


@dataclass(frozen=True, slots=True)
class RememberedAnswer:
    """What an idempotency key was answered with."""

    request_hash: str
    answer: Mapping[str, Any]


class AccessStore:
    """Reads and writes the policy and answers in one session."""

    def __init__(self, session: Session, events: EventLog) -> None:
        self._session = session
        self._events = events

    def hold_policy(self) -> None:
        """Nobody else sets a policy on a condition before the end of this unit of work (SQLite has one writer anyway)."""
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": POLICY_LOCK})

    def policy(self, at: datetime | None = None) -> Policy:
        """The policy in force, now or at a moment: the newest set, or 'balanced' where none was."""
        query = select(PolicyRow).order_by(PolicyRow.id.desc()).limit(1)
        row = self._session.scalar(query if at is None else query.where(PolicyRow.set_at <= at))
        return PRESETS["balanced"] if row is None else round_mapping.read_policy(row.policy)

    def set_policy(self, id_: str, policy: Policy, at: datetime, by: str) -> None:
        """Put a policy in force; earlier ones stay on record."""
        row = {"id": id_, "set_at": at, "set_by": by, "policy": asdict(policy)}
        self._session.execute(insert(PolicyRow), [row])
        self._events.record("policy", "changed", id_, at=at, actor=by, name=policy.name)

    def hold_key(self, client: str, key: str) -> None:
        """Nobody else answers a client's idempotency key before the end of this unit of work."""
        hold_name(self._session, HeldName.IDEMPOTENCY_KEY, f"{client} {key}")

    def answer(self, client: str, key: str) -> RememberedAnswer | None:
        """The answer given to a client's idempotency key."""
        row = self._session.get(AnswerRow, (client, key))
        return None if row is None else RememberedAnswer(row.request_hash, row.answer)

    def remember(
        self, client: str, key: str, request_hash: str, answer: Mapping[str, Any], at: datetime
    ) -> None:
        """Keep an answer with the change it answers."""
        row = {
            "client": client,
            "key": key,
            "request_hash": request_hash,
            "answer": dict(answer),
            "answered_at": at,
        }
        self._session.execute(insert(AnswerRow), [row])

    def forget_answers(self, before: datetime, most: int) -> int:
        """Remove answers given before a moment, the oldest first; how many."""
        key = (AnswerRow.client, AnswerRow.key)
        old = select(*key).where(AnswerRow.answered_at < before).order_by(AnswerRow.answered_at).limit(most)
        found = self._session.execute(old).all()
        if found:
            gone = delete(AnswerRow).where(tuple_(*key).in_([tuple(row) for row in found]))
            self._session.connection().execute(gone)
        return len(found)
