"""What is forgotten after a while: how deliveries went, what requests were answered, keys that were lent for an hour.

Never the log of events, the ledger, orders or allocations. A little at a time: no other writer waits for all of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from market.persistence.store import Store

AT_ONCE = 500
"""Rows of each kind that are removed in one unit of work."""
MOST_UNITS = 20
"""Units of work in one go: what is more is left to the next time."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long it is kept; None: for good."""

    deliveries: timedelta | None = timedelta(days=30)
    answers: timedelta | None = timedelta(days=30)
    lent_keys: timedelta | None = timedelta(days=7)

    def forget_some(self, work: Store, now: datetime) -> bool:
        """Remove some of what is due; whether there may be more."""
        gone = []
        if self.deliveries is not None:
            gone.append(work.webhooks.forget_deliveries(now - self.deliveries, AT_ONCE))
        if self.answers is not None:
            gone.append(work.access.forget_answers(now - self.answers, AT_ONCE))
        if self.lent_keys is not None:
            gone.append(work.keys.forget_lent(now - self.lent_keys, AT_ONCE))
        return AT_ONCE in gone


USUAL_RETENTION = Retention()
