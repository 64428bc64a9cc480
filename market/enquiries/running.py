"""What can be asked of what runs: one allocation."""

from market.domain.errors import NotFound
from market.domain.parties import Actor, Role
from market.domain.rounds import Allocation
from market.domain.scopes import Scope
from market.persistence.database import Database
from market.persistence.store import Store
from market.settlement.earnings import earned_allocations


class RunningEnquiries:
    """Read-only desk for what was granted. Safe between threads: each call has a session of its own."""

    _database: Database

    def allocation(self, actor: Actor, allocation_id: str) -> Allocation:
        """One allocation; `NotFound` unless the actor is its buyer, its provider or an operator.

        To its provider, price and what is paid of it are what it earns.
        """
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            work = Store(session)
            found = work.rounds.allocation(allocation_id)
            if found is not None and actor.role is Role.PROVIDER:
                (found,) = earned_allocations(work, [found])
        own = {Role.BUYER: found and found.buyer_id, Role.PROVIDER: found and found.provider_id}
        if found is None or (
            actor.role is not Role.OPERATOR and own.get(actor.role) != actor.organisation_id
        ):
            raise NotFound("not_found", f"no allocation {allocation_id}")
        return found
