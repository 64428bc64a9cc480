"""Who may touch and see what: somebody else's is as good as not there."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from market.clearing.schedule import Schedule
from market.domain.errors import InvalidInput, NotFound, NotPermitted
from market.domain.keys import HeldKey
from market.domain.members import Member, MemberState
from market.domain.offerings import Offering
from market.domain.orders import Order
from market.domain.parties import Actor, Buyer, Provider, Role
from market.domain.rounds import Allocation, Round
from market.domain.scopes import Scope
from market.domain.webhooks import Delivery, Webhook
from market.persistence.store import Store

T = TypeVar("T")
FEWEST_ORDERS_TOLD = 3
"""A sum over fewer orders says too much of each of them."""


def own_order(work: Store, actor: Actor, order_id: str, *, held: bool = False) -> Order:
    """An order the actor may see; `NotFound` also for another buyer's. `held`: nobody else changes it meanwhile."""
    order = work.orders.held([order_id]).get(order_id) if held else work.orders.get(order_id)
    return _own(actor, order, lambda one: one.buyer_id, f"order {order_id}")


def own_allocation(work: Store, actor: Actor, allocation_id: str) -> Allocation:
    """An allocation the actor may report on; `NotFound` also for another provider's."""
    actor.require(Role.PROVIDER, Role.OPERATOR, scope=Scope.ALLOCATIONS)
    allocation = work.rounds.allocation(allocation_id)
    return _own(actor, allocation, lambda one: one.provider_id, f"allocation {allocation_id}")


def own_offering(work: Store, actor: Actor, offering_id: str) -> Offering:
    """An offering the actor may change, held for the change; `NotFound` also for another provider's."""
    actor.require(Role.PROVIDER, Role.OPERATOR, scope=Scope.OFFERINGS)
    offering = work.listings.held(offering_id)
    return _own(actor, offering, lambda one: one.provider_id, f"offering {offering_id}")


def own_key(work: Store, actor: Actor, key_id: str, *, held: bool = False) -> HeldKey:
    """A key of the actor's organisation (any, for the operator); `NotFound` also for another one's."""
    key = work.keys.get(key_id, held=held)
    return _own(actor, key, lambda one: one.key.organisation_id, f"key {key_id}")


def own_member(work: Store, actor: Actor, member_id: str, *, held: bool = False) -> Member:
    """A member of the actor's organisation (any, for the operator); `NotFound` also for another one's."""
    member = work.members.held(member_id) if held else work.members.get(member_id)
    return _own(actor, member, lambda one: one.organisation_id, f"member {member_id}")


def organisation_meant(work: Store, actor: Actor, named: str | None) -> tuple[Role, str | None]:
    """Whose members and keys a request is about, and in which role they act: one's own, or for the operator the
    organisation named in it (None: the operator itself).
    """
    if actor.role is Role.OPERATOR:
        return role_of(work, named), named
    if named not in {None, actor.organisation_id}:
        raise NotPermitted(
            "not_permitted", "a key acts for its own organisation only: leave organisation_id out"
        )
    return actor.role, actor.organisation_id


def role_of(work: Store, organisation_id: str | None) -> Role:
    """In which role an organisation acts; None is the operator. `InvalidInput` where there is no such one."""
    if organisation_id is None:
        return Role.OPERATOR
    for role, kind in ((Role.BUYER, Buyer), (Role.PROVIDER, Provider)):
        if work.has(kind, organisation_id):
            return role
    raise InvalidInput(
        "unknown_organisation", f"no provider or buyer {organisation_id!r}", organisation_id=organisation_id
    )


def member_meant(work: Store, organisation_id: str | None, member_id: str) -> Member:
    """An active member of an organisation, held; `InvalidInput` also for another one's."""
    member = work.members.held(member_id)
    if member is None or member.organisation_id != organisation_id or member.state is not MemberState.ACTIVE:
        raise InvalidInput("unknown_member", f"no active member {member_id!r} there", member_id=member_id)
    return member


def own_webhook(
    work: Store, actor: Actor, webhook_id: str, *, held: bool = False, removed: bool = False
) -> Webhook:
    """A webhook the actor may see and change; `NotFound` also for another organisation's, and for one that is removed."""
    webhook = work.webhooks.get(webhook_id, held=held, removed=removed)
    return _own(actor, webhook, lambda one: one.organisation_id, f"webhook {webhook_id}")


def own_delivery(work: Store, webhook: Webhook, number: int, *, held: bool = False) -> Delivery:
    """A delivery of a webhook; `NotFound` also for another one's."""
    delivery = work.webhooks.delivery(number, held=held)
    if delivery is None or delivery.webhook_id != webhook.id:
        raise NotFound("not_found", f"webhook {webhook.id} has no such delivery")
    return delivery


def round_seen_by(actor: Actor | None, round_: Round) -> Round:
    """A round with its flows; what a flow of few orders spent is for the operator only."""
    if actor is not None and actor.sees_everything:
        return round_
    flows = [
        flow if flow["orders"] >= FEWEST_ORDERS_TOLD else {**flow, "spend_cny": None}
        for flow in round_.figures.get("flows", ())
    ]
    return replace(round_, figures={**round_.figures, "flows": flows}) if flows else round_


def schedule_seen_by(actor: Actor | None, schedule: Schedule) -> Schedule:
    """A schedule; the hours of a flow of few orders are for the operator only."""
    if actor is not None and actor.sees_everything:
        return schedule
    return schedule.told_of_at_least(FEWEST_ORDERS_TOLD)


def _own(actor: Actor, found: T | None, owner_of: Callable[[T], str | None], named: str) -> T:
    """What was found, if it is the actor's organisation's; the operator has a say in everything."""
    if found is None or not _is_of(actor, owner_of(found)):
        raise NotFound("not_found", f"no {named}")
    return found


def _is_of(actor: Actor, organisation_id: str | None) -> bool:
    return actor.role is Role.OPERATOR or (
        organisation_id is not None and organisation_id == actor.organisation_id
    )
