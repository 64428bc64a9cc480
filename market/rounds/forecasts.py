"""When an order will be matched: a range, made by one rule, and scored when it is known.

**Rule.** Orders for the same compute class are ranked by what they are worth per unit-hour (what the buyer still pays over
units and hours still to do, at the fewest hours any device is given). Of the newest forecasts that are known how they
fared, those of a similar rank (the same tenth, or one beside it) tell in which landed round from then on their orders
were matched; orders that ended without count as never. The range runs from the round by which a tenth of them were
matched to the one by which nine tenths were, in steps of the usual time between rounds, with half a step to spare; it
has no latest moment where fewer than nine tenths ever were. That is `history`. With fewer than 20 of them the forecast is
`prior`, a guess that is stated as one: the better half are matched before their deadline, the others may not be at all.

**Score.** Every order that a landed round leaves in the book is forecast, once an hour at most, whether anybody asks or
not. An order that is matched scores a hit if that was within its range; one that expires, if its range had no latest
moment. Whoever cancels before the latest moment leaves nothing to score.

Times are UTC. Forecasts that wait to be scored are not in the history: after a sudden rush it is too hopeful for a while,
and the score shows it.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from market.domain.clock import HOUR
from market.domain.orders import WHOLE_UNIT, Order
from market.domain.quotes import Forecast, ForecastBasis
from market.domain.states import OrderState
from market.persistence.store import Store

LEAST_HISTORY = 20
MOST_HISTORY = 2000
TENTHS = 10
EARLY, LATE = 0.1, 0.9
"""Shares of similar orders that were matched by the earliest and the latest moment of a range."""
NEVER = math.inf
USUAL_INTERVAL = HOUR
"""Time between rounds where none is known yet: as often as hours are sold."""
ROUNDS_LOOKED_AT = 20
LEAST_AGE = HOUR
"""An order is not forecast anew, for the score, before that."""
_ENDS = frozenset({OrderState.ALLOCATED, OrderState.EXPIRED, OrderState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands in the book: how many come before it in the queue; its rank by worth per unit-hour (1 is the
    best) among so many orders for the same compute class; and when it is expected to be matched."""

    orders_ahead: int
    rank: int
    of_orders: int
    forecast: Forecast


