"""Taking part: keys, organisations, who is who."""

from market.desks.desk import Desk
from market.domain.clock import Clock
from market.domain.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from market.domain.parties import Actor, ApiKey, Buyer, Provider, Role
from market.domain.places import Region
from market.domain.scopes import Scope
from market.idempotency import Once
from market.keys import hash_secret, new_secret
from market.persistence.database import Database
from market.persistence.store import Store
from market.settlement.accounts import require_account_free


class AccessDesk(Desk):
    """Registers organisations and issues keys."""

    def __init__(self, database: Database, clock: Clock, pepper: str = "") -> None:
        super().__init__(database, clock)
        self._pepper = pepper

    def authenticate(self, secret: str) -> Actor:
        """Who holds this key; `NotAuthenticated` if nobody does."""
        with self.database.reading() as session:
            key = Store(session).access.key_by_hash(hash_secret(secret, self._pepper))
        if key is None:
            raise NotAuthenticated("unknown_key", "this API key is not known here")
        return Actor(key.id, key.role, key.organisation_id)

    def create_operator_key(self, *, further: bool = False) -> str:
        """The first operator key, once: `Conflict` when there is one already, unless a further one is meant.

        No actor is asked: whoever can open the database may do with it what an operator can.
        """
        with self._unit_of_work() as work:
            if work.access.has_operator() and not further:
                raise Conflict("already_initialised", "this exchange already has an operator key")
            return self._issue_key(work, Role.OPERATOR, None)

    def has_operator(self) -> bool:
        """Whether the exchange was initialised."""
        with self.database.reading() as session:
            return Store(session).access.has_operator()

    def register(self, actor: Actor, organisation: Provider | Buyer, once: Once | None = None) -> str:
        """Add a provider or buyer and issue its key, which is shown this once."""
        actor.require(Role.OPERATOR, scope=Scope.ACCESS)
        role = Role.PROVIDER if isinstance(organisation, Provider) else Role.BUYER
        with self._unit_of_work(actor, once) as work:
            work.require_free(organisation)
            require_account_free(work, organisation)
            if organisation.home_region_id and not work.has(Region, organisation.home_region_id):
                raise InvalidInput("unknown_region", f"no region {organisation.home_region_id!r}")
            work.add(organisation)
            work.answer = {"organisation_id": organisation.id}
            return self._issue_key(work, role, organisation.id)

    def issue_key(self, actor: Actor, role: Role, organisation_id: str) -> str:
        """One more key for a registered organisation."""
        actor.require(Role.OPERATOR, scope=Scope.ACCESS)
        with self._unit_of_work(actor) as work:
            if not work.has(Provider if role is Role.PROVIDER else Buyer, organisation_id):
                raise NotFound("not_found", f"no {role.value} {organisation_id}")
            return self._issue_key(work, role, organisation_id)

    def _issue_key(self, work: Store, role: Role, organisation_id: str | None) -> str:
        now, secret = self.clock.now(), new_secret(role)
        key = ApiKey(self._ids.new("key", now), role, organisation_id, hash_secret(secret, self._pepper), now)
        work.access.add_key(key)
        return secret
