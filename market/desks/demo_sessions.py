"""Keys for whoever looks at a demonstration: for an hour, of an organisation that has something to show.

Nobody is asked who they are, so this is for exchanges whose market is invented. Such a key gives no further keys, moves no
money and makes the exchange send nothing to anybody: a stranger cannot keep, spend or misuse what is lent.
"""

from datetime import timedelta

from market.desks.keys import KeyDesk
from market.desks.repeating import repeatable
from market.domain.errors import Conflict
from market.domain.events import EXCHANGE
from market.domain.keys import LENT, ApiKey, HeldKey, IssuedKey
from market.domain.parties import SCOPES_OF_ROLE, Role
from market.domain.scopes import Scope
from market.persistence.busiest import busiest_buyer, busiest_provider

LASTS = timedelta(hours=1)
NEVER_LENT = frozenset({Scope.ACCESS, Scope.MONEY, Scope.WEBHOOKS})


class DemoDesk(KeyDesk):
    """Lends keys."""

    @repeatable
    def open_demo_session(self, role: Role) -> IssuedKey:
        """A key of the role that ends in an hour; `Conflict` where no organisation could lend it."""
        now = self.clock.now()
        with self._unit_of_work() as work:
            organisation_id = None
            if role is not Role.OPERATOR:
                busiest = busiest_buyer if role is Role.BUYER else busiest_provider
                organisation_id = busiest(work.session)
                if organisation_id is None:
                    raise Conflict(
                        "nothing_to_show", f"no {role.value} is registered here yet: load a scenario first"
                    )
            key = ApiKey(
                id=self._ids.new("key", now),
                role=role,
                organisation_id=organisation_id,
                secret_hash="",
                created_at=now,
                name=LENT,
                scopes=tuple(s.value for s in Scope if s in SCOPES_OF_ROLE[role] - NEVER_LENT),
                created_by=EXCHANGE,
                expires_at=now + LASTS,
            )
            key, secret = self._add(work, key)
        return IssuedKey(HeldKey(key, None), secret)
