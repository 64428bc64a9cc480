"""The catalogue: what is listed, by whom, on which terms, under which policy."""

from collections.abc import Callable

from market.conditions import require
from market.desks.listings import ListingDesk
from market.desks.repeating import repeatable
from market.domain.parties import Actor, Role
from market.domain.places import Node, Region, modelled_distances
from market.domain.policy import Policy
from market.domain.scopes import Scope
from market.idempotency import Once
from market.ordering.checks import check_node
from market.scenarios.scenario import Scenario


class CatalogueDesk(ListingDesk):
    """Changes regions, nodes and the policy, and what is listed."""

    @repeatable
    def load_scenario(self, scenario: Scenario) -> bool:
        """Load a whole catalogue in one transaction; False if regions are there already (nothing is changed)."""
        with self._unit_of_work() as work:
            work.hold_regions()
            if work.count_regions():
                return False
            for things in scenario.in_order_of_reference():
                work.add_all(things)
            work.events.record("exchange", "scenario_loaded", "exchange", regions=len(scenario.regions))
        return True

    @repeatable
    def add_region(self, actor: Actor, region: Region, once: Once | None = None) -> Region:
        """Add a region; its distances to all others are modelled from coordinates."""
        actor.require(Role.OPERATOR, scope=Scope.MARKET)
        with self._unit_of_work(actor, once) as work:
            work.hold_regions()
            others = work.regions()
            work.add(region)
            work.add_all(modelled_distances(region, others))
            work.answer = {"region_id": region.id}
        return region

    @repeatable
    def add_node(self, actor: Actor, node: Node, once: Once | None = None) -> Node:
        """Add a computing centre."""
        actor.require(Role.OPERATOR, scope=Scope.MARKET)
        with self._unit_of_work(actor, once) as work:
            work.require_free(node)
            check_node(work, node)
            work.add(node)
            work.answer = {"node_id": node.id}
        return node

    @repeatable
    def set_policy(
        self, actor: Actor, policy: Policy, *, only_if: Callable[[Policy], bool] | None = None
    ) -> Policy:
        """Put a policy in force for the rounds to come."""
        actor.require(Role.OPERATOR, scope=Scope.MARKET)
        now = self.clock.now()
        with self._unit_of_work(actor) as work:
            if only_if is not None:
                work.access.hold_policy()
                require(only_if, work.access.policy())
            work.access.set_policy(self._ids.new("pol", now), policy, now, actor.key_id)
        return policy
