"""The spot market: orders that are placed at once, at posted prices, in what is free now.

What is free is what quotes are made of: listed, less what is allocated and what is promised, under the same power,
maintenance and drains, built and judged by the same functions as a round. Capacity is taken one order at a time, in
the sequence in which orders came, so that a batch cannot be sold more than there is.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from market.clearing.builder import BuiltProblem, build_demand
from market.clearing.eligibility import EligibilityRules
from market.clearing.free_market import FreeMarket
from market.clearing.placements import build_allocations, read_placements
from market.clearing.reasons import node_reasons
from market.clearing.request import MOST_SLOTS
from market.clearing.snapshot import Horizon, MarketSnapshot
from market.clearing.supply import build_supply, take
from market.domain.catalogue import Catalogue
from market.domain.clock import next_hour
from market.domain.errors import Conflict, MarketError
from market.domain.ids import IdSource
from market.domain.money import format_cny
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.rounds import Allocation, Change, Reason
from market.domain.states import IN_BOOK, Cause, OrderState
from market.persistence.store import Store
from market.settlement.books import Books
from solver import Clearing, Status
from solver.explain import Explainer

MOST_EXPLAINED = 10
"""Refusals of one batch that come with the price and the change that would help: these ask the market many times."""


def wants_place_at_once(order: Order) -> bool:
    """Whether an order that comes into the book is placed at once, or not at all."""
    return order.state in IN_BOOK and order.terms.time_in_force is TimeInForce.IMMEDIATE


def free_horizon(terms: OrderTerms, now: datetime) -> Horizon:
    """The hours that are looked at for an order: from the next full one, or from its own start where that lies beyond."""
    near = Horizon(next_hour(now), MOST_SLOTS)
    start = terms.earliest_start
    return near if start is None or start < near.ends_at else Horizon(next_hour(start), MOST_SLOTS)


def free_snapshot(work: Store, catalogue: Catalogue, horizon: Horizon, now: datetime) -> MarketSnapshot:
    """What is free over some hours now, under the policy in force."""
    return MarketSnapshot(
        catalogue=catalogue,
        allocations=work.rounds.live_allocations(horizon.starts_at),
        orders=(),
        policy=work.access.policy(),
        horizon=horizon,
        held_quotes=work.promises.held_quotes(now),
    )


class SpotMarket:
    """What is free over one horizon, less what it has placed itself."""

    def __init__(self, snapshot: MarketSnapshot) -> None:
        """Orders of the snapshot are ignored; its allocations and held quotes are what is taken."""
        self._snapshot = snapshot
        self._supply = build_supply(
            snapshot.catalogue, snapshot.allocations, snapshot.policy, snapshot.horizon, snapshot.held_quotes
        )
        self._rules = EligibilityRules(snapshot.catalogue, self._supply.listed_units)

    def place(self, order: Order, ids: IdSource, now: datetime) -> Allocation | None:
        """The cheapest fit by the policy's objective that the order pays for, if any; the earliest of equals."""
        built, explainer = self._judge(order)
        fitting = [
            (verdict.fitting_cost_micros, int(built.problem.candidate_offering[verdict.candidate]), verdict)
            for verdict in explainer.verdicts(0)
            if verdict.fitting_cost_micros is not None
        ]
        cost, _, best = min(fitting, key=lambda found: found[:2], default=(None, 0, None))
        if best is None or best.fitting_start is None or cost is None:
            return None
        if cost >= order.remaining_limit_micros:
            return None
        placed = _placed(built, best.candidate, best.fitting_start)
        return build_allocations(built, read_placements(built, placed), None, ids, now)[0]

    def take(self, allocation: Allocation) -> None:
        """What was granted is free no more."""
        self._snapshot = replace(self._snapshot, allocations=(*self._snapshot.allocations, allocation))
        take(self._supply, self._snapshot.catalogue, self._snapshot.horizon, [allocation])

    def refusal(self, order: Order, *, explained: bool) -> Conflict:
        """Why the order cannot be placed now: node by node, and what it would take if `explained`."""
        facts: dict[str, Any] = {
            "reasons": [_told(reason) for reason in node_reasons(*self._judge(order), 0)]
        }
        if explained:
            market = FreeMarket(self._snapshot)
            price, change = market.price_to_place(order), market.smallest_change(order)
            facts["price_to_place"] = None if price is None else format_cny(price)
            facts["smallest_change"] = None if change is None else _told_change(change)
        return Conflict(
            "not_placed_now",
            "nothing that is free now takes this order at its limit price; `reasons` says why, node by node",
            **facts,
        )

    def _judge(self, order: Order) -> tuple[BuiltProblem, Explainer]:
        built = build_demand(replace(self._snapshot, orders=(order,)), self._supply, self._rules)
        return built, Explainer(built.problem, _placed(built, -1, -1))


