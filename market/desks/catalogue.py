"""The catalogue: what is listed, by whom, on which terms, under which policy."""

from dataclasses import replace
from typing import Any

from market.checks import check_node, check_offering
from market.desks.desk import Desk
from market.domain.errors import Conflict
from market.domain.offerings import Offering
from market.domain.parties import Actor, Role
from market.domain.places import Node, Region, modelled_distances
from market.domain.policy import Policy
from market.domain.states import OFFERING_MOVES, OfferingState, advance
from market.idempotency import Once
from market.scenario import Scenario
from market.tenancy import own_offering


class CatalogueDesk(Desk):
    """Changes what is listed."""

    def load_scenario(self, scenario: Scenario) -> bool:
        """Load a whole catalogue in one transaction; False if regions are there already (nothing is changed)."""
        with self._unit_of_work() as work:
            work.hold_regions()
            if work.count_regions():
                return False
            for things in scenario.in_order_of_reference():
                work.add_all(things)
        return True

    def add_region(self, actor: Actor, region: Region, once: Once | None = None) -> Region:
        """Add a region; its distances to all others are modelled from coordinates."""
        actor.require(Role.OPERATOR)
        with self._unit_of_work(once) as work:
            work.hold_regions()
            others = work.regions()
            work.add(region)
            work.add_all(modelled_distances(region, others))
            work.answer = {"region_id": region.id}
        return region

    def add_node(self, actor: Actor, node: Node, once: Once | None = None) -> Node:
        """Add a computing centre."""
        actor.require(Role.OPERATOR)
        with self._unit_of_work(once) as work:
            work.require_free(node)
            check_node(work, node)
            work.add(node)
            work.answer = {"node_id": node.id}
        return node

    def list_offering(self, actor: Actor, offering: Offering, once: Once | None = None) -> Offering:
        """List an offering under a fresh id."""
        actor.require(Role.PROVIDER, Role.OPERATOR)
        now = self.clock.now()
        listed = replace(offering, id=self._ids.new("off", now), state=OfferingState.OPEN, listed_at=now)
        with self._unit_of_work(once) as work:
            check_offering(work, listed)
            work.add(listed)
            work.answer = {"offering_id": listed.id}
        return listed

    def amend_offering(self, actor: Actor, offering_id: str, **changes: Any) -> Offering:
        """Change an offering's ask, units, hours or window; what is already granted keeps its terms."""
        with self._unit_of_work() as work:
            offering = own_offering(work, actor, offering_id)
            if offering.state is not OfferingState.OPEN:
                raise Conflict("offering_withdrawn", "a withdrawn offering cannot be changed; list a new one")
            amended = offering.amended(**changes)
            work.replace_offering(amended)
        return amended

    def withdraw_offering(self, actor: Actor, offering_id: str, once: Once | None = None) -> Offering:
        """Take an offering off the market; what is running finishes."""
        with self._unit_of_work(once) as work:
            offering = own_offering(work, actor, offering_id)
            state = advance(OFFERING_MOVES, offering.state, OfferingState.WITHDRAWN)
            withdrawn = replace(offering, state=state)
            work.replace_offering(withdrawn)
            work.answer = {"offering_id": offering_id}
        return withdrawn

    def set_policy(self, actor: Actor, policy: Policy) -> Policy:
        """Put a policy in force for the rounds to come."""
        actor.require(Role.OPERATOR)
        now = self.clock.now()
        with self._unit_of_work() as work:
            work.access.set_policy(self._ids.new("pol", now), policy, now, actor.key_id)
        return policy
