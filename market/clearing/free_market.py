"""One order against what is free: the spot market that quotes and explanations are read from.

Everything else stays fixed. Each question is answered on a problem of one job built by the same builder as a round,
so a quote and a round cannot disagree about what fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from market.clearing.builder import BuiltProblem, build_demand, order_window
from market.clearing.eligibility import EligibilityRules
from market.clearing.reasons import Reasons
from market.clearing.snapshot import Horizon, MarketSnapshot
from market.clearing.supply import build_supply, take
from market.clearing.windows import NO_COST, Windows
from market.domain.money import LARGEST_MICROS, hourly_price_micros
from market.domain.orders import Order, OrderTerms
from market.domain.rounds import Holding, Reason
from solver import Clearing, Status
from solver.explain import Explainer

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
    """What is free at one moment. Supply is built once, then any order can be asked about."""

    def __init__(self, snapshot: MarketSnapshot, holdings: Sequence[Holding] = ()) -> None:
        """The snapshot's own orders are ignored; its allocations are what is taken, and the holdings as well."""
        self.snapshot = snapshot
        self._supply = build_supply(
            snapshot.catalogue, snapshot.allocations, snapshot.policy, snapshot.horizon, snapshot.held_quotes
        )
        take(self._supply, snapshot.catalogue, snapshot.horizon, holdings)
        self._rules = EligibilityRules(snapshot.catalogue, self._supply.listed_units)

    @property
    def horizon(self) -> Horizon:
        """The hours that are looked at."""
        return self.snapshot.horizon

    def node_of(self, offering_row: int) -> str:
        """Id of the node of an offering."""
        return self.snapshot.catalogue.offerings[offering_row].node_id

    def built(self, order: Order) -> BuiltProblem:
        """The problem of this order alone."""
        return build_demand(replace(self.snapshot, orders=(order,)), self._supply, self._rules)

    def windows(self, order: Order) -> Windows:
        """Every way to run it, whatever its own window and limit price."""
        return Windows.of(self.built(at_any_price(order)))

    def window_of(self, order: Order) -> tuple[int, int]:
        """(first slot, end slot) in which it may run."""
        return order_window(order.terms, self.horizon)

    def fits(self, order: Order) -> list[Fit]:
        """Every offering where the order would fit now, whatever its limit price; cheapest first."""
        windows = self.windows(order)
        start, cost = windows.cheapest(windows.room & windows.between(*self.window_of(order)))
        found = [
            self.fit_at(order, windows, c, int(start[c])) for c in np.flatnonzero(cost < NO_COST).tolist()
        ]
        return sorted(found, key=lambda fit: (fit.cost_micros, fit.offering_row))

    def affordable(self, order: Order) -> list[Fit]:
        """The fits that the order pays for: it is placed where it is worth more than it costs."""
        return [fit for fit in self.fits(order) if fit.cost_micros < order.remaining_limit_micros]

    def fit_at(self, order: Order, windows: Windows, candidate: int, start: int) -> Fit:
        """One start of one candidate."""
        row, slots = int(windows.offering[candidate]), int(windows.slots[candidate])
        ask = int(self._supply.ask_micros[row])
        price = hourly_price_micros(ask, order.job.units, order.job.unit_tenths) * slots
        return Fit(row, start, slots, price, int(windows.cost[candidate, start]))

    def reasons(self, order: Order) -> tuple[Reason, ...]:
        """Node by node, why the order would not be placed now."""
        return self.judge(order)[1].of_nodes(0)

    def judge(self, order: Order) -> tuple[BuiltProblem, Reasons]:
        """The problem of this order alone, and why each offering would not take it."""
        built, alone = self.built(order), np.array([0])
        return built, Reasons(built, alone, Explainer(built.problem, nothing_placed(built)).judge(alone))

    def price_to_place(self, order: Order) -> int | None:
        """The limit price that would place the order now, in whole fen; None if no price would."""
        fits = self.fits(order)
        price = limit_above(fits[0].cost_micros) + order.paid_micros if fits else None
        return None if price is None or price > LARGEST_MICROS else price


def at_any_price(order: Order) -> Order:
    """The order of a buyer to whom money is nothing."""
    terms: OrderTerms = replace(order.terms, limit_price_micros=LARGEST_MICROS)
    return replace(order, terms=terms)


def limit_above(cost_micros: int) -> int:
    """The least whole fen above a cost: an order is placed when it is worth more than it costs."""
    return (cost_micros // FEN_MICROS + 1) * FEN_MICROS


def nothing_placed(built: BuiltProblem) -> Clearing:
    """The clearing that leaves everything free."""
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