class PlacingAtOnce:
    """Places immediate orders in one unit of work: finds places first, and grants them once orders are stored."""

    def __init__(self, work: Store, catalogue: Catalogue, ids: IdSource, now: datetime) -> None:
        """The unit of work has asked to hold capacity (`work.promises.hold_capacity`) before anything else."""
        self._work, self._catalogue, self._ids, self._now = work, catalogue, ids, now
        self._markets: dict[datetime, SpotMarket] = {}
        self._found: dict[str, Allocation] = {}
        self._refused = 0

    def find(self, answers: Sequence[Order | MarketError]) -> list[Order | MarketError]:
        """Set a place aside for each immediate order; where there is none, `not_placed_now` instead of the order."""
        found: list[Order | MarketError] = []
        for answer in answers:
            if isinstance(answer, Order) and wants_place_at_once(answer):
                found.append(self._find(answer))
            else:
                found.append(answer)
        return found

    def grant(self, answers: Sequence[Order | MarketError], actor: str) -> list[Order | MarketError]:
        """Store what was found for the orders among the answers, which are stored as open and hold their limits."""
        orders = {a.id: a for a in answers if isinstance(a, Order) and a.id in self._found}
        self._work.rounds.add_allocations([self._found[order_id] for order_id in orders])
        granted = grant(
            self._work, [(o, self._found[o.id]) for o in orders.values()], self._ids, self._now, actor
        )
        after = {order.id: order for order in granted}
        return [after.get(a.id, a) if isinstance(a, Order) else a for a in answers]

    def _find(self, order: Order) -> Order | MarketError:
        market = self._market(order.terms)
        allocation = market.place(order, self._ids, self._now)
        if allocation is None:
            self._refused += 1
            return market.refusal(order, explained=self._refused <= MOST_EXPLAINED)
        self._found[order.id] = allocation
        for other in self._markets.values():
            other.take(allocation)
        return order

    def _market(self, terms: OrderTerms) -> SpotMarket:
        horizon = free_horizon(terms, self._now)
        if horizon.starts_at not in self._markets:
            snapshot = free_snapshot(self._work, self._catalogue, horizon, self._now)
            market = SpotMarket(snapshot)
            for allocation in self._found.values():
                market.take(allocation)
            self._markets[horizon.starts_at] = market
        return self._markets[horizon.starts_at]


def place_at_once(
    work: Store, catalogue: Catalogue, order: Order, ids: IdSource, now: datetime, actor: str
) -> tuple[Order, Allocation]:
    """Place one order that is stored as open and holds its limit price; `Conflict` `not_placed_now` where none takes it.

    The unit of work holds capacity (`work.promises.hold_capacity`) since before it locked anything.
    """
    market = SpotMarket(free_snapshot(work, catalogue, free_horizon(order.terms, now), now))
    allocation = market.place(order, ids, now)
    if allocation is None:
        raise market.refusal(order, explained=True)
    work.rounds.add_allocations([allocation])
    (granted,) = grant(work, [(order, allocation)], ids, now, actor)
    return granted, allocation


def grant(
    work: Store, pairs: Sequence[tuple[Order, Allocation]], ids: IdSource, now: datetime, actor: str
) -> list[Order]:
    """Orders become allocated, their holds the prices; the allocations are stored."""
    books = Books(work, ids, now)
    with books.together():
        paid = [books.grant(order, allocation) for order, allocation in pairs]
    for order, allocation in zip(paid, (allocation for _, allocation in pairs), strict=True):
        reason = f"placed at once as {allocation.id}"
        work.orders.move([order], OrderState.ALLOCATED, now, Cause.PLACED_AT_ONCE, actor, reason)
    return [replace(order, state=OrderState.ALLOCATED) for order in paid]


def _placed(built: BuiltProblem, candidate: int, start: int) -> Clearing:
    """A clearing of one job: at a candidate and start, or not at all (-1)."""
    problem = built.problem
    return Clearing(
        status=Status.FEASIBLE,
        value_micros=0,
        bound_micros=0,
        gap=0.0,
        chosen=np.full(problem.jobs, candidate, dtype=np.int32),
        start_slot=np.full(problem.jobs, start, dtype=np.int32),
        price_micros=np.zeros_like(problem.capacity_units),
        power_price_micros=np.zeros_like(problem.node_power_watts),
    )


def _told(reason: Reason) -> dict[str, Any]:
    return {"node_id": reason.node_id, "code": reason.code.value, "facts": dict(reason.facts)}


def _told_change(change: Change) -> dict[str, Any]:
    to = format_cny(change.to) if change.field == "limit_price" else change.to
    return {"field": change.field, "to": to, "by": change.by, "node_id": change.node_id}
