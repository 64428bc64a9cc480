"""A market lived at random: whatever is done in whatever order, every promise holds after every step.

At most 100 lives of 100 steps each. Time is a virtual clock's; what is refused must be refused by a named error.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from databases import Databases
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from promises_kept import broken_promises
from thoroughness import often
from toy_market import FREE, HOUR, OFFERINGS, SCENARIO, START, job, offering

from market.desks.running import FailureCause
from market.domain.clock import VirtualClock
from market.domain.errors import MarketError
from market.domain.offerings import Maintenance
from market.domain.orders import Order, OrderTerms, TimeInForce
from market.domain.parties import Actor, Role
from market.domain.policy import PricingRule
from market.exchange import Exchange, RoundRequest, Submission
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.persistence.store import Store
from solver import Limits

pytestmark = pytest.mark.slow

OPERATOR = Actor("key_operator", Role.OPERATOR, None)
BUYERS = {name: Actor(f"key_{name}", Role.BUYER, name) for name in ("buy_toy", "buy_other")}
LIMITS = Limits(seconds=5)
POLICIES = (
    FREE,
    replace(FREE, name="marginal", pricing=PricingRule.MARGINAL, fee_rate=0.05),
    replace(FREE, name="moving", may_move=True, move_cost_micros=1),
)
JOBS = st.fixed_dictionaries(
    {
        "units": st.integers(1, 9),
        "hours": st.sampled_from([0.5, 1, 2, 3, 5, 8]),
        "max_rtt_ms": st.sampled_from([None, 2.0, 30.0]),
        "min_memory_gb": st.sampled_from([None, 80]),
    }
)


def load_market(url: str) -> None:
    """Fill a database with the toy market."""
    with closing(Database(url)) as database:
        database.upgrade()
        exchange = Exchange(database, VirtualClock(START))
        exchange.load_scenario(SCENARIO)
        sliced = offering("off_x", "west_green", "a100_80", 2, 7, slices_per_unit=10)
        exchange.list_offering(OPERATOR, sliced)
        exchange.list_offering(
            OPERATOR, offering("off_x", "east_metro", "a100_80", 3, 9, heartbeat_minutes=60)
        )


class ExchangeMachine(RuleBasedStateMachine):
    """One exchange; rules are what its people may do."""

    def __init__(self, databases: Databases) -> None:
        super().__init__()
        self._databases, self._open = databases, ExitStack()

    @initialize()
    def open(self) -> None:
        """A fresh copy of the loaded market."""
        original, _ = self._databases.prepared(load_market)
        url = self._open.enter_context(self._databases.copied(original))
        self.database = self._open.enter_context(closing(Database(url)))
        self.clock = VirtualClock(START)
        self.exchange = Exchange(self.database, self.clock)
        self.landed = 0

    def teardown(self) -> None:
        """Nothing stays behind."""
        self._open.close()

    # What buyers do

    @rule(
        wanted=JOBS,
        tenths=st.sampled_from([10, 10, 10, 3]),
        limit=st.integers(1, 400),
        window=st.integers(1, 30),
        buyer=st.sampled_from(sorted(BUYERS)),
        force=st.sampled_from(TimeInForce),
        interruptible=st.booleans(),
        draft=st.sampled_from([False, False, False, True]),
    )
    def submit(
        self,
        wanted: dict[str, Any],
        tenths: int,
        limit: int,
        window: int,
        buyer: str,
        force: TimeInForce,
        *,
        interruptible: bool,
        draft: bool,
    ) -> None:
        if tenths < 10:
            wanted = wanted | {"units": 1, "unit_tenths": tenths}
        asked = OrderTerms(
            job(**wanted), limit * 10**6, 0, None, self.clock.now() + window * HOUR, interruptible, force
        )
        for answer in self.exchange.submit_orders(BUYERS[buyer], [Submission(buyer, asked, draft)]):
            assert isinstance(answer, Order | MarketError)

    @rule(
        data=st.data(),
        field=st.sampled_from(["limit", "deadline", "units", "immediate"]),
        by=st.integers(1, 40),
    )
    def amend(self, data: st.DataObject, field: str, by: int) -> None:
        order = self.pick(data, "draft", "open", "interrupted", "allocated")
        changes: dict[str, Any] = {
            "limit": {"limit_price_micros": order.terms.limit_price_micros + by * 10**6 - 5 * 10**6},
            "deadline": {"deadline": order.terms.deadline + by * HOUR - 5 * HOUR},
            "units": {"units": by},
            "immediate": {"time_in_force": TimeInForce.IMMEDIATE},
        }[field]
        with refusals():
            self.exchange.amend_order(BUYERS[order.buyer_id], order.id, changes)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = self.pick(data)
        with refusals():
            self.exchange.cancel_order(BUYERS[order.buyer_id], order.id)

    @rule(data=st.data())
    def hand_in_a_draft(self, data: st.DataObject) -> None:
        order = self.pick(data, "draft")
        with refusals():
            self.exchange.submit_draft(BUYERS[order.buyer_id], order.id)

    @rule(wanted=JOBS, minutes=st.integers(1, 60))
    def hold_a_quote_and_use_it(self, wanted: dict[str, Any], minutes: int) -> None:
        asked = OrderTerms(job(**wanted), 10**9, 0, None, self.clock.now() + 20 * HOUR)
        with refusals():
            quote = self.exchange.hold_quote(BUYERS["buy_toy"], "buy_toy", asked, minutes)
            if minutes % 2:
                submission = Submission("buy_toy", asked, quote_id=quote.id)
                for answer in self.exchange.submit_orders(BUYERS["buy_toy"], [submission]):
                    assert isinstance(answer, Order), answer

    # What providers do

    @rule(chosen=st.sampled_from(OFFERINGS), ask=st.integers(1, 12), free=st.integers(0, 4))
    def amend_an_offering(self, chosen: Any, ask: int, free: int) -> None:
        with refusals():
            self.exchange.amend_offering(
                OPERATOR,
                chosen.id,
                ask_micros_per_unit_hour=ask * 10**6,
                free_units_by_hour=(min(free * 2, chosen.units),) * 24,
            )

    @rule(chosen=st.sampled_from(OFFERINGS), after=st.integers(0, 12), back=st.booleans())
    def drain(self, chosen: Any, after: int, *, back: bool) -> None:
        with refusals():
            self.exchange.drain_offering(
                OPERATOR, chosen.id, None if back else self.clock.now() + after * HOUR
            )

    @rule(chosen=st.sampled_from(OFFERINGS), after=st.integers(0, 12), hours=st.integers(1, 6))
    def maintain(self, chosen: Any, after: int, hours: int) -> None:
        start = self.clock.now() + after * HOUR
        with refusals():
            self.exchange.add_maintenance(OPERATOR, chosen.id, Maintenance(start, start + hours * HOUR))

    @rule(chosen=st.sampled_from(OFFERINGS[2:4]))
    def withdraw(self, chosen: Any) -> None:
        with refusals():
            self.exchange.withdraw_offering(OPERATOR, chosen.id)

    @rule(data=st.data(), what=st.sampled_from(["start", "heartbeat", "complete", "fail", "break"]))
    def report(self, data: st.DataObject, what: str) -> None:
        live = self.read(lambda work: work.rounds.running_allocations())
        if not live:
            return
        id_ = data.draw(st.sampled_from([allocation.id for allocation in live]))
        with refusals():
            match what:
                case "start":
                    self.exchange.report_start(OPERATOR, id_)
                case "heartbeat":
                    self.exchange.report_heartbeat(OPERATOR, id_)
                case "complete":
                    self.exchange.report_completion(OPERATOR, id_)
                case "fail":
                    self.exchange.report_failure(OPERATOR, id_, FailureCause.JOB)
                case _:
                    self.exchange.report_failure(OPERATOR, id_, FailureCause.PROVIDER)

    # What the operator and time do

    @rule(node=st.sampled_from(["east_metro", "west_green", "west_tight"]), up=st.booleans())
    def node_fails_or_returns(self, node: str, *, up: bool) -> None:
        with refusals():
            (self.exchange.node_up if up else self.exchange.node_down)(OPERATOR, node)

    @rule(policy=st.sampled_from(POLICIES))
    def clear(self, policy: Any) -> None:
        round_ = self.exchange.clear_round(OPERATOR, RoundRequest(policy, limits=LIMITS))
        assert round_.state.value == "landed", round_
        self.landed += 1

    @rule(minutes=st.sampled_from([1, 17, 60, 60, 150, 600]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        self.exchange.keep_time()

    @precondition(lambda self: self.landed)
    @rule()
    def time_is_kept_twice(self) -> None:
        self.exchange.keep_time()
        before = self.read(lambda work: work.ledger.accounts())
        self.exchange.keep_time()
        assert self.read(lambda work: work.ledger.accounts()) == before

    @invariant()
    def every_promise_holds(self) -> None:
        if hasattr(self, "database"):
            assert broken_promises(self.database) == []

    def pick(self, data: st.DataObject, *states: str) -> Any:
        orders = self.read(lambda work: work.orders.page(PageRequest(limit=1000)).items)
        fitting = [order for order in orders if not states or order.state.value in states]
        if not fitting:
            asked = OrderTerms(job(), 50 * 10**6, 0, None, self.clock.now() + 10 * HOUR)
            return self.exchange.submit_orders(BUYERS["buy_toy"], [Submission("buy_toy", asked, draft=True)])[
                0
            ]
        return data.draw(st.sampled_from(fitting))

    def read(self, ask: Any) -> Any:
        with self.database.reading() as session:
            return ask(Store(session))


@contextmanager
def refusals() -> Iterator[None]:
    """The market may say no, by a named error; anything else is a fault."""
    try:
        yield
    except MarketError:
        return


def test_whatever_is_done_every_promise_holds(databases: Databases) -> None:
    tried = settings(
        max_examples=often(usually=20, thoroughly=100),
        stateful_step_count=100,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: ExchangeMachine(databases), settings=tried)
