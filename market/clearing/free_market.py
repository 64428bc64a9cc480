"""One order against what is free: the spot market that quotes and smallest changes are read from.

Everything else stays fixed. Each question is answered by building and judging a problem of one job with the
same builder and the same explainer as a round, so a quote and a round cannot disagree about what fits.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from market.clearing.builder import BuiltProblem, build_demand
from market.clearing.eligibility import EligibilityRules
from market.clearing.reasons import node_reasons
from market.clearing.snapshot import MarketSnapshot
from market.clearing.supply import build_supply
from market.domain.clock import HOUR, rfc3339
from market.domain.money import LARGEST_MICROS, hourly_price_micros
from market.domain.orders import Order, OrderTerms
from market.domain.rounds import Change, Reason
from solver import Clearing, Status
from solver.explain import CandidateVerdict, Explainer

FEN_MICROS = 10_000


@dataclass(frozen=True, slots=True)
class Fit:
    """The cheapest way to run an order at one offering in what is free.

    `price_micros` is what the buyer would pay (posted price); `cost_micros` adds what the policy prices.
    """

    offering_row: int
    start: int
    slots: int
    price_micros: int
    cost_micros: int


class FreeMarket:
    """What is free at one moment."""

    def __init__(self, snapshot: MarketSnapshot) -> None:
        """The snapshot's own orders are ignored; its allocations are what is taken."""
        self._snapshot = snapshot
        self._supply = build_supply(
            snapshot.catalogue, snapshot.allocations, snapshot.policy, snapshot.horizon, snapshot.held_quotes
        )
        self._rules = EligibilityRules(snapshot.catalogue, self._supply.listed_units)

    def fits(self, order: Order) -> list[Fit]:
        """Every offering where the order would fit now, whatever its limit price; cheapest first."""
        built, explainer = self._judge(_at_any_price(order))
        found = [
            _fit(built, verdict) for verdict in explainer.verdicts(0) if verdict.fitting_start is not None
        ]
        return sorted(found, key=lambda fit: (fit.cost_micros, fit.offering_row))

    def reasons(self, order: Order) -> tuple[Reason, ...]:
        """Node by node, why the order would not be placed now."""
        built, explainer = self._judge(order)
        return node_reasons(built, explainer, 0)

    def price_to_place(self, order: Order) -> int | None:
        """The limit price that would place the order now, in whole fen; None if no price would."""
        fits = self.fits(order)
        return limit_above(fits[0].cost_micros) if fits else None

    def smallest_change(self, order: Order) -> Change | None:
        """The change of one field, smallest relative to what it was, that places the order; proven by re-asking."""
        proven = [change for change in self._changes(order) if self._places(order, change)]
        return min(proven, key=lambda change: (change.by, change.field), default=None)

    def _changes(self, order: Order) -> Iterator[Change]:
        yield from self._dearer(order)
        yield from self._later(order)
        yield from self._farther(order)

    def _dearer(self, order: Order) -> Iterator[Change]:
        fits = self.fits(order)
        if fits:
            limit, node = limit_above(fits[0].cost_micros), self._node_of(fits[0])
            if limit <= LARGEST_MICROS:
                was = order.terms.limit_price_micros
                yield Change("limit_price", limit, max(limit - was, 0) / was, node)

    def _later(self, order: Order) -> Iterator[Change]:
        """The earliest later deadline at which the order fits below its own limit price, by bisection."""
        horizon, terms = self._snapshot.horizon, order.terms
        hours = max((horizon.ends_at - terms.deadline) // HOUR, 0)

        def fitting(more_hours: int) -> list[Fit]:
            return self._affordable(with_deadline(order, terms.deadline + more_hours * HOUR))

        if hours and fitting(hours):
            least = bisect_left(range(1, hours + 1), 1, key=lambda more: min(len(fitting(more)), 1)) + 1
            deadline = terms.deadline + least * HOUR
            window = terms.deadline - (terms.earliest_start or horizon.starts_at)
            later = (least * HOUR) / max(window, HOUR)
            yield Change("deadline", rfc3339(deadline), later, self._node_of(fitting(least)[0]))

    def _farther(self, order: Order) -> Iterator[Change]:
        """The nearest node beyond the RTT limit at which the order fits below its own limit price."""
        limit = order.job.max_rtt_ms
        if limit is None:
            return
        relaxed = _with_max_rtt(order, None)
        built, _ = self._judge(relaxed)
        rtt = built.eligibility[0].rtt_ms
        affordable = self._affordable(relaxed)
        if affordable:
            nearest = min(
                affordable, key=lambda fit: (rtt[fit.offering_row], fit.cost_micros, fit.offering_row)
            )
            to = math.ceil(rtt[nearest.offering_row] * 100) / 100
            yield Change("job.max_rtt_ms", to, max(to - limit, 0.0) / max(limit, 1.0), self._node_of(nearest))

    def _affordable(self, order: Order) -> list[Fit]:
        return [fit for fit in self.fits(order) if fit.cost_micros < order.terms.limit_price_micros]

    def _places(self, order: Order, change: Change) -> bool:
        """Whether the changed order is placed, by asking the market again."""
        return bool(self._affordable(apply_change(order, change)))

    def _node_of(self, fit: Fit) -> str:
        return self._snapshot.catalogue.offerings[fit.offering_row].node_id

    def _judge(self, order: Order) -> tuple[BuiltProblem, Explainer]:
        built = build_demand(replace(self._snapshot, orders=(order,)), self._supply, self._rules)
        return built, Explainer(built.problem, _nothing_placed(built))


def apply_change(order: Order, change: Change) -> Order:
    """The order with one field changed."""
    if change.field == "limit_price":
        return replace(order, terms=replace(order.terms, limit_price_micros=change.to))
    if change.field == "deadline":
        return with_deadline(order, datetime.fromisoformat(change.to))
    return _with_max_rtt(order, change.to)


def with_deadline(order: Order, deadline: datetime) -> Order:
    """The order with another deadline."""
    return replace(order, terms=replace(order.terms, deadline=deadline))


def _with_max_rtt(order: Order, max_rtt_ms: float | None) -> Order:
    return replace(order, terms=replace(order.terms, job=replace(order.job, max_rtt_ms=max_rtt_ms)))


def _at_any_price(order: Order) -> Order:
    terms: OrderTerms = replace(order.terms, limit_price_micros=LARGEST_MICROS)
    return replace(order, terms=terms)


def limit_above(cost_micros: int) -> int:
    """The least whole fen above a cost: an order is placed when it is worth more than it costs."""
    return (cost_micros // FEN_MICROS + 1) * FEN_MICROS


def _fit(built: BuiltProblem, verdict: CandidateVerdict) -> Fit:
    row = int(built.problem.candidate_offering[verdict.candidate])
    slots = int(built.problem.candidate_slots[verdict.candidate])
    job = built.snapshot.orders[0].job
    if verdict.fitting_start is None or verdict.fitting_cost_micros is None:
        raise ValueError("a verdict that fits has a start and a cost")
    price = hourly_price_micros(int(built.supply.ask_micros[row]), job.units, job.unit_tenths) * slots
    return Fit(row, verdict.fitting_start, slots, price, verdict.fitting_cost_micros)


def _nothing_placed(built: BuiltProblem) -> Clearing:
    problem = built.problem
    return Clearing(
        status=Status.FEASIBLE,
        value_micros=0,
        bound_micros=0,
        gap=0.0,
        chosen=np.full(problem.jobs, -1, dtype=np.int32),
        start_slot=np.full(problem.jobs, -1, dtype=np.int32),
        price_micros=np.zeros_like(problem.capacity_units),
        power_price_micros=np.zeros_like(problem.node_power_watts),
    )
