"""What is held by a name until the end of a unit of work, where there is no row yet that could be held instead.

PostgreSQL: an advisory lock of the transaction, of two numbers, which none of one number meets; two names of one hash wait
for each other, which does no harm. SQLite has one writer anyway.
"""

from enum import IntEnum

from sqlalchemy import text
from sqlalchemy.orm import Session


class HeldName(IntEnum):
    """Names of what."""

    IDEMPOTENCY_KEY = 1
    """Of a client: whether it was answered, until it is. To be asked for before anything else is held."""
    WEBHOOKS = 2
    """Of an organisation: how many it has."""
    FIRST_OPERATOR_KEY = 3
    """Whether it was made."""
    ORGANISATION = 4
    """Of an id: whether a buyer or a provider has it."""


def hold_name(session: Session, kind: HeldName, name: str) -> None:
    """Return when nobody else holds it; nobody else does then before the end of this unit of work."""
    if session.get_bind().dialect.name == "postgresql":
        taken = text("SELECT pg_advisory_xact_lock(:kind, hashtext(:name))")
        session.execute(taken, {"kind": kind.value, "name": name})
