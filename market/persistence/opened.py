"""Accounts that are known to be open: nobody closes one, so whoever moves money on it need not open it once more.

Only what was committed is kept, and the foreign keys of transfers stand behind it. Whoever connects anew may have met a
database that knows less (a standby that was behind, a restored copy), so all of it is forgotten then.
"""

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from market.persistence.remembered import RememberedIds

OPENED = "opened_accounts"
"""In a session's `info`: those of its database."""


def opened_accounts(engine: Engine) -> RememberedIds:
    """The accounts of one database."""
    opened = RememberedIds()
    event.listen(engine, "connect", lambda *_: opened.forget())
    return opened


def opened_of(session: Session) -> RememberedIds:
    """Those of the database that a session is of; none, where nobody keeps them."""
    found = session.info.get(OPENED)
    return found if isinstance(found, RememberedIds) else RememberedIds()
