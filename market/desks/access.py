"""Taking part: organisations and the first key of each; their further keys and members."""

from market.desks.demo_sessions import DemoDesk
from market.desks.members import MemberDesk
from market.desks.repeating import repeatable
from market.domain.errors import Conflict, InvalidInput
from market.domain.events import EXCHANGE
from market.domain.parties import Actor, Buyer, Provider, Role
from market.domain.places import Region
from market.domain.scopes import Scope
from market.idempotency import Once
from market.persistence.store import Store
from market.settlement.accounts import require_account_free


class AccessDesk(DemoDesk, MemberDesk):
    """Registers who takes part."""

    @repeatable
    def create_operator_key(self, *, further: bool = False) -> str:
        """The first operator key, once: `Conflict` when there is one already, unless a further one is meant.

        No actor is asked: whoever can open the database may do with it what an operator can.
        """
        with self._unit_of_work() as work:
            work.keys.hold_first_operator()
            if work.keys.has_operator() and not further:
                raise Conflict("already_initialised", "this exchange already has an operator key")
            return self._first_key(work, Role.OPERATOR, None, "from suanli init", EXCHANGE)

    def has_operator(self) -> bool:
        """Whether the exchange was initialised."""
        with self.database.reading() as session:
            return Store(session).keys.has_operator()

    @repeatable
    def register(self, actor: Actor, organisation: Provider | Buyer, once: Once | None = None) -> str:
        """Add a provider or buyer and issue its first key, which is shown this once: a service key with all of its role.

        Whoever registers need not have these scopes: the organisation is new, and nobody's yet.
        """
        actor.require(Role.OPERATOR, scope=Scope.ACCESS)
        role = Role.PROVIDER if isinstance(organisation, Provider) else Role.BUYER
        with self._unit_of_work(actor, once) as work:
            work.hold_organisation(organisation.id)
            work.require_free(organisation)
            require_account_free(work, organisation)
            if organisation.home_region_id and not work.has(Region, organisation.home_region_id):
                raise InvalidInput("unknown_region", f"no region {organisation.home_region_id!r}")
            work.add(organisation)
            work.answer = {"organisation_id": organisation.id}
            return self._first_key(work, role, organisation.id, "from registration", actor.key_id)
