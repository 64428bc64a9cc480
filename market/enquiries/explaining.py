"""Why an order is where it is: read from the round that decided, and asked of the market as it is now."""

from dataclasses import dataclass, replace
from datetime import datetime

from market.clearing.alternatives import Alternative, Comparison, Decision, Granted
from market.clearing.changes import smallest_change
from market.clearing.free_market import FreeMarket
from market.clearing.options import Option, options_of
from market.clearing.reasons import deciding_code
from market.clearing.request import MOST_SLOTS
from market.clearing.snapshot import Horizon, MarketSnapshot
from market.domain.clock import next_hour
from market.domain.orders import Order
from market.domain.policy import Policy
from market.domain.rounds import Allocation, Change, Explanation, Reason, ReasonCode
from market.domain.states import HOLDS_CAPACITY, IN_BOOK, Cause, OrderState
from market.ordering.amendment import AMENDABLE
from market.ordering.free_now import spot_horizon
from market.persistence.paging import PageRequest
from market.persistence.store import Store
from market.rounds.forecasts import Standing, standing_of

NEWEST = PageRequest(limit=1, newest_first=True)


@dataclass(frozen=True, slots=True)
class OrderExplanation:
    """Why an order is where it is, what would place it, and what else there is.

    Of an order that waits: `reasons` and `code` as the round `round_id` found them, or, where none has decided on its
    present terms, as the market is now; price, change and options always are of the market as it is now. Of an order
    that was placed: its allocation, what decided, and the other nodes.
    """

    order: Order
    round_id: str | None = None
    code: ReasonCode | None = None
    reasons: tuple[Reason, ...] = ()
    price_to_place_micros: int | None = None
    smallest_change: Change | None = None
    allocation: Allocation | None = None
    decision: Decision | None = None
    options: tuple[Option, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    forecast: Standing | None = None


def explain(work: Store, order: Order, now: datetime) -> OrderExplanation:
    """Of any order; nothing is stored."""
    if order.state in AMENDABLE:
        return _explain_waiting(work, order, now)
    granted = work.rounds.page_allocations(NEWEST, {"order_id": order.id}).items
    allocation = granted[0] if granted else None
    if allocation is None:
        return _told_by_round(order, work.orders.explanation(order.id))
    if allocation.state not in HOLDS_CAPACITY:
        return OrderExplanation(order, round_id=allocation.round_id, allocation=allocation)
    compared = _compare(work, order, allocation, now)
    return OrderExplanation(
        order,
        round_id=allocation.round_id,
        reasons=compared.impossible,
        allocation=allocation,
        decision=compared.decision,
        alternatives=compared.alternatives,
    )


def _explain_waiting(work: Store, order: Order, now: datetime) -> OrderExplanation:
    """What an immediate order on these terms would find now."""
    market = _free_market(work, order, spot_horizon(order.terms, now), work.access.policy(), now)
    fits = market.fits(order)
    decided = work.orders.explanation(order.id)
    if decided is not None and not _amended_since(work, order, decided):
        told = _told_by_round(order, decided)
    else:
        reasons = market.reasons(order)
        told = OrderExplanation(order, code=deciding_code(reasons), reasons=reasons)
    return replace(
        told,
        price_to_place_micros=market.price_to_place(order),
        smallest_change=smallest_change(market, order),
        options=options_of(market.snapshot, order, fits),
        forecast=standing_of(work, order, now) if order.state in IN_BOOK else None,
    )


def _told_by_round(order: Order, decided: Explanation | None) -> OrderExplanation:
    if decided is None:
        return OrderExplanation(order)
    return OrderExplanation(order, round_id=decided.round_id, code=decided.code, reasons=decided.reasons)


def _amended_since(work: Store, order: Order, decided: Explanation) -> bool:
    """Whether the order's terms are no longer those that the round refused."""
    opened_at = work.rounds.opened_at(decided.round_id)
    steps = work.orders.history(order.id)
    return opened_at is None or any(e.data["cause"] == Cause.AMENDED and e.at >= opened_at for e in steps)


def _compare(work: Store, order: Order, allocation: Allocation, now: datetime) -> Comparison:
    """Against what else is allocated now, under the policy and over the hours that it was decided for."""
    decided = None if allocation.round_id is None else work.rounds.get(allocation.round_id)
    start = decided.starts_at if decided else next_hour(_placed_at(work, order))
    horizon = Horizon(start, MOST_SLOTS)
    if allocation.starts_at >= horizon.ends_at:
        horizon = Horizon(allocation.starts_at, MOST_SLOTS)
    policy = decided.policy if decided else work.access.policy()
    return Granted(_free_market(work, order, horizon, policy, now), order, allocation).compare()


def _free_market(work: Store, order: Order, horizon: Horizon, policy: Policy, now: datetime) -> FreeMarket:
    """What the others leave free."""
    promised = work.promises.held_quotes(now)
    snapshot = MarketSnapshot(work.catalogue(), (), (), policy, horizon, held_quotes=promised)
    return FreeMarket(snapshot, work.rounds.holdings(horizon.starts_at, but_of=order.id))


def _placed_at(work: Store, order: Order) -> datetime:
    """When the order was allocated last."""
    steps = [e.at for e in work.orders.history(order.id) if e.data["state"] == OrderState.ALLOCATED]
    return steps[-1] if steps else order.submitted_at
