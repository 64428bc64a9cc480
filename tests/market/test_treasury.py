"""Money in and out, credit limits, voucher pools: who may, what is refused, and that nothing happens twice."""

from dataclasses import replace

import pytest
from toy_books import CNY, ToyBooks
from toy_market import HOUR, START, TOLD, terms

from market.domain.devices import ComputeClass
from market.domain.errors import Conflict, InvalidInput, MarketError, NotFound, NotPermitted
from market.domain.orders import Order
from market.domain.parties import Actor, Buyer, Provider
from market.domain.states import OrderState
from market.domain.vouchers import VoucherPool
from market.exchange import AnsweredBefore, Exchange, Once, Submission

BUYER, ESCROW, PROVIDER = "acc_buy_toy", "acc_escrow_buy_toy", "acc_prv_toy"
POOL = VoucherPool("vpl_new", "杭州市", {ComputeClass.GPU: 0.3}, 100 * CNY, START, START + 1000 * HOUR)


@pytest.fixture
def toy(exchange: Exchange) -> ToyBooks:
    return ToyBooks(exchange)


def test_a_deposit_is_made_once(toy: ToyBooks, exchange: Exchange, operator: Actor) -> None:
    once = Once("client", "key-1", "hash")
    made = exchange.deposit(operator, BUYER, 500 * CNY, once)
    with pytest.raises(AnsweredBefore) as before:
        exchange.deposit(operator, BUYER, 500 * CNY, once)
    assert before.value.answer == {"transfer_id": made.id}
    assert toy.balances() == {BUYER: 500, "acc_outside": -500}
    toy.require_sound()


def test_a_payout_takes_at_most_what_is_there(toy: ToyBooks, exchange: Exchange, operator: Actor) -> None:
    order, allocation = toy.grant(toy.accept(100), 20)
    with toy.at(START + HOUR) as (_, books):
        books.settle(order, allocation)
    with pytest.raises(Conflict, match="too little"):
        exchange.payout(operator, PROVIDER, 20 * CNY + 1)
    exchange.payout(operator, PROVIDER, 20 * CNY)
    assert toy.balances() == {BUYER: -20, "acc_outside": 20}
    toy.require_sound()


@pytest.mark.parametrize("amount", [0, -5])
def test_an_amount_is_above_zero(exchange: Exchange, operator: Actor, amount: int) -> None:
    for move, account in ((exchange.deposit, BUYER), (exchange.payout, PROVIDER)):
        with pytest.raises(InvalidInput, match="above zero"):
            move(operator, account, amount)


def test_money_goes_where_it_belongs(exchange: Exchange, operator: Actor, buyer: Actor) -> None:
    for account in (ESCROW, PROVIDER, "acc_fee", "acc_outside"):
        with pytest.raises(Conflict, match="deposits go to"):
            exchange.deposit(operator, account, 1)
    for account in (BUYER, ESCROW, "acc_make_whole"):
        with pytest.raises(Conflict, match="payouts go to"):
            exchange.payout(operator, account, 1)
    for account in ("acc_nobody", "buy_toy", "acc_", "acc_escrow_prv_toy"):
        with pytest.raises(NotFound):
            exchange.deposit(operator, account, 1)
    with pytest.raises(NotPermitted):
        exchange.deposit(buyer, BUYER, 1)
    with pytest.raises(NotPermitted):
        exchange.set_credit_limit(buyer, BUYER, None)


def test_a_credit_limit_refuses_orders_one_by_one(
    toy: ToyBooks, exchange: Exchange, operator: Actor, buyer: Actor
) -> None:
    exchange.set_credit_limit(operator, BUYER, 50 * CNY)
    exchange.deposit(operator, BUYER, 100 * CNY)
    answers = exchange.submit_orders(buyer, [Submission("buy_toy", terms(limit_cny=c)) for c in (90, 70, 60)])
    refused = answers[1]
    assert isinstance(refused, MarketError)
    assert refused.code == "insufficient_funds"
    assert refused.facts["available"] == "60.00"
    assert [answer.held_micros for answer in answers if isinstance(answer, Order)] == [90 * CNY, 60 * CNY]
    assert toy.balances() == {BUYER: -50, ESCROW: 150, "acc_outside": -100}
    toy.require_sound()


def test_a_limit_that_is_passed_already_is_refused(
    toy: ToyBooks, exchange: Exchange, operator: Actor
) -> None:
    toy.accept(100)
    with pytest.raises(Conflict, match="below that limit"):
        exchange.set_credit_limit(operator, BUYER, 99 * CNY)
    assert exchange.set_credit_limit(operator, BUYER, 100 * CNY).least_micros == -100 * CNY
    with pytest.raises(Conflict, match="too little"):
        toy.accept(1)
    exchange.set_credit_limit(operator, BUYER, None)
    toy.accept(1)
    toy.require_sound()


def test_an_amendment_beyond_the_credit_is_refused(
    toy: ToyBooks, exchange: Exchange, operator: Actor
) -> None:
    order = toy.accept(100)
    exchange.set_credit_limit(operator, BUYER, 110 * CNY)
    with pytest.raises(Conflict, match="too little"), toy.at(START) as (_, books):
        books.amend(order, 111 * CNY)
    with toy.at(START) as (_, books):
        assert books.amend(order, 110 * CNY).held_micros == 110 * CNY
    toy.require_sound()


def test_an_interruption_goes_on_with_what_the_credit_covers(
    toy: ToyBooks, exchange: Exchange, operator: Actor
) -> None:
    order, allocation = toy.grant(toy.accept(100), 20, 20)  # holds 40
    toy.accept(50)
    exchange.set_credit_limit(operator, BUYER, 100 * CNY)  # 10 left, and 4 of credit for the interruption
    with toy.at(START) as (_, books):
        order, _ = books.interrupt(order, allocation, START, credited=True)
    assert order.held_micros == 54 * CNY
    assert replace(order, state=OrderState.INTERRUPTED).remaining_limit_micros == 54 * CNY
    assert toy.balances() == {BUYER: -100, ESCROW: 104, PROVIDER: -4}
    toy.require_sound()


def test_a_pool_is_created_with_its_funds_and_filled_up(
    toy: ToyBooks, exchange: Exchange, operator: Actor
) -> None:
    pool = exchange.create_voucher_pool(operator, POOL, 100 * CNY)
    assert pool.id.startswith("vpl_")
    exchange.deposit(operator, f"acc_{pool.id}", 50 * CNY)
    assert toy.balances() == {f"acc_{pool.id}": 150, "acc_outside": -150}
    with pytest.raises(InvalidInput, match="no provider"):
        exchange.create_voucher_pool(operator, replace(POOL, eligible_providers=("prv_nobody",)), 0)
    with pytest.raises(InvalidInput, match="no buyer"):
        exchange.create_voucher_pool(operator, replace(POOL, related_parties=(("buy_no", "prv_toy"),)), 0)


def test_no_two_own_one_account(exchange: Exchange, operator: Actor) -> None:
    taken = Provider("buy_toy", "名", "Name", "cloud", None, TOLD)
    with pytest.raises(Conflict, match="exists already"):
        exchange.register(operator, taken)
    for id_ in ("escrow_buy_toy", "fee", "make_whole", "outside", "vpl_1"):
        with pytest.raises(InvalidInput, match="accounts of the exchange"):
            exchange.register(operator, Buyer(id_, "名", "Name", "lab", None, TOLD))
