"""Which book a what-if clears: the open one, or that of a round as it was frozen."""

from dataclasses import replace
from datetime import datetime

from market.clearing.request import RoundRequest
from market.clearing.snapshot import Horizon, MarketSnapshot
from market.domain.errors import NotFound
from market.domain.states import OrderState
from market.persistence.store import Store


def open_book(work: Store, now: datetime) -> MarketSnapshot:
    """What a round would freeze now."""
    orders = tuple(order for order in work.orders.open_orders() if order.terms.deadline > now)
    horizon = RoundRequest().horizon(orders, now)
    return MarketSnapshot(
        catalogue=work.catalogue(),
        allocations=work.rounds.live_allocations(horizon.starts_at),
        orders=orders,
        policy=work.access.policy(),
        horizon=horizon,
    )


def book_of_round(work: Store, round_id: str) -> MarketSnapshot:
    """The book that a round cleared: its orders with the terms they have now, what was allocated before it, its policy.

    The catalogue is that of today: what was listed, amended or withdrawn since shows.
    """
    round_, record = work.rounds.get(round_id), work.rounds.record(round_id)
    if round_ is None or record is None:
        raise NotFound("not_found", f"no record of a round {round_id}")
    known = work.orders.named(record.names["orders"])
    fresh = (
        replace(known[id_], state=OrderState.OPEN, remaining_share=1.0, paid_micros=0)
        for id_ in record.names["orders"]
        if id_ in known
    )
    return MarketSnapshot(
        catalogue=work.catalogue(),
        allocations=work.rounds.allocations_before(round_),
        orders=tuple(fresh),
        policy=round_.policy,
        horizon=Horizon(round_.starts_at, round_.slots),
    )
