"""Immediate orders, held quotes and rounds in any sequence: nothing is sold twice, nothing is lost, money balances.

What is used is summed up here, apart from the market's own arithmetic: units by offering and hour, watts by node and hour,
of allocations and of quotes that are held.
"""

from collections import Counter
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from databases import Databases
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from promises_kept import broken_promises
from thoroughness import often
from toy_market import CATALOGUE, FREE, HOUR, SCENARIO, START, order, snapshot, terms

from market.clearing.free_market import FreeMarket
from market.clearing.snapshot import Horizon
from market.clearing.spot_market import SpotMarket
from market.domain.clock import VirtualClock
from market.domain.errors import Conflict, MarketError
from market.domain.ids import IdSource
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.parties import Actor, Role
from market.domain.policy import PRESETS
from market.domain.quotes import HeldQuote
from market.domain.rounds import Allocation
from market.domain.states import OrderState, RoundState
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.persistence.store import Store

OPERATOR, BUYER = Actor("key_operator", Role.OPERATOR, None), Actor("key_buyer", Role.BUYER, "buy_toy")
WATTS = {"east_metro": 1500, "west_green": 1100, "west_tight": 1200}
"""What a card draws at each node's facility; only west_tight has a cap, 5 kW."""
ASKED = st.fixed_dictionaries(
    {
        "limit_cny": st.integers(1, 400),
        "hours_to_deadline": st.integers(1, 40),
        "units": st.integers(1, 8),
        "hours": st.sampled_from([0.5, 1, 3, 7.5, 20]),
        "max_rtt_ms": st.sampled_from([None, None, 10.0]),
        "earliest_start": st.none() | st.integers(0, 200).map(lambda h: START + h * HOUR),
        "kind": st.sampled_from(list(TimeInForce)),
    }
)
SMALL: dict[str, Any] = {
    "limit_cny": 400,
    "hours_to_deadline": 9,
    "units": 2,
    "hours": 1,
    "earliest_start": None,
}
HELD_ON_THE_HOUR = [("hold", SMALL | {"kind": TimeInForce.IMMEDIATE}), ("wait", 20), ("use", 0)]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.lists(ASKED, min_size=1, max_size=5)),
        st.tuples(st.just("clear"), st.lists(ASKED, max_size=3)),
        st.tuples(st.just("hold"), ASKED),
        st.tuples(st.just("use"), st.integers(0, 3)),
        st.tuples(st.just("amend"), st.integers(0, 9)),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(1, 90)),
    ),
    min_size=1,
    max_size=14,
)


def asked_terms(asked: dict[str, Any], now: datetime) -> OrderTerms | None:
    """The terms, or None where a window would be over before it begins."""
    wanted = dict(asked)
    kind, start = wanted.pop("kind"), wanted["earliest_start"]
    if start is not None:
        wanted["hours_to_deadline"] += (max(start, now) - START) // HOUR
    plain = terms(**wanted)
    return replace(plain, time_in_force=kind) if plain.deadline > now else None


