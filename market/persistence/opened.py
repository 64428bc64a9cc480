"""Accounts that are known to be open: nobody closes one, so whoever moves money on it need not open it once more.

Only what was committed is kept, and the foreign keys of transfers stand behind it.
"""

from collections.abc import Iterable

from sqlalchemy.orm import Session

OPENED = "opened_accounts"
"""In a session's `info`: those of its database."""
MOST_ACCOUNTS = 10_000
"""That are remembered, some 100 bytes each; the next one begins anew."""


class OpenedAccounts:
    """The accounts of one database. Safe between threads: what is kept is replaced whole."""

    def __init__(self) -> None:
        self._ids = frozenset[str]()

    def __contains__(self, account_id: str) -> bool:
        """Whether it was opened for certain; others may have been as well."""
        return account_id in self._ids

    def keep(self, account_ids: Iterable[str]) -> None:
        """These were opened, or found open, by a transaction that was committed."""
        new = frozenset(account_ids) - self._ids
        if new:
            grown = self._ids | new
            self._ids = new if len(grown) > MOST_ACCOUNTS else grown


def opened_of(session: Session) -> OpenedAccounts:
    """Those of the database that a session is of; none, where nobody keeps them."""
    found = session.info.get(OPENED)
    return found if isinstance(found, OpenedAccounts) else OpenedAccounts()
