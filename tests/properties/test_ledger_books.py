"""Whatever sequence of steps orders take, the books keep their promises."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from thoroughness import often
from toy_books import CNY, ToyBooks
from toy_market import FREE, HOUR, SCENARIO, START

from market.domain.clock import VirtualClock
from market.domain.devices import ComputeClass
from market.domain.errors import Conflict
from market.domain.ledger import Transfer, TransferKind
from market.domain.money import part_of
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.domain.states import AllocationState, OrderState
from market.domain.vouchers import VoucherPool
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.models import OrderRow
from market.persistence.store import Store
from market.settlement.months import year_around

CAP = 40 * CNY
EARLY = ["accept", "grant", "grant", "grant", "settle", "settle", "settle", "interrupt", "amend"]
LATE = ["finish", "cancel", "release", "limit"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(EARLY + LATE),
        st.integers(0, 1000),  # which order
        st.integers(1, 40),  # CNY
        st.integers(0, 2 * 3600),  # seconds that pass first
        st.booleans(),
    ),
    min_size=40,
    max_size=60,
)
MOST_ORDERS = 4


@dataclass
class Life:
    """An order as the test follows it; `asked_micros` is the least its providers must have got for work kept."""

    order: Order
    allocation: Allocation | None = None
    ended: bool = False
    asked_micros: int = 0


@dataclass
class World:
    """One exchange through all examples: what earlier ones left behind must not matter."""

    toy: ToyBooks
    pool: str
    operator: Any
    now: datetime = START
    lives: list[Life] = field(default_factory=list)

    def take(self, step: str, pick: int, cny: int, *, flag: bool) -> None:
        """One step on an order that can take it, if there is one."""
        running = sum(not life.ended for life in self.lives)
        if step == "accept" or not running:
            if running == MOST_ORDERS:
                return
            buyer, pool = ("buy_toy", self.pool) if flag else ("buy_other", None)
            order = self.toy.accept(cny, now=self.now, buyer=buyer, pool=pool, interruptible=pick % 3 == 0)
            self.lives.append(Life(order))
            return
        if step == "limit":
            limit = None if flag else cny * 3 * CNY
            self.toy.exchange.set_credit_limit(self.operator, "acc_buy_toy", limit)
            return
        in_book = step in {"grant", "amend", "release"}
        able = [life for life in self.lives if not life.ended and (life.allocation is None) == in_book]
        if able:
            follow: Callable[[Life, int, bool], None] = getattr(self, step)
            follow(able[pick % len(able)], cny, flag)

    def grant(self, life: Life, cny: int, flag: bool) -> None:
        """Up to eight hours at a price within the limit; ask 0.8 of what the provider earns."""
        left = life.order.remaining_limit_micros
        hours = 1 + cny % 8
        charge = min(left // hours, cny * 333_333)
        earn = charge + (cny * 77_777 if flag else 0)
        price = {
            "charges_micros": (charge,) * hours,
            "earnings_micros": (earn,) * hours,
            "price_micros": charge * hours,
            "ask_micros_per_unit_hour": earn * 4 // 5,
            "starts_at": self.now + timedelta(seconds=cny * 20),
        }
        price["ends_at"] = price["starts_at"] + hours * HOUR  # type: ignore[operator]
        life.order, life.allocation = self.toy.grant(life.order, *[0] * hours, now=self.now, **price)
        life.order = replace(life.order, state=OrderState.ALLOCATED)

    def settle(self, life: Life, _cny: int, _flag: bool) -> None:
        with self.toy.at(self.now) as (_, books):
            life.order, life.allocation = books.settle(life.order, live(life))

    def finish(self, life: Life, _cny: int, _flag: bool) -> None:
        self._end(life, self.now, lambda books: books.finish(life.order, live(life), self.now))

    def cancel(self, life: Life, _cny: int, _flag: bool) -> None:
        self._end(life, self.now + HOUR, lambda books: books.cancel(life.order, live(life), self.now))

    def interrupt(self, life: Life, _cny: int, flag: bool) -> None:
        allocation = live(life)
        if self.now >= allocation.ends_at:
            return self.finish(life, 0, flag)
        with self.toy.at(self.now) as (work, books):
            order, ended = books.interrupt(life.order, allocation, self.now, flag)
            work.rounds.move_allocation(ended, AllocationState.INTERRUPTED, ended_at=self.now)
        if order.terms.interruptible:
            life.asked_micros += ended.settled_hours * allocation.ask_micros_per_unit_hour
        life.order, life.allocation = replace(order, state=OrderState.INTERRUPTED), None
        return None

    def amend(self, life: Life, cny: int, _flag: bool) -> None:
        limit = max(cny * CNY, life.order.paid_micros + 1)
        with self.toy.at(self.now) as (work, books):
            order = books.amend(life.order, limit)
            life.order = replace(order, terms=replace(order.terms, limit_price_micros=limit))
            work.session.execute(_write_limit(life.order))

    def release(self, life: Life, _cny: int, _flag: bool) -> None:
        with self.toy.at(self.now) as (_, books):
            life.order = books.release(life.order)
        life.ended = True

    def _end(self, life: Life, until: datetime, end: Callable[[Any], tuple[Order, Allocation]]) -> None:
        allocation = live(life)
        with self.toy.at(self.now) as (work, books):
            life.order, ended = end(books)
            work.rounds.move_allocation(ended, AllocationState.FAILED)
        used = max(min(until, allocation.ends_at) - allocation.starts_at, timedelta(0))
        hours, rest = divmod(used, HOUR)
        ask = allocation.ask_micros_per_unit_hour
        life.asked_micros += hours * ask + part_of(ask, rest // timedelta(seconds=1), 3600)
        life.allocation, life.ended = None, True


def live(life: Life) -> Allocation:
    assert life.allocation is not None
    return life.allocation


def _write_limit(order: Order) -> Any:
    limit = order.terms.limit_price_micros
    return update(OrderRow).where(OrderRow.id == order.id).values(limit_price_micros=limit)


@pytest.fixture
def world(database: Database) -> World:
    exchange = Exchange(database, VirtualClock(START))
    assert exchange.load_scenario(SCENARIO)
    operator = exchange.authenticate(exchange.create_operator_key())
    exchange.set_policy(operator, replace(FREE, fee_rate=0.03))
    rules = VoucherPool("", "市", {ComputeClass.GPU: 0.25}, CAP, START - HOUR, START + 9999 * HOUR)
    pool = exchange.create_voucher_pool(operator, rules, 70 * CNY).id
    return World(ToyBooks(exchange), pool, operator)


@pytest.mark.slow
@settings(max_examples=often(10, 25), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_the_books_keep_their_promises(world: World, steps: list[tuple[str, int, int, int, bool]]) -> None:
    world.lives = []
    world.toy.exchange.set_credit_limit(world.operator, "acc_buy_toy", None)
    for step, pick, cny, seconds, flag in steps:
        world.now += timedelta(seconds=seconds)
        try:
            world.take(step, pick, cny, flag=flag)
        except Conflict as refusal:
            assert refusal.code in {"insufficient_funds", "limit_exceeded"}  # noqa: PT017 - others are faults
        world.toy.require_sound()
    check_orders_and_providers(world)
    check_vouchers(world)


def check_orders_and_providers(world: World) -> None:
    """Nobody pays above its limit, no provider gets less than its ask for what is kept, and what has ended holds nothing."""
    with world.toy.exchange.database.reading() as session:
        work = Store(session)
        for life in world.lives:
            stored = work.orders.get(life.order.id)
            assert stored is not None
            known = life.order
            assert (stored.held_micros, stored.paid_micros) == (known.held_micros, known.paid_micros)
            assert stored.paid_micros + stored.held_micros <= known.terms.limit_price_micros
            assert stored.held_micros == 0 or not life.ended
            sums = sums_by_kind(work.ledger.transfers_of(order_id=known.id))
            assert sums["capture"] - sums["refund"] == stored.paid_micros
            assert sums["hold"] - sums["release"] - sums["capture"] == stored.held_micros
            assert sums["voucher"] - sums["voucher_return"] <= stored.paid_micros
            if life.allocation is None:
                earned = stored.paid_micros + sums["make_whole"] - sums["make_whole_return"]
                assert earned >= life.asked_micros
                assert sums["fee"] - sums["fee_return"] <= earned * 0.03 + len(sums)


def check_vouchers(world: World) -> None:
    """A pool never pays more than it has, nor a buyer more than its cap in a year."""
    balances = world.toy.balances()
    assert balances.get(f"acc_{world.pool}", 0) >= 0
    by_year: dict[tuple[str, datetime], int] = defaultdict(int)
    for transfer in world.toy.transfers():
        if transfer.kind is TransferKind.VOUCHER and transfer.hour is not None:
            by_year[transfer.credit_account_id, year_around(transfer.hour)[0]] += transfer.amount_micros
        elif transfer.kind is TransferKind.VOUCHER_RETURN and transfer.hour is not None:
            by_year[transfer.debit_account_id, year_around(transfer.hour)[0]] -= transfer.amount_micros
    assert all(0 <= amount <= CAP for amount in by_year.values())


def sums_by_kind(transfers: tuple[Transfer, ...]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for transfer in transfers:
        sums[transfer.kind] += transfer.amount_micros
    return sums
