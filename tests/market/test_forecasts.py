"""Forecasts: made by the written rule, stored when a round lands, scored when it is known how they fared."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from toy_market import FREE, HOUR, START, order, terms

from market.domain.clock import VirtualClock
from market.domain.devices import ComputeClass
from market.domain.errors import MarketError
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.parties import Actor
from market.domain.quotes import Forecast, ForecastBasis, ForecastScore
from market.domain.states import Cause, OrderState
from market.enquiries.desk import Enquiries
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.models import OrderRow
from market.persistence.money_models import ForecastRow
from market.persistence.store import Store
from market.rounds.forecasts import (
    LEAST_HISTORY,
    Forecaster,
    Notes,
    forecasts_to_note,
    rank_shares,
    standing_of,
)

pytestmark = pytest.mark.slow

ROUND = RoundRequest(policy=FREE)
TOO_CHEAP: dict[str, Any] = {"limit_cny": 1, "units": 2, "hours": 3}


def submit(exchange: Exchange, buyer: Actor, *asked: OrderTerms) -> list[Order]:
    answers: list[Order | MarketError] = exchange.submit_orders(
        buyer, [Submission("buy_toy", one) for one in asked]
    )
    orders = [answer for answer in answers if isinstance(answer, Order)]
    assert len(orders) == len(answers)
    return orders


def stored(exchange: Exchange) -> list[Forecast]:
    with exchange.database.reading() as session:
        rows = session.query(ForecastRow).order_by(ForecastRow.made_at, ForecastRow.order_id).all()
        return [
            Forecast(
                row.order_id,
                row.made_at,
                row.earliest,
                row.latest,
                row.rank_share,
                ForecastBasis(row.basis),
                row.matched_at,
                row.hit,
                row.waited_rounds,
            )
            for row in rows
        ]


def test_rank_is_by_what_a_unit_hour_is_worth_within_a_compute_class() -> None:
    orders = [
        order(1, limit_cny=12, units=2, hours=3),  # 2 CNY a unit-hour
        order(2, limit_cny=12, units=1, hours=3),  # 4
        order(3, limit_cny=12, units=2, hours={"a100_80": 1.5, "910b": 3.0}),  # 4, at the fewest hours
        order(4, limit_cny=1, compute_class=ComputeClass.HPC, precision=None),
        replace(order(5, limit_cny=12, units=2, hours=3), remaining_share=0.25, paid_micros=6 * 10**6),  # 4
    ]
    assert rank_shares(orders) == {"ord_001": 0.75, "ord_002": 0, "ord_003": 0, "ord_004": 0, "ord_005": 0}


def test_with_little_history_the_forecast_is_a_stated_prior(
    exchange: Exchange, operator: Actor, buyer: Actor
) -> None:
    worse, better = submit(exchange, buyer, terms(**TOO_CHEAP), terms(**(TOO_CHEAP | {"limit_cny": 2})))
    exchange.clear_round(operator, ROUND)
    assert stored(exchange) == [
        Forecast(worse.id, START, START, None, 0.5, ForecastBasis.PRIOR),
        Forecast(better.id, START, START, START + 24 * HOUR, 0.0, ForecastBasis.PRIOR),
    ]
    with exchange.database.reading() as session:
        standing = standing_of(Store(session), better, START)
    assert (standing.orders_ahead, standing.rank, standing.of_orders) == (1, 1, 2)


def test_every_order_left_in_the_book_is_forecast_once_an_hour_at_most(
    exchange: Exchange, operator: Actor, buyer: Actor, clock: VirtualClock
) -> None:
    submit(exchange, buyer, terms(**TOO_CHEAP), terms())
    submit(exchange, buyer, replace(terms(**TOO_CHEAP), time_in_force=TimeInForce.NEXT_ROUND))
    for _ in range(3):
        exchange.clear_round(operator, ROUND)
    assert len(stored(exchange)) == 1  # one was placed, one had its round
    clock.advance(HOUR)
    exchange.clear_round(operator, ROUND)
    assert len(stored(exchange)) == 2


def test_a_match_is_scored_with_the_rounds_it_took(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor, clock: VirtualClock
) -> None:
    (poor,) = submit(exchange, buyer, terms(**TOO_CHEAP))
    for _ in range(3):
        exchange.clear_round(operator, ROUND)
        clock.advance(HOUR)
    exchange.amend_order(buyer, poor.id, {"limit_price_micros": 1000 * 10**6})
    assert enquiries.forecast_score().count == 0
    exchange.clear_round(operator, ROUND)
    found = stored(exchange)
    assert [f.waited_rounds for f in found] == [3, 2, 1]
    assert all(f.hit and f.matched_at == START + 3 * HOUR for f in found)
    # from each hour to the deadline at START + 24 h: 24, 23 and 22 hours
    assert enquiries.forecast_score() == ForecastScore(3, 3, 0, 23.0)


def test_an_order_that_expires_scores_where_no_latest_moment_was_promised(
    exchange: Exchange, enquiries: Enquiries, operator: Actor, buyer: Actor, clock: VirtualClock
) -> None:
    better, worse = submit(exchange, buyer, terms(**(TOO_CHEAP | {"limit_cny": 2})), terms(**TOO_CHEAP))
    exchange.clear_round(operator, ROUND)
    clock.advance(25 * HOUR)
    exchange.clear_round(operator, ROUND)
    assert {f.order_id: f.hit for f in stored(exchange)} == {better.id: False, worse.id: True}
    assert enquiries.forecast_score() == ForecastScore(2, 1, 1, 24.0)


def test_whoever_cancels_in_time_leaves_nothing_to_score(
    exchange: Exchange, operator: Actor, buyer: Actor
) -> None:
    (poor,) = submit(exchange, buyer, terms(**TOO_CHEAP))
    exchange.clear_round(operator, ROUND)
    exchange.cancel_order(buyer, poor.id)
    exchange.clear_round(operator, ROUND)
    assert stored(exchange) == []


def record_history(exchange: Exchange, orders: list[Order], waits: list[int | None], share: float) -> None:
    with exchange._unit_of_work() as work:
        work.promises.add_forecasts(
            [
                Forecast(
                    o.id, START, START, None, share, ForecastBasis.PRIOR, None, hit=True, waited_rounds=w
                )
                for o, w in zip(orders, waits, strict=True)
            ]
        )


@pytest.mark.parametrize(
    ("waits", "earliest_h", "latest_h"),
    [
        ([*range(1, 21)], 1, 19.5),  # a tenth by round 2, nine tenths by round 19; half a step to spare
        ([1] * 20, 0, 1.5),
        ([1] * 15 + [None] * 5, 0, None),
        ([None] * 20, 24, None),  # nobody was matched: not before the deadline
        ([*range(50, 70)], 24, 24),  # a range ends with the deadline
    ],
)
def test_with_history_the_range_is_what_orders_of_similar_rank_waited(
    exchange: Exchange, buyer: Actor, waits: list[int | None], earliest_h: float, latest_h: float | None
) -> None:
    """No two rounds have landed: an hour between rounds is taken for usual."""
    orders = submit(exchange, buyer, *[terms()] * LEAST_HISTORY)
    record_history(exchange, orders, waits, share=0.55)
    with exchange.database.reading() as session:
        forecaster = Forecaster(Store(session), START)
    found = forecaster.forecast(order(), 0.61)  # the next tenth: similar
    assert found.basis is ForecastBasis.HISTORY
    assert found.earliest == START + timedelta(hours=earliest_h)
    assert found.latest == (None if latest_h is None else START + timedelta(hours=latest_h))
    assert forecaster.forecast(order(), 0.71).basis is ForecastBasis.PRIOR


def test_the_usual_time_between_rounds_is_what_it_was_lately(
    exchange: Exchange, operator: Actor, buyer: Actor, clock: VirtualClock
) -> None:
    for minutes in (10, 10, 50):
        exchange.clear_round(operator, ROUND)
        clock.advance(timedelta(minutes=minutes))
    orders = submit(exchange, buyer, *[terms()] * LEAST_HISTORY)
    record_history(exchange, orders, [2] * LEAST_HISTORY, share=0.0)
    now = clock.now()
    with exchange.database.reading() as session:
        found = Forecaster(Store(session), now).forecast(order(), 0.0)
    assert (found.earliest, found.latest) == (now + timedelta(minutes=10), now + timedelta(minutes=25))


def test_an_interrupted_order_scores_by_its_first_match(exchange: Exchange, buyer: Actor) -> None:
    """Matched at one o'clock, interrupted at two: what was forecast at noon was about one o'clock."""
    (told,) = submit(exchange, buyer, terms())
    with exchange._unit_of_work() as work:
        work.promises.add_forecasts([Forecast(told.id, START, START, START + HOUR, 0.0, ForecastBasis.PRIOR)])
        steps = (
            (OrderState.OPEN, OrderState.ALLOCATED, Cause.PLACED_AT_ONCE),
            (OrderState.ALLOCATED, OrderState.INTERRUPTED, Cause.NODE_DOWN),
            (OrderState.INTERRUPTED, OrderState.EXPIRED, Cause.DEADLINE_PASSED),
        )
        for hours, (state, to, cause) in enumerate(steps, start=1):
            work.orders.move([replace(told, state=state)], to, START + hours * HOUR, cause, "exchange", "")
        assert work.session.get(OrderRow, told.id) is not None
        forecasts_to_note(work, [], START).write(work)
    (found,) = stored(exchange)
    assert (found.hit, found.matched_at, found.waited_rounds) == (True, START + HOUR, 1)


def test_scores_are_written_before_the_rest_of_an_order_s_forecasts_is_dropped(
    exchange: Exchange, buyer: Actor
) -> None:
    """Whoever cancels after one forecast's latest moment and before another's leaves one to score and one that never is."""
    first, second = (one.id for one in submit(exchange, buyer, terms(**TOO_CHEAP), terms(**TOO_CHEAP)))
    early = [Forecast(id_, START, START, START, 0.1, ForecastBasis.PRIOR) for id_ in (first, second)]
    late = [replace(one, made_at=START + HOUR, latest=START + 9 * HOUR) for one in early]
    with exchange._unit_of_work() as work:
        work.promises.add_forecasts([*early, *late])
    notes = Notes((), [replace(one, hit=False) for one in early], [second, first])
    for part in notes.in_parts(1):
        with exchange._unit_of_work() as work:
            part.write(work)
    assert [(one.order_id, one.hit) for one in stored(exchange)] == [(first, False), (second, False)]
