"""Who may touch and see what: somebody else's is as good as not there."""

from dataclasses import replace

from market.domain.errors import NotFound
from market.domain.offerings import Offering
from market.domain.orders import Order
from market.domain.parties import Actor, Role
from market.domain.rounds import Allocation, Round
from market.domain.scopes import Scope
from market.persistence.store import Store

FEWEST_ORDERS_TOLD = 3
"""A sum over fewer orders says too much of each of them."""


def own_order(work: Store, actor: Actor, order_id: str, *, held: bool = False) -> Order:
    """An order the actor may see; `NotFound` also for another buyer's. `held`: nobody else changes it meanwhile."""
    order = work.orders.held([order_id]).get(order_id) if held else work.orders.get(order_id)
    if order is None or (actor.role is not Role.OPERATOR and order.buyer_id != actor.organisation_id):
        raise NotFound("not_found", f"no order {order_id}")
    return order


def own_allocation(work: Store, actor: Actor, allocation_id: str) -> Allocation:
    """An allocation the actor may report on; `NotFound` also for another provider's."""
    actor.require(Role.PROVIDER, Role.OPERATOR, scope=Scope.ALLOCATIONS)
    allocation = work.rounds.allocation(allocation_id)
    if allocation is None or (
        actor.role is not Role.OPERATOR and allocation.provider_id != actor.organisation_id
    ):
        raise NotFound("not_found", f"no allocation {allocation_id}")
    return allocation


def own_offering(work: Store, actor: Actor, offering_id: str) -> Offering:
    """An offering the actor may change, held for the change; `NotFound` also for another provider's."""
    actor.require(Role.PROVIDER, Role.OPERATOR, scope=Scope.OFFERINGS)
    offering = work.listings.held(offering_id)
    if offering is None or (
        actor.role is not Role.OPERATOR and offering.provider_id != actor.organisation_id
    ):
        raise NotFound("not_found", f"no offering {offering_id}")
    return offering


def round_seen_by(actor: Actor | None, round_: Round) -> Round:
    """A round with its flows; what a flow of few orders spent is for the operator only."""
    if actor is not None and actor.sees_everything:
        return round_
    flows = [
        flow if flow["orders"] >= FEWEST_ORDERS_TOLD else {**flow, "spend_cny": None}
        for flow in round_.figures.get("flows", ())
    ]
    return replace(round_, figures={**round_.figures, "flows": flows}) if flows else round_
