"""Amendments: an order's terms changed while it is a draft or in the book, by the rule of `market.domain.amendments`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from market.domain.amendments import amended_terms, keeps_place, value_of
from market.domain.catalogue import Directory
from market.domain.clock import rfc3339
from market.domain.errors import Conflict
from market.domain.ids import IdSource
from market.domain.money import format_cny
from market.domain.orders import Order
from market.domain.states import OrderState
from market.ordering.checks import check_order
from market.persistence.store import Store

AMENDABLE = frozenset({OrderState.DRAFT, OrderState.OPEN, OrderState.INTERRUPTED})
PUBLIC_NAMES: Mapping[str, str] = {
    "limit_price_micros": "limit_price",
    "latency_cost_micros_per_ms_unit_hour": "latency_cost_per_ms_hour",
}
"""What fields of an order are called outside, where that differs."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """An order before and after; `changed` names the fields of its terms and job that are different now."""

    before: Order
    after: Order
    changed: tuple[str, ...]

    def told(self) -> str:
        """What changed, for the order's history."""
        steps = [
            f"{PUBLIC_NAMES.get(name, name)} from {_shown(name, was)} to {_shown(name, becomes)}"
            for name in self.changed
            for was, becomes in ((value_of(self.before.terms, name), value_of(self.after.terms, name)),)
        ]
        if self.after.queue_key != self.before.queue_key:
            steps.append("at the end of the queue")
        return "; ".join(steps)


def amend(
    work: Store, directory: Directory, order: Order, changes: Mapping[str, Any], ids: IdSource, now: datetime
) -> Amendment:
    """The order with other terms, checked like a new one; nothing is stored.

    `changes` maps fields of `OrderTerms` and `Job` to what they are to be. `Conflict` (`not_amendable`) unless the
    order is a draft or in the book, `Conflict` (`limit_below_paid`) where the limit would not cover what was paid.
    """
    if order.state not in AMENDABLE:
        raise Conflict(
            "not_amendable",
            f"order {order.id} is {order.state.value}: only draft, open and interrupted orders can be amended",
            current=order.state.value,
        )
    terms = amended_terms(order.terms, changes)
    changed = tuple(name for name in changes if value_of(order.terms, name) != value_of(terms, name))
    same_start = terms.earliest_start == order.terms.earliest_start
    checked = replace(terms, earliest_start=None) if same_start else terms  # it was young enough once
    check_order(work, directory, order.buyer_id, checked, now)
    if terms.limit_price_micros <= order.paid_micros:
        raise Conflict(
            "limit_below_paid",
            f"{format_cny(order.paid_micros)} CNY were paid for this order already: limit_price must be higher",
            paid=format_cny(order.paid_micros),
        )
    key = order.queue_key if keeps_place(order.terms, terms) else ids.new("ord", now)
    return Amendment(order, replace(order, terms=terms, queue_key=key), changed)


def _shown(name: str, value: Any) -> str:
    if name in PUBLIC_NAMES:
        return format_cny(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return "none" if value is None else str(value)
