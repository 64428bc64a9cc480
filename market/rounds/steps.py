"""The steps of a round that touch the market: freeze it, refuse what was granted, close what was cut off.

Each works inside a unit of work that `market.exchange` opens and commits. How a round lands: `market.rounds.landing`.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from market.clearing.moves import find_movable
from market.clearing.request import RoundRequest
from market.clearing.snapshot import MarketSnapshot
from market.domain.catalogue import Catalogue
from market.domain.errors import MarketError
from market.domain.ids import IdSource
from market.domain.orders import Order
from market.domain.rounds import Allocation, Round
from market.domain.states import HOLDS_CAPACITY, IN_BOOK, ROUND_MOVES, AllocationState, RoundState, advance
from market.persistence.database import Database
from market.persistence.store import Store
from market.settlement.invariants import BrokenPromise
from solver import Limits

EXCHANGE_STOPPED = "exchange_stopped"
"""Why a round has failed that was given up, or cut off, when its exchange stopped."""
LISTINGS = frozenset({"offering", "node", "region"})
"""Kinds of resource that the catalogue is made of, as the log names them."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedRound:
    """A round that holds the one place for clearing, and the frozen market it clears."""

    round: Round
    snapshot: MarketSnapshot
    limits: Limits
    seen: int
    """Up to where in the log the market is in it; some of what came later may be."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The market as it was read at one moment, up to an entry of its log."""

    seen: int
    starts_at: datetime
    orders: Mapping[str, Order]
    allocations: Mapping[str, Allocation]
    catalogue: Catalogue
    movable_orders: Mapping[str, Order]


def sight_market(market: Store, request: RoundRequest, now: datetime) -> Sighting:
    """Read all that a round clears, without keeping anybody from changing it meanwhile."""
    seen = market.events.newest()
    orders = market.orders.open_orders()
    starts_at = request.horizon(orders, now).starts_at
    allocations = {a.id: a for a in market.rounds.live_allocations(starts_at)}
    granted = [a.order_id for a in allocations.values() if a.state is AllocationState.GRANTED]
    may_move = request.policy_over(market.access.policy()).may_move
    return Sighting(
        seen=seen,
        starts_at=starts_at,
        orders={order.id: order for order in orders},
        allocations=allocations,
        catalogue=market.catalogue(),
        movable_orders=market.orders.named(granted) if may_move else {},
    )


def freeze_market(
    work: Store, request: RoundRequest, ids: IdSource, now: datetime, sighting: Sighting
) -> OpenedRound:
    """Freeze the market as it is now, and store the round that is to clear it. Time was kept until now.

    Only what has happened since it was sighted is read again.
    """
    seen = work.events.newest()
    held_quotes = work.promises.held_quotes(
        now
    )  # first: what is quoted afterwards is of a listing that is read
    sighting = _catch_up(work, sighting)
    book = sorted(sighting.orders.values(), key=lambda order: order.queue_key)
    orders = tuple(order for order in book if order.terms.deadline > now)
    horizon = request.horizon(orders, now)
    policy, catalogue = request.policy_over(work.access.policy()), sighting.catalogue
    allocations = tuple(sighting.allocations[id_] for id_ in sorted(sighting.allocations))
    granted = [a.order_id for a in allocations if a.state is AllocationState.GRANTED and policy.may_move]
    unread = [order_id for order_id in granted if order_id not in sighting.movable_orders]
    movable = {**sighting.movable_orders, **work.orders.named(unread)}
    snapshot = MarketSnapshot(
        catalogue=catalogue,
        allocations=allocations,
        orders=orders,
        policy=policy,
        horizon=horizon,
        held_quotes=held_quotes,
        movable=find_movable(allocations, movable, catalogue, horizon, now) if granted else (),
    )
    opened = Round(
        id=ids.new("rnd", now),
        state=RoundState.CLEARING,
        policy=snapshot.policy,
        starts_at=horizon.starts_at,
        slots=horizon.slots,
        opened_at=now,
        orders=len(orders),
    )
    work.rounds.open(opened)
    return OpenedRound(opened, snapshot, request.limits, seen)


def _catch_up(work: Store, sighting: Sighting) -> Sighting:
    """The same market as it is now."""
    touched = work.events.touched_since(sighting.seen, {"order", "allocation", *LISTINGS})
    if not touched:
        return sighting
    changed, moved = sorted(touched.get("order", ())), sorted(touched.get("allocation", ()))
    orders, allocations = dict(sighting.orders), dict(sighting.allocations)
    stored = work.orders.named(changed)
    for id_ in changed:
        orders.pop(id_, None)
        if id_ in stored and stored[id_].state in IN_BOOK:
            orders[id_] = stored[id_]
    held = work.rounds.named_allocations(moved)
    for id_ in moved:
        allocations.pop(id_, None)
        if id_ in held and held[id_].state in HOLDS_CAPACITY and held[id_].ends_at > sighting.starts_at:
            allocations[id_] = held[id_]
    return replace(
        sighting,
        orders=orders,
        allocations=allocations,
        catalogue=work.catalogue() if LISTINGS & touched.keys() else sighting.catalogue,
        movable_orders={
            id_: one for id_, one in sighting.movable_orders.items() if id_ not in touched.get("order", ())
        },
    )


def refuse_outcome(work: Store, opened: Round, broken: Sequence[BrokenPromise], now: datetime) -> Round:
    """A promise would be broken: nothing is granted, and the round names the first one."""
    failure = f"outcome_refused: {broken[0].code}"
    refused = closed(opened, RoundState.REFUSED, now, failure=failure)
    work.rounds.close(refused)
    _logger.error("round %s would break what the market promises: %s", opened.id, broken)
    return refused


def abandon_round(work: Store, now: datetime, failure: str = EXCHANGE_STOPPED) -> Round | None:
    """Close a round that nobody is clearing any more as failed; its orders are still open."""
    left_over = work.rounds.in_progress(held=True)
    if left_over is None:
        return None
    failed = closed(left_over, RoundState.FAILED, now, failure=failure)
    work.rounds.close(failed)
    return failed


def as_stored(database: Database, round_id: str) -> Round:
    """The round as it is by now; `KeyError` where there is none."""
    with database.reading() as session:
        found = Store(session).rounds.get(round_id)
    if found is None:
        raise KeyError(round_id)
    return found


def closed(opened: Round, state: RoundState, now: datetime, **results: Any) -> Round:
    """The round at its end."""
    advance(ROUND_MOVES, opened.state, state)
    return replace(opened, state=state, closed_at=now, **results)


def failure_of(error: BaseException) -> str:
    """What everybody may read of an error: its code and class; the text is for the operator's log."""
    code = error.code if isinstance(error, MarketError) else "internal_error"
    return code if code == EXCHANGE_STOPPED else f"{code}: {type(error).__name__}"
