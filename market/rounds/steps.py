"""The steps of a round that touch the market: freeze it, land what was granted, close what was cut off.

Each works inside a unit of work that `market.exchange` opens and commits.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from market.clearing.builder import BuiltProblem
from market.clearing.landing import RoundOutcome, leave_out
from market.clearing.moves import find_movable
from market.clearing.request import RoundRequest
from market.clearing.snapshot import MarketSnapshot, Movable
from market.domain.errors import MarketError
from market.domain.ids import IdSource
from market.domain.orders import Order, TimeInForce
from market.domain.rounds import Allocation, Round
from market.domain.states import (
    IN_BOOK,
    ROUND_MOVES,
    AllocationState,
    Cause,
    OfferingState,
    OrderState,
    RoundState,
    advance,
)
from market.persistence.store import Store
from market.rounds.forecasts import note_forecasts
from market.rounds.landing_checks import without_room
from market.running.lives import Lives
from market.settlement.invariants import BrokenPromise, check_outcome
from solver import Limits

EXCHANGE_STOPPED = "exchange_stopped"
"""Why a round has failed that was given up, or cut off, when its exchange stopped."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedRound:
    """A round that holds the one place for clearing, and the frozen market it clears."""

    round: Round
    snapshot: MarketSnapshot
    limits: Limits


