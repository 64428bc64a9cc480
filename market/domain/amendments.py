"""Amended terms, and the rule by which an amendment keeps an order's place in the queue.

An amendment keeps its place if it only asks for less or pays more: limit price up, deadline later, max_rtt up or
none, more regions or devices allowed, fewer units. Anything else goes to the end.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from market.domain.orders import WHOLE_UNIT, Job, OrderTerms

_JOB_FIELDS = frozenset(field.name for field in fields(Job))


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
    job = replace(
        terms.job, max_rtt_ms=None, allowed_regions=None, devices=None, units=1, unit_tenths=WHOLE_UNIT
    )
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


def value_of(terms: OrderTerms, name: str) -> Any:
    """A field of the terms or of their job."""
    return getattr(terms.job if name in _JOB_FIELDS else terms, name)
