"""Amendments: an order's terms changed while it is a draft or in the book.

The rule of the queue: an amendment keeps its place if it only asks for less or pays more: limit price up, deadline
later, max_rtt up or none, more regions or devices allowed, fewer units. Anything else goes to the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from market.checks import check_order
from market.domain.catalogue import Catalogue
from market.domain.clock import rfc3339
from market.domain.errors import Conflict
from market.domain.ids import IdSource
from market.domain.money import format_cny
from market.domain.orders import Job, Order, OrderTerms
from market.domain.states import OrderState
from market.persistence.store import Store

AMENDABLE = frozenset({OrderState.DRAFT, OrderState.OPEN, OrderState.INTERRUPTED})
PUBLIC_NAMES: Mapping[str, str] = {
    "limit_price_micros": "limit_price",
    "latency_cost_micros_per_ms_unit_hour": "latency_cost_per_ms_hour",
}
"""What fields of an order are called outside, where that differs."""

_JOB_FIELDS = frozenset(field.name for field in fields(Job))


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
            for was, becomes in ((_value(self.before.terms, name), _value(self.after.terms, name)),)
        ]
        if self.after.queue_key != self.before.queue_key:
            steps.append("at the end of the queue")
        return "; ".join(steps)


def amend(
    work: Store, catalogue: Catalogue, order: Order, changes: Mapping[str, Any], ids: IdSource, now: datetime
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
    changed = tuple(name for name in changes if _value(order.terms, name) != _value(terms, name))
    same_start = terms.earliest_start == order.terms.earliest_start
    checked = replace(terms, earliest_start=None) if same_start else terms  # it was young enough once
    check_order(work, catalogue, order.buyer_id, checked, now)
    if terms.limit_price_micros <= order.paid_micros:
        raise Conflict(
            "limit_below_paid",
            f"{format_cny(order.paid_micros)} CNY were paid for this order already: limit_price must be higher",
            paid=format_cny(order.paid_micros),
        )
    key = order.queue_key if keeps_place(order.terms, terms) else ids.new("ord", now)
    return Amendment(order, replace(order, terms=terms, queue_key=key), changed)


def amended_terms(terms: OrderTerms, changes: Mapping[str, Any]) -> OrderTerms:
    """Terms with some fields changed, those of the job among them."""
    job = {name: value for name, value in changes.items() if name in _JOB_FIELDS}
    rest = {name: value for name, value in changes.items() if name not in _JOB_FIELDS}
    return replace(terms, job=replace(terms.job, **job), **rest)


def keeps_place(before: OrderTerms, after: OrderTerms) -> bool:
    """Whether nothing but what the rule names has changed, and all of that towards less asked or more paid."""
    eased = (
        after.limit_price_micros >= before.limit_price_micros
        and after.deadline >= before.deadline
        and _at_least(after.job.max_rtt_ms, before.job.max_rtt_ms)
        and _covers(after.job.allowed_regions, before.job.allowed_regions)
        and _more_devices(before.job, after.job)
        and _size(after.job) <= _size(before.job)
    )
    return eased and _without_eased(before) == _without_eased(after)


def _without_eased(terms: OrderTerms) -> OrderTerms:
    """The terms with the fields that the rule names made all alike."""
    job = replace(terms.job, max_rtt_ms=None, allowed_regions=None, devices=None, units=1, unit_tenths=10)
    far = datetime.max.replace(tzinfo=terms.deadline.tzinfo)
    return replace(terms, job=job, limit_price_micros=1, deadline=far)


def _more_devices(before: Job, after: Job) -> bool:
    """Hours that are one number are measured on the first device: another one is another job."""
    if before.devices == after.devices:
        return True
    same_measure = isinstance(before.hours, Mapping) or (
        before.devices is not None and after.devices is not None and before.devices[0] == after.devices[0]
    )
    return same_measure and _covers(after.devices, before.devices)


def _size(job: Job) -> int:
    return job.units * job.unit_tenths


def _at_least(after: float | None, before: float | None) -> bool:
    return after is None or (before is not None and after >= before)


def _covers(after: tuple[str, ...] | None, before: tuple[str, ...] | None) -> bool:
    return after is None or (before is not None and set(after) >= set(before))


def _value(terms: OrderTerms, name: str) -> Any:
    return getattr(terms.job if name in _JOB_FIELDS else terms, name)


def _shown(name: str, value: Any) -> str:
    if name in PUBLIC_NAMES:
        return format_cny(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return "none" if value is None else str(value)
