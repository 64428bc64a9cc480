"""Which rows of a list are asked for: one value, any of several, a span, at most; None and () ask for nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement

Filters = Mapping[str, Any]
"""By name: a value, a tuple of values, a `Span`, an `AtMost`, or None."""
NO_FILTERS: Filters = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment on until before another; either may be open."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AtMost:
    """Up to a number, and that number as well; None: any."""

    most: int | None


def conditions(columns: Mapping[str, Any], filters: Filters) -> list[ColumnElement[bool]]:
    """What is asked of these columns, one condition after another; a name without a column is a `KeyError`."""
    found: list[ColumnElement[bool]] = []
    for name, wanted in filters.items():
        column = columns[name]
        if isinstance(wanted, Span):
            found += [] if wanted.since is None else [column >= wanted.since]
            found += [] if wanted.until is None else [column < wanted.until]
        elif isinstance(wanted, AtMost):
            found += [] if wanted.most is None else [column <= wanted.most]
        elif isinstance(wanted, tuple):
            found += [column.in_(wanted)] if wanted else []
        elif wanted is not None:
            found.append(column == wanted)
    return found
