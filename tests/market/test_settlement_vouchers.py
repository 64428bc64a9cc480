"""Vouchers: what a pool pays, what it never pays, and that nobody spends it twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from toy_books import CNY, ToyBooks
from toy_market import HOUR, START, terms

from market.domain.devices import ComputeClass
from market.domain.errors import MarketError
from market.domain.ledger import TransferKind
from market.domain.orders import Order
from market.domain.parties import Actor
from market.domain.rounds import Allocation
from market.domain.vouchers import VoucherPool
from market.exchange import Exchange, Submission

pytestmark = pytest.mark.slow

BUYER, ESCROW, PROVIDER = "acc_buy_toy", "acc_escrow_buy_toy", "acc_prv_toy"
FAR = START + 10_000 * HOUR
NEW_YEAR = datetime(2030, 12, 31, 16, tzinfo=UTC)
"""Local midnight at the start of 2031 in Shanghai."""


@pytest.fixture
def toy(exchange: Exchange) -> ToyBooks:
    return ToyBooks(exchange)


@pytest.fixture
def new_pool(exchange: Exchange, operator: Actor) -> Any:
    def create(funds_cny: int = 1000, rate: float = 0.3, cap_cny: int = 1000, **rules: Any) -> str:
        plain = VoucherPool("", "杭州市", {ComputeClass.GPU: rate}, cap_cny * CNY, START - HOUR, FAR)
        return exchange.create_voucher_pool(operator, replace(plain, **rules), funds_cny * CNY).id

    return create


def run(toy: ToyBooks, order: Order, *charges: float, **changes: Any) -> tuple[Order, Allocation]:
    """Granted, run to its end, and paid."""
    order, allocation = toy.grant(order, *charges, **changes)
    with toy.at(allocation.ends_at) as (_, books):
        return books.finish(order, allocation, allocation.ends_at)


def paid_by(toy: ToyBooks, pool: str) -> float:
    """Net of what came back, in CNY."""
    account = f"acc_{pool}"
    out = sum(t.amount_micros for t in toy.transfers() if t.debit_account_id == account)
    back = sum(t.amount_micros for t in toy.transfers() if t.kind is TransferKind.VOUCHER_RETURN)
    return (out - back) / CNY


def test_the_provider_is_paid_in_full_and_the_pool_pays_its_share_to_the_buyer(
    toy: ToyBooks, new_pool: Any
) -> None:
    pool = new_pool()
    run(toy, toy.accept(100, pool=pool), 20, 10)
    assert toy.balances() == {BUYER: -21, PROVIDER: 30, f"acc_{pool}": 991, "acc_outside": -1000}
    vouchers = [t for t in toy.transfers() if t.kind is TransferKind.VOUCHER]
    assert [(t.amount_micros, t.hour) for t in vouchers] == [(6 * CNY, START), (3 * CNY, START + HOUR)]
    toy.require_sound()


def test_a_share_is_meant_in_decimals_and_rounded_half_up(toy: ToyBooks, new_pool: Any) -> None:
    pool = new_pool(rate=0.3)
    run(toy, toy.accept(100, pool=pool), 0.000005)  # 1.5 micro-yuan
    assert paid_by(toy, pool) == 2 / CNY


@pytest.mark.parametrize(
    "rules",
    [
        {"rate_by_class": {ComputeClass.HPC: 0.5}},
        {"eligible_providers": ("prv_other",)},
        {"related_parties": (("buy_toy", "prv_toy"),)},
        {"valid_from": START + 100 * HOUR},
        {"valid_until": START},
    ],
)
def test_rules_that_pay_nothing(toy: ToyBooks, new_pool: Any, rules: dict[str, Any]) -> None:
    pool = new_pool(**rules)
    run(toy, toy.accept(100, pool=pool), 20)
    assert paid_by(toy, pool) == 0
    toy.require_sound()


@pytest.mark.parametrize(
    "rules", [{"eligible_providers": ("prv_toy",)}, {"related_parties": (("buy_other", "prv_toy"),)}]
)
def test_rules_that_pay(toy: ToyBooks, new_pool: Any, rules: dict[str, Any]) -> None:
    pool = new_pool(**rules)
    run(toy, toy.accept(100, pool=pool), 20)
    assert paid_by(toy, pool) == 6


def test_validity_counts_by_the_hour_that_ran(toy: ToyBooks, new_pool: Any) -> None:
    pool = new_pool(valid_until=START + HOUR)
    order, allocation = toy.grant(toy.accept(100, pool=pool), 20, 20)
    with toy.at(START + 50 * HOUR) as (_, books):  # settled late
        books.settle(order, allocation)
    assert paid_by(toy, pool) == 6


def test_the_cap_is_for_each_buyer_and_year(toy: ToyBooks, new_pool: Any) -> None:
    pool = new_pool(cap_cny=10)
    run(toy, toy.accept(100, pool=pool), 20, 20)  # 6 + 4 of 6
    assert paid_by(toy, pool) == 10
    run(toy, toy.accept(100, pool=pool), 20)
    assert paid_by(toy, pool) == 10
    other = toy.accept(100, pool=pool, buyer="buy_other")
    run(toy, other, 20)
    assert paid_by(toy, pool) == 16
    around = NEW_YEAR - HOUR
    order = toy.accept(100, pool=pool, now=around)
    run(
        toy, order, 20, 20, starts_at=around, now=around
    )  # the old year's cap is used up, the new one's is not
    assert paid_by(toy, pool) == 22
    toy.require_sound()


def test_the_pool_is_first_come_first_served_until_it_is_empty(toy: ToyBooks, new_pool: Any) -> None:
    pool = new_pool(funds_cny=8)
    run(toy, toy.accept(100, pool=pool), 20, 20)
    assert toy.balances()[BUYER] == -32
    run(toy, toy.accept(100, pool=pool), 20)
    assert paid_by(toy, pool) == 8
    toy.require_sound()


def test_a_refund_returns_the_vouchers_share(toy: ToyBooks, new_pool: Any) -> None:
    pool = new_pool(cap_cny=6)
    order, allocation = toy.grant(toy.accept(100, pool=pool), 20, 20)
    with toy.at(START + HOUR) as (_, books), books.together():
        order, allocation = books.settle(order, allocation)
        order, allocation = books.interrupt(order, allocation, START + HOUR, credited=False)
    assert toy.balances() == {BUYER: -100, ESCROW: 100, f"acc_{pool}": 1000, "acc_outside": -1000}
    run(toy, toy.accept(100, pool=pool), 20)  # the cap has room again
    assert paid_by(toy, pool) == 6
    toy.require_sound()


def test_caps_hold_when_many_are_settled_together(toy: ToyBooks, new_pool: Any) -> None:
    pool = new_pool(funds_cny=20, cap_cny=15)
    pairs = [toy.grant(toy.accept(100, pool=pool), 20, 20) for _ in range(3)]
    with toy.at(START + 2 * HOUR) as (_, books), books.together():
        for order, allocation in pairs:
            books.settle(order, allocation)
    assert paid_by(toy, pool) == 15
    toy.require_sound()


def test_a_voucher_spent_twice_at_once_is_spent_once(toy: ToyBooks, new_pool: Any) -> None:
    pool = new_pool(funds_cny=6, cap_cny=6)
    pairs = [toy.grant(toy.accept(100, pool=pool), 20) for _ in range(4)]
    start = Barrier(len(pairs))

    def settle(pair: tuple[Order, Allocation]) -> None:
        start.wait()
        with toy.at(START + HOUR) as (_, books):
            books.settle(*pair)

    with ThreadPoolExecutor(len(pairs)) as threads:
        list(threads.map(settle, pairs))
    assert paid_by(toy, pool) == 6
    assert toy.balances() == {BUYER: -74, PROVIDER: 80, "acc_outside": -6}
    toy.require_sound()


def test_orders_on_pools_that_never_pay_them_are_refused(
    exchange: Exchange, buyer: Actor, new_pool: Any
) -> None:
    hpc, expired = new_pool(rate_by_class={ComputeClass.HPC: 0.2}), new_pool(valid_until=START)
    asked = [replace(terms(), voucher_pool_id=pool) for pool in ("vpl_none", hpc, expired)]
    answers = exchange.submit_orders(buyer, [Submission("buy_toy", one) for one in asked])
    codes = [answer.code for answer in answers if isinstance(answer, MarketError)]
    assert codes == ["unknown_voucher_pool", "voucher_of_other_class", "voucher_expired"]
