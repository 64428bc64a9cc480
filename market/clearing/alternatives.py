"""Why a placed order runs where it does: what each other node would have cost, and what decided.

Every offering that could do the work is priced at its cheapest start in the order's window, as if distance, regions,
efficiency and what others hold did not matter; beside it stands what did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from market.clearing.free_market import Fit, FreeMarket
from market.clearing.options import Option, option_of
from market.clearing.reasons import CLOSENESS
from market.clearing.windows import NO_COST, Bools, Windows
from market.domain.amendments import amended_terms
from market.domain.clock import HOUR
from market.domain.money import format_cny, hourly_price_micros
from market.domain.orders import Order
from market.domain.rounds import Allocation, Reason, ReasonCode

CHEAPEST: Literal["CHEAPEST"] = "CHEAPEST"
"""Nothing that could do the work costs less by the policy's objective."""
DEARER: Literal["DEARER"] = "DEARER"
"""It would have fitted, and costs more by the policy's objective."""
AlternativeCode = ReasonCode | Literal["DEARER"]
DecisionCode = ReasonCode | Literal["CHEAPEST"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What an option would have cost more than what was granted; less, where negative."""

    price_micros: int
    cost_micros: int | None
    rtt_ms: float
    facility_kwh: float
    carbon_kg_location: float
    carbon_kg_market: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """The best an other node had, what kept the order away (a `ReasonCode`, or `DEARER`), and the difference."""

    option: Option
    code: AlternativeCode
    facts: Mapping[str, Any]
    difference: Difference


@dataclass(frozen=True, slots=True)
class Decision:
    """What decided: `CHEAPEST`, or what kept the order from the cheapest offering that costs less."""

    code: DecisionCode
    node_id: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Where a placed order could have been: the other nodes by cost, and those that could never do the work."""

    decision: Decision | None
    alternatives: tuple[Alternative, ...]
    impossible: tuple[Reason, ...]


class Granted:
    """An order and its allocation, set against a market in which that allocation is not taken."""

    def __init__(self, market: FreeMarket, order: Order, allocation: Allocation) -> None:
        self._market, self._order, self._allocation = market, order, allocation
        anywhere = _anywhere(order)
        self._unbound = market.windows(anywhere)
        self._built, reasons = market.judge(order)
        self._reasons = reasons.of_offerings(0)
        allowed = self._unbound.between(*market.window_of(anywhere))
        self._cheapest = self._best(anywhere, self._unbound, allowed)
        windows = market.windows(order)
        self._fitting = self._best(order, windows, windows.room & windows.between(*market.window_of(order)))
        self._cost = self._granted_cost()

    def compare(self) -> Comparison:
        """Node by node."""
        offerings = self._market.snapshot.catalogue.offerings
        nodes: dict[str, list[int]] = {}
        for row, offering in enumerate(offerings):
            if offering.node_id != self._allocation.node_id:
                nodes.setdefault(offering.node_id, []).append(row)
        closest = [min(rows, key=self._closeness) for rows in nodes.values()]
        found = [self._alternative(row) for row in closest if row in self._cheapest]
        found.sort(key=lambda one: (one.option.cost_micros, one.option.node_id))
        impossible = tuple(self._reasons[row] for row in closest if row not in self._cheapest)
        return Comparison(self._decision(), tuple(found), impossible)

    def _closeness(self, row: int) -> tuple[int, int]:
        """First what came closest, then what costs least."""
        cost = self._cheapest[row].cost_micros if row in self._cheapest else NO_COST
        return -CLOSENESS[self._reasons[row].code], cost

    def _alternative(self, row: int) -> Alternative:
        reason = self._reasons[row]
        fit = self._fitting.get(row, self._cheapest[row])
        dearer = self._cost is not None and fit.cost_micros >= self._cost
        code = DEARER if reason.code is ReasonCode.NOT_THIS_ROUND and dearer else reason.code
        option = option_of(self._market.snapshot, self._order, fit)
        return Alternative(option, code, reason.facts, self._difference(option))

    def _difference(self, option: Option) -> Difference:
        granted = self._allocation
        return Difference(
            price_micros=option.price_micros - granted.price_micros,
            cost_micros=None if self._cost is None else option.cost_micros - self._cost,
            rtt_ms=option.rtt_ms - granted.rtt_ms,
            facility_kwh=option.facility_kwh - granted.facility_kwh,
            carbon_kg_location=option.carbon_kg_location - granted.carbon_kg_location,
            carbon_kg_market=option.carbon_kg_market - granted.carbon_kg_market,
        )

    def _decision(self) -> Decision | None:
        """None where what was granted is no longer listed, so that nothing can be compared with it."""
        if self._cost is None:
            return None
        cost = format_cny(self._cost)
        cheaper = [row for row, fit in self._cheapest.items() if fit.cost_micros < self._cost]
        if not cheaper:
            return Decision(CHEAPEST, self._allocation.node_id, {"cost": cost})
        row = min(cheaper, key=lambda row: (self._cheapest[row].cost_micros, row))
        best, reason = self._cheapest[row], self._reasons[row]
        code = reason.code
        if code is ReasonCode.NOT_THIS_ROUND and self._fitting[row].cost_micros >= self._cost:
            code = self._taken(best)
        facts = {**reason.facts, "cost": format_cny(best.cost_micros), "cost_here": cost}
        return Decision(code, reason.node_id, facts)

    def _taken(self, best: Fit) -> ReasonCode:
        """What the cheapest hours of an offering lack, whose other hours are free."""
        problem, row = self._built.problem, best.offering_row
        candidate = int(np.flatnonzero(problem.candidate_offering == row)[0])
        parts = int(problem.job_scale[0]) * int(problem.candidate_units[candidate])
        hours = slice(best.start, best.start + best.slots)
        lacking = bool((problem.capacity_units[row, hours] < parts).any())
        return ReasonCode.NO_CAPACITY if lacking else ReasonCode.NO_POWER

    def _granted_cost(self) -> int | None:
        """What the objective charges for what was granted, at the ask it was granted at."""
        offerings, granted = self._market.snapshot.catalogue.offerings, self._allocation
        start = (granted.starts_at - self._market.horizon.starts_at) // HOUR
        for candidate, row in enumerate(self._unbound.offering.tolist()):
            within = 0 <= start < self._unbound.cost.shape[1]
            if offerings[row].id == granted.offering_id and within:
                fit = self._market.fit_at(self._order, self._unbound, candidate, start)
                ask = granted.ask_micros_per_unit_hour
                paid = hourly_price_micros(ask, granted.units, granted.unit_tenths) * fit.slots
                return None if fit.cost_micros == NO_COST else fit.cost_micros - fit.price_micros + paid
        return None

    def _best(self, order: Order, windows: Windows, allowed: Bools) -> dict[int, Fit]:
        start, cost = windows.cheapest(allowed)
        fits = (
            self._market.fit_at(order, windows, c, int(start[c]))
            for c in np.flatnonzero(cost < NO_COST).tolist()
        )
        return {fit.offering_row: fit for fit in fits}


def _anywhere(order: Order) -> Order:
    """The order without the limits that say where it may run."""
    unbound = {"max_rtt_ms": None, "allowed_regions": None, "max_pue": None, "min_green_share": None}
    return replace(order, terms=amended_terms(order.terms, unbound))