class Forecaster:
    """Makes forecasts from what was recorded up to one moment."""

    def __init__(self, work: Store, now: datetime, just_scored: Sequence[Forecast] = ()) -> None:
        self._now = now
        landings = work.promises.newest_landings(ROUNDS_LOOKED_AT)
        gaps = [later - earlier for later, earlier in pairwise(landings)]
        steps = sorted(gap for gap in gaps if gap > timedelta(0))
        self._interval = steps[len(steps) // 2] if steps else USUAL_INTERVAL
        known = [*just_scored, *work.promises.scored_forecasts(MOST_HISTORY)]
        newest = sorted(known, key=lambda forecast: (-forecast.made_at.timestamp(), forecast.order_id))
        self._waits = _waits_by_tenth(newest[:MOST_HISTORY])

    def forecast(self, order: Order, rank_share: float) -> Forecast:
        """When an order of this rank (0 is the best, below 1) is expected to be matched."""
        waits = self._waits[_tenth(rank_share)]
        deadline = order.terms.deadline
        if len(waits) < LEAST_HISTORY:
            latest = deadline if rank_share < 0.5 else None
            return Forecast(order.id, self._now, self._now, latest, rank_share, ForecastBasis.PRIOR)
        first, last = waits[int(EARLY * (len(waits) - 1))], waits[math.ceil(LATE * (len(waits) - 1))]
        earliest = deadline if first == NEVER else min(self._now + (first - 1) * self._interval, deadline)
        latest = None if last == NEVER else min(self._now + (last + 0.5) * self._interval, deadline)
        return Forecast(order.id, self._now, earliest, latest, rank_share, ForecastBasis.HISTORY)


def standing_of(work: Store, order: Order, now: datetime) -> Standing:
    """Where an order that is in the book stands there."""
    worth = _worth_of(order)
    others = [
        worth_micros_per_unit_hour(one["units"], one["unit_tenths"], one["hours"], limit, share)
        for one, limit, share in work.promises.book(order.job.compute_class)
    ]
    better = sum(other > worth for other in others)
    of_orders = max(len(others), 1)
    forecast = Forecaster(work, now).forecast(order, better / of_orders)
    return Standing(work.promises.orders_ahead(order.queue_key), better + 1, of_orders, forecast)


@dataclass(frozen=True, slots=True)
class Notes:
    """What is to be noted of forecasts: those that are made, those that are scored, and orders whose will never be."""

    made: Sequence[Forecast]
    scored: Sequence[Forecast]
    void: Sequence[str]

    def in_parts(self, most: int) -> "Iterator[Notes]":
        """So many at a time, scores first: an order's other forecasts are dropped once those are written."""
        for start in range(0, len(self.scored), most):
            yield Notes((), self.scored[start : start + most], ())
        for start in range(0, len(self.void), most):
            yield Notes((), (), self.void[start : start + most])
        for start in range(0, len(self.made), most):
            yield Notes(self.made[start : start + most], (), ())

    def write(self, work: Store) -> None:
        """Store them."""
        work.promises.write_scores(self.scored)
        work.promises.forget_forecasts(self.void)
        work.promises.add_forecasts(self.made)


def forecasts_to_note(market: Store, left_in_book: Sequence[Order], now: datetime) -> Notes:
    """When a round has landed: the scores of what is known by now, and forecasts of the orders that it left in the book."""
    scored, void = _scores(market)
    lately = market.promises.forecast_since(now - LEAST_AGE)
    forecaster = Forecaster(market, now, scored)
    shares = rank_shares(left_in_book)
    made = [forecaster.forecast(order, shares[order.id]) for order in left_in_book if order.id not in lately]
    return Notes(made, scored, void)


def _scores(market: Store) -> tuple[list[Forecast], list[str]]:
    """Forecasts of orders that have left the book, scored; and orders whose forecast can never be."""
    pending = market.promises.pending_forecasts()
    if not pending:
        return [], []
    steps = market.promises.steps_of(sorted({forecast.order_id for forecast in pending}))
    landings = market.promises.landed_rounds(min(forecast.made_at for forecast in pending))
    scored, void = [], []
    for forecast in pending:
        at, end = _end_of(steps[forecast.order_id], forecast.made_at)
        if end is OrderState.ALLOCATED:
            scored.append(_matched(forecast, at, landings))
        elif end is OrderState.EXPIRED or (forecast.latest is not None and forecast.latest < at):
            scored.append(replace(forecast, hit=forecast.latest is None))
        else:
            void.append(forecast.order_id)
    return scored, void


def rank_shares(orders: Iterable[Order]) -> Mapping[str, float]:
    """For each order the share of those for the same compute class that are worth more per unit-hour."""
    by_class: dict[str, list[tuple[float, str]]] = {}
    for order in orders:
        by_class.setdefault(order.job.compute_class, []).append((_worth_of(order), order.id))
    shares = {}
    for some in by_class.values():
        ascending = sorted(worth for worth, _ in some)
        for worth, order_id in some:
            shares[order_id] = (len(ascending) - bisect_right(ascending, worth)) / len(ascending)
    return shares


def worth_micros_per_unit_hour(
    units: int, unit_tenths: int, hours: float | Mapping[str, float], limit_micros: int, share: float
) -> float:
    """What a buyer pays at most for a unit-hour that is still to do."""
    fewest = min(hours.values()) if isinstance(hours, Mapping) else hours
    return limit_micros * WHOLE_UNIT / (units * unit_tenths * fewest * share)


def _worth_of(order: Order) -> float:
    job = order.job
    return worth_micros_per_unit_hour(
        job.units, job.unit_tenths, job.hours, order.remaining_limit_micros, order.remaining_share
    )


def _waits_by_tenth(scored: Sequence[Forecast]) -> list[list[float]]:
    """Rounds waited by orders whose rank lay in each tenth or beside it, sorted."""
    tenths: list[list[float]] = [[] for _ in range(TENTHS)]
    for forecast in scored:
        waited = NEVER if forecast.waited_rounds is None else float(forecast.waited_rounds)
        tenths[_tenth(forecast.rank_share)].append(waited)
    return [sorted(wait for near in tenths[max(t - 1, 0) : t + 2] for wait in near) for t in range(TENTHS)]


def _tenth(rank_share: float) -> int:
    return min(int(rank_share * TENTHS), TENTHS - 1)


def _end_of(steps: Sequence[tuple[datetime, OrderState]], since: datetime) -> tuple[datetime, OrderState]:
    """The first step since then that took the order out of the book."""
    return next(((at, state) for at, state in steps if at >= since and state in _ENDS), steps[-1])


def _matched(forecast: Forecast, at: datetime, landings: Sequence[datetime]) -> Forecast:
    waited = bisect_right(landings, at) - bisect_right(landings, forecast.made_at)
    within = forecast.earliest <= at and (forecast.latest is None or at <= forecast.latest)
    return replace(forecast, matched_at=at, hit=within, waited_rounds=max(waited, 1))
