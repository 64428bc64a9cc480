"""Idempotency keys: the same request under the same key is carried out once, and answered the same."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from market.domain.errors import Conflict
from market.persistence.store import Store

RETRY_AFTER_SECONDS = 1
_OF_ANSWERS = ("pk_answers", "answers.client")
"""How PostgreSQL and SQLite name the rule that a key has one answer."""


@dataclass(frozen=True, slots=True)
class Once:
    """An idempotency key: the same request under the same key is carried out once."""

    client: str
    key: str
    request_hash: str


class AnsweredBefore(Exception):
    """The request was carried out before; `answer` is what was stored with it."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__("answered before")
        self.answer = answer


def refuse_repetition(work: Store, once: Once) -> None:
    """`AnsweredBefore` where the request was carried out, `Conflict` where the key was used for another one.

    Whoever comes while the first is at it waits, and is answered like it. So this comes before anything else is held.
    """
    work.access.hold_key(once.client, once.key)
    refuse_answered(work, once)


def refuse_answered(work: Store, once: Once) -> None:
    """The same without waiting for anybody, for whoever looks at other things before the unit of work begins.

    What they see has gone on since, and must not decide whether an answer is given once more.
    """
    remembered = work.access.answer(once.client, once.key)
    if remembered is None:
        return
    if remembered.request_hash != once.request_hash:
        raise Conflict(
            "idempotency_key_reused", "this idempotency key was used for another request; take a new one"
        )
    raise AnsweredBefore(remembered.answer)


def remember(work: Store, once: Once, answer: Mapping[str, Any], now: datetime) -> None:
    """Store the answer with the change it answers, within `one_answer`."""
    work.access.remember(once.client, once.key, once.request_hash, answer, now)


@contextmanager
def one_answer() -> Iterator[None]:
    """`Conflict` where somebody who did not wait was faster, whenever the database tells."""
    try:
        yield
    except IntegrityError as error:
        if not any(name in str(error.orig) for name in _OF_ANSWERS):
            raise
        raise Conflict(
            "request_in_progress",
            "a request with this idempotency key is being answered; try again under the same key",
            retry_after_seconds=RETRY_AFTER_SECONDS,
        ) from error