def freeze_market(work: Store, request: RoundRequest, ids: IdSource, now: datetime) -> OpenedRound:
    """Freeze the market as it is now, and store the round that is to clear it. Time was kept until now."""
    orders = tuple(order for order in work.orders.open_orders() if order.terms.deadline > now)
    horizon = request.horizon(orders, now)
    policy, catalogue = request.policy_over(work.access.policy()), work.catalogue()
    allocations = work.rounds.live_allocations(horizon.starts_at)
    granted = [a.order_id for a in allocations if a.state is AllocationState.GRANTED and policy.may_move]
    snapshot = MarketSnapshot(
        catalogue=catalogue,
        allocations=allocations,
        orders=orders,
        policy=policy,
        horizon=horizon,
        held_quotes=work.promises.held_quotes(now),
        movable=find_movable(allocations, work.orders.named(granted), catalogue, horizon, now),
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
    return OpenedRound(opened, snapshot, request.limits)


def land_round(
    work: Store,
    opened: OpenedRound,
    built: BuiltProblem,
    outcome: RoundOutcome,
    ids: IdSource,
    now: datetime,
) -> Round:
    """Store everything at once; what left the market or changed its terms while it cleared is left out."""
    # 1. Nobody takes capacity, changes listings or touches the book until the end of this unit of work.
    work.promises.hold_capacity()
    work.held_nodes()
    still_open = work.orders.still_open(opened.snapshot.orders)
    movable = still_movable(work, opened.snapshot.movable)
    # 2. What is no longer there is left out; what would break a promise lands not at all.
    gone = _gone(work, opened, outcome, still_open | movable.keys(), now)
    landing = leave_out(built, outcome, gone) if gone else outcome
    in_book = {order.id: order for order in opened.snapshot.orders}
    running = work.rounds.live_allocations(opened.snapshot.horizon.starts_at)
    broken = check_outcome(work.catalogue(), in_book, landing.allocations, running)
    if broken:
        return refuse_outcome(work, opened.round, broken, now)
    # 3. The round, what it grants, and what becomes of the rest of its book.
    landed = _store_round(work, opened, landing, movable, left_out=len(gone), now=now)
    _grant(work, landed, landing.allocations, in_book, movable, Lives(work, ids, now))
    unplaced = still_open - {allocation.order_id for allocation in landing.allocations}
    _expire_missed(work, opened, unplaced, ids, now)
    work.orders.add_explanations([e for e in landing.explanations if e.order_id in still_open])
    note_forecasts(work, still_waiting(opened, unplaced), now)
    return landed


def _gone(
    work: Store, opened: OpenedRound, outcome: RoundOutcome, still_there: Collection[str], now: datetime
) -> set[str]:
    """Orders whose placement cannot land: they, their offering or their place are not what they were."""
    cleared = set(opened.snapshot.catalogue.offerings)
    as_listed = {o.id for o in work.held_offerings() if o.state is OfferingState.OPEN and o in cleared}
    gone = {
        a.order_id
        for a in outcome.allocations
        if a.order_id not in still_there or a.offering_id not in as_listed
    }
    rest = [a for a in outcome.allocations if a.order_id not in gone]
    return gone | without_room(work, opened.snapshot, rest, now)


def _store_round(
    work: Store,
    opened: OpenedRound,
    landing: RoundOutcome,
    movable: Mapping[str, Movable],
    *,
    left_out: int,
    now: datetime,
) -> Round:
    """The round as it landed, and the record it can be checked and cleared again by."""
    moved = sum(a.order_id in movable for a in landing.allocations)
    landed = closed(
        opened.round,
        RoundState.LANDED,
        now,
        placed=len(landing.allocations) - moved,
        left_out=left_out,
        status=landing.clearing.status.value,
        value_micros=int(landing.clearing.value_micros),
        bound_micros=int(landing.clearing.bound_micros),
        gap=float(landing.clearing.gap),
        seconds=float(landing.clearing.seconds),
        figures={**landing.figures, "movable": len(movable), "moved": moved},
    )
    work.rounds.close(landed)
    work.rounds.add_record(
        landed.id, landing.problem_npz, landing.clearing_npz, landing.names, asdict(opened.limits)
    )
    return landed


def _grant(
    work: Store,
    landed: Round,
    allocations: Sequence[Allocation],
    in_book: Mapping[str, Order],
    movable: Mapping[str, Movable],
    lives: Lives,
) -> None:
    """Allocations are stored, holds fall to prices, orders take their step; what moved gives up its old place."""
    moves = [a for a in allocations if a.order_id in movable]
    for allocation in moves:
        lives.give_up(movable[allocation.order_id].allocation)
    work.rounds.add_allocations(allocations)
    lives.grant(
        (movable[a.order_id].order if a.order_id in movable else in_book[a.order_id], a) for a in allocations
    )
    placed = [in_book[a.order_id] for a in allocations if a.order_id not in movable]
    for state, cause in (
        (OrderState.OPEN, Cause.PLACED_IN_ROUND),
        (OrderState.INTERRUPTED, Cause.RE_MATCHED),
    ):
        orders = [order for order in placed if order.state is state]
        work.orders.move(orders, OrderState.ALLOCATED, lives.now, cause, "exchange", f"placed in {landed.id}")
    for allocation in moves:
        lives.note_move(allocation)


def still_movable(work: Store, movable: Sequence[Movable]) -> dict[str, Movable]:
    """What can be moved now, by order id, and stays so until the end of this unit of work: nothing has become of it."""
    orders = work.orders.held([one.order.id for one in movable])
    live = work.rounds.live_allocations_of([one.order.id for one in movable])
    return {
        one.order.id: replace(one, order=orders[one.order.id])
        for one in movable
        if live.get(one.order.id) == one.allocation and orders[one.order.id] == one.order
    }


def still_waiting(opened: OpenedRound, unplaced: Collection[str]) -> list[Order]:
    """The orders that the round leaves in the book."""
    waiting = (order for order in opened.snapshot.orders if order.id in unplaced and order.state in IN_BOOK)
    return [order for order in waiting if order.terms.time_in_force is not TimeInForce.NEXT_ROUND]


def _expire_missed(
    work: Store, opened: OpenedRound, unplaced: Collection[str], ids: IdSource, now: datetime
) -> None:
    """Orders that wait for one round only have had it."""
    missed = [
        order
        for order in opened.snapshot.orders
        if order.id in unplaced and order.terms.time_in_force is TimeInForce.NEXT_ROUND
    ]
    Lives(work, ids, now).expire(missed, Cause.ROUND_MISSED, f"not placed in {opened.round.id}")


def refuse_outcome(work: Store, opened: Round, broken: Sequence[BrokenPromise], now: datetime) -> Round:
    """A promise would be broken: nothing is granted, and the round names the first one."""
    failure = f"outcome_refused: {broken[0].code}"
    refused = closed(opened, RoundState.REFUSED, now, failure=failure)
    work.rounds.close(refused)
    _logger.error("round %s would break what the market promises: %s", opened.id, broken)
    return refused


def abandon_round(work: Store, now: datetime) -> Round | None:
    """Close a round that nobody is clearing any more as failed; its orders are still open."""
    left_over = work.rounds.in_progress()
    if left_over is None:
        return None
    failed = closed(left_over, RoundState.FAILED, now, failure=EXCHANGE_STOPPED)
    work.rounds.close(failed)
    return failed


def closed(opened: Round, state: RoundState, now: datetime, **results: Any) -> Round:
    """The round at its end."""
    advance(ROUND_MOVES, opened.state, state)
    return replace(opened, state=state, closed_at=now, **results)


def failure_of(error: BaseException) -> str:
    """What everybody may read of an error: its code and class; the text is for the operator's log."""
    code = error.code if isinstance(error, MarketError) else "internal_error"
    return code if code == EXCHANGE_STOPPED else f"{code}: {type(error).__name__}"
