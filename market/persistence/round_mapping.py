"""Rounds, their policies and what they grant: rows to domain objects and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import Any

from sqlalchemy import RowMapping

from market.domain.policy import CarbonBasis, Policy, PricingRule
from market.domain.rounds import Allocation, Round
from market.domain.states import HOLDS_CAPACITY, AllocationState, RoundState
from market.persistence import models
from market.persistence.mapping import by_column, columns_of

_ALLOCATION_FIELDS = attrgetter(*Allocation.__slots__)


def read_policy(columns: Mapping[str, Any]) -> Policy:
    """`Policy` from its JSON."""
    enums = {"carbon_basis": CarbonBasis(columns["carbon_basis"]), "pricing": PricingRule(columns["pricing"])}
    return Policy(**{**columns, **enums})


def round_columns(round_: Round) -> dict[str, Any]:
    """A round's row."""
    columns = {name: getattr(round_, name) for name in round_.__slots__}
    in_progress = 1 if round_.state is RoundState.CLEARING else None
    return columns | {
        "policy": asdict(round_.policy),
        "figures": dict(round_.figures),
        "in_progress": in_progress,
    }


def read_round(row: models.RoundRow) -> Round:
    """`Round` of a row."""
    return Round(
        **columns_of(row, "state", "policy", "in_progress"),
        state=RoundState(row.state),
        policy=read_policy(row.policy),
    )


def allocations_by_column(allocations: Sequence[Allocation]) -> dict[str, Sequence[Any]]:
    """The rows of allocations, column by column."""
    columns = by_column(Allocation.__slots__, map(_ALLOCATION_FIELDS, allocations))
    columns["live"] = [live_flag(state) for state in columns["state"]]
    columns["state"] = [str(state) for state in columns["state"]]
    return columns


def live_flag(state: AllocationState) -> int | None:
    """1 while an allocation holds capacity, NULL afterwards: what makes double placement impossible."""
    return 1 if state in HOLDS_CAPACITY else None


def read_allocation(row: models.AllocationRow) -> Allocation:
    """`Allocation` of a row."""
    return Allocation(
        **columns_of(row, "state", "live", "charges_micros", "earnings_micros"),
        charges_micros=tuple(row.charges_micros),
        earnings_micros=tuple(row.earnings_micros),
        state=AllocationState(row.state),
    )


def allocation_of(columns: RowMapping) -> Allocation:
    """`Allocation` of plain columns: several times faster than of rows, where there are thousands."""
    fields: dict[str, Any] = {str(name): value for name, value in columns.items()}
    del fields["live"]
    fields["state"] = AllocationState(fields["state"])
    fields["charges_micros"] = tuple(fields["charges_micros"])
    fields["earnings_micros"] = tuple(fields["earnings_micros"])
    return Allocation(**fields)