class Lived:
    """One exchange, and the steps taken there."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = VirtualClock(START)
        self.exchange = Exchange(self.database, self.clock)
        self.exchange.load_scenario(SCENARIO)
        self.exchange.set_policy(OPERATOR, FREE)
        self.accepted: set[str] = set()
        self.quotes: list[tuple[HeldQuote, OrderTerms]] = []

    def take(self, step: str, given_: Any) -> None:
        getattr(self, step)(given_)

    def submit(self, asked: list[dict[str, Any]]) -> None:
        found = [asked_terms(one, self.clock.now()) for one in asked]
        sent = [Submission("buy_toy", one) for one in found if one is not None]
        for answer in self.exchange.submit_orders(BUYER, sent):
            if isinstance(answer, Order):
                self.accepted.add(answer.id)
                immediate = answer.terms.time_in_force is TimeInForce.IMMEDIATE
                assert answer.state is (OrderState.ALLOCATED if immediate else OrderState.OPEN)
            else:
                assert answer.code == "not_placed_now"

    def clear(self, meanwhile: list[dict[str, Any]]) -> None:
        opened = self.exchange.open_round(OPERATOR, RoundRequest(policy=FREE))
        self.submit(meanwhile)
        assert self.exchange.finish_round(opened).state is RoundState.LANDED

    def hold(self, asked: dict[str, Any]) -> None:
        wanted = asked_terms(asked, self.clock.now())
        if wanted is None:
            return
        with suppress(Conflict):  # nothing is free, or enough is held
            self.quotes.append((self.exchange.hold_quote(BUYER, "buy_toy", wanted, 30), wanted))

    def use(self, which: int) -> None:
        if not self.quotes:
            return
        quote, wanted = self.quotes[which % len(self.quotes)]
        with self.database.reading() as session:
            held = quote.id in {q.id for q in Store(session).promises.held_quotes(self.clock.now())}
        paying = replace(wanted, limit_price_micros=max(wanted.limit_price_micros, quote.price_micros))
        (answer,) = self.exchange.submit_orders(BUYER, [Submission("buy_toy", paying, quote_id=quote.id)])
        if isinstance(answer, Order):
            self.accepted.add(answer.id)
        else:
            assert not held
            assert answer.code in {"quote_expired", "deadline_passed", "start_too_old"}

    def amend(self, which: int) -> None:
        self._try(
            which, lambda id_: self.exchange.amend_order(BUYER, id_, {"time_in_force": TimeInForce.IMMEDIATE})
        )

    def cancel(self, which: int) -> None:
        self._try(which, lambda id_: self.exchange.cancel_order(BUYER, id_))

    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        self.exchange.keep_time()

    def _try(self, which: int, change: Any) -> None:
        if self.accepted:
            with suppress(MarketError):  # too late, or nothing free
                change(sorted(self.accepted)[which % len(self.accepted)])

    def check(self) -> None:
        now = self.clock.now()
        with self.database.reading() as session:
            work = Store(session)
            holding = (*work.rounds.running_allocations(), *work.promises.held_quotes(now))
            orders = work.orders.page(PageRequest(limit=1000)).items
            assert work.ledger.imbalance_micros() == 0
        assert {one.id for one in orders} == self.accepted
        check_room(holding)
        assert broken_promises(self.database) == []


def check_room(holding: tuple[Allocation | HeldQuote, ...]) -> None:
    """Units by offering and hour, watts by node and hour."""
    units, watts = Counter[tuple[str, datetime]](), Counter[datetime]()
    for one in holding:
        for hour in range((one.ends_at - one.starts_at) // HOUR):
            at = one.starts_at + hour * HOUR
            units[one.offering_id, at] += one.units
            if one.node_id == "west_tight":
                watts[at] += one.units * WATTS["west_tight"]
    listed = {offering.id: offering.units for offering in CATALOGUE.offerings}
    assert all(used <= listed[offering_id] for (offering_id, _), used in units.items())
    assert all(drawn <= 5000 for drawn in watts.values())


@pytest.mark.slow
@settings(max_examples=often(15, 40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
@example(steps=HELD_ON_THE_HOUR)
def test_whatever_is_taken_between_rounds_nothing_is_sold_twice(
    databases: Databases, steps: list[tuple[str, Any]]
) -> None:
    with databases.migrated() as url, closing(Database(url)) as database:
        lived = Lived(database)
        for step, given_ in steps:
            lived.take(step, given_)
            lived.check()


@settings(max_examples=60, deadline=None)
@given(asked=st.lists(ASKED, min_size=1, max_size=6), policy=st.sampled_from([FREE, *PRESETS.values()]))
def test_each_order_gets_what_a_quote_would_offer_it_first(asked: list[dict[str, Any]], policy: Any) -> None:
    """In turn: the batch's own search against the market that quotes are read from, less what was taken before."""
    wanted = [{k: v for k, v in one.items() if k != "kind"} | {"earliest_start": None} for one in asked]
    orders = [order(number, **one) for number, one in enumerate(wanted)]
    ids, frozen = IdSource(), snapshot(*orders, policy=policy, horizon=Horizon(START, 48))
    market, taken = SpotMarket(frozen), ()
    for one in orders:
        fits = FreeMarket(replace(frozen, orders=(), allocations=taken)).affordable(one)
        found = market.place(one.id, ids, START)
        assert (found is None) == (not fits)
        if found is None:
            continue
        best = fits[0]
        assert found.offering_id == CATALOGUE.offerings[best.offering_row].id
        assert found.starts_at == START + best.start * HOUR
        assert found.price_micros == best.price_micros
        market.take(found)
        taken = (*taken, found)
    assert np.array_equal(
        [a.units for a in taken], [o.job.units for o in orders if o.id in {a.order_id for a in taken}]
    )
