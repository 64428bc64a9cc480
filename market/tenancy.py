"""Who may touch what: somebody else's is as good as not there."""

from market.domain.errors import NotFound
from market.domain.offerings import Offering
from market.domain.orders import Order
from market.domain.parties import Actor, Role
from market.persistence.store import Store


def own_order(work: Store, actor: Actor, order_id: str) -> Order:
    """An order the actor may see; `NotFound` also for another buyer's."""
    order = work.orders.get(order_id)
    if order is None or (actor.role is not Role.OPERATOR and order.buyer_id != actor.organisation_id):
        raise NotFound("not_found", f"no order {order_id}")
    return order


def own_offering(work: Store, actor: Actor, offering_id: str) -> Offering:
    """An offering the actor may change; `NotFound` also for another provider's."""
    actor.require(Role.PROVIDER, Role.OPERATOR)
    offering = work.offering(offering_id)
    if offering is None or (
        actor.role is not Role.OPERATOR and offering.provider_id != actor.organisation_id
    ):
        raise NotFound("not_found", f"no offering {offering_id}")
    return offering
