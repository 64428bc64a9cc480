"""Each written rule of money, by an example that can be reckoned by hand."""

from dataclasses import replace
from datetime import timedelta

import pytest
from toy_books import CNY, ToyBooks
from toy_market import FREE, HOUR, START

from market.domain.errors import Conflict
from market.domain.ledger import TransferKind
from market.domain.offerings import SlaGrade
from market.domain.parties import Actor
from market.domain.states import AllocationState, OrderState
from market.exchange import Exchange

BUYER, ESCROW, PROVIDER = "acc_buy_toy", "acc_escrow_buy_toy", "acc_prv_toy"
FEE, MAKE_WHOLE = "acc_fee", "acc_make_whole"


@pytest.fixture
def toy(exchange: Exchange) -> ToyBooks:
    return ToyBooks(exchange)


def charge_fees(exchange: Exchange, operator: Actor, rate: float) -> None:
    exchange.set_policy(operator, replace(FREE, fee_rate=rate))


def test_an_accepted_order_holds_its_limit_price(toy: ToyBooks) -> None:
    order = toy.accept(100)
    assert order.held_micros == 100 * CNY
    assert toy.balances() == {BUYER: -100, ESCROW: 100}
    toy.require_sound()


def test_a_grant_releases_what_the_price_does_not_need(toy: ToyBooks) -> None:
    order, _ = toy.grant(toy.accept(100), 20, 20, 20)
    assert order.held_micros == 60 * CNY
    assert toy.balances() == {BUYER: -60, ESCROW: 60}
    toy.require_sound()


def test_what_ends_in_the_book_gets_everything_back(toy: ToyBooks) -> None:
    order = toy.accept(100)
    with toy.at(START + HOUR) as (_, books):
        assert books.release(order).held_micros == 0
    assert toy.balances() == {}
    toy.require_sound()


def test_hours_are_captured_when_they_are_over(toy: ToyBooks) -> None:
    order, allocation = toy.grant(toy.accept(100), 20, 25, 30)
    with toy.at(START + 2 * HOUR - timedelta(seconds=1)) as (_, books):
        order, allocation = books.settle(order, allocation)
    assert (allocation.settled_hours, allocation.paid_micros) == (1, 20 * CNY)
    assert (order.held_micros, order.paid_micros) == (55 * CNY, 20 * CNY)
    assert toy.balances() == {BUYER: -75, ESCROW: 55, PROVIDER: 20}
    with toy.at(START + 2 * HOUR) as (_, books):
        order, allocation = books.settle(order, allocation)
        assert books.settle(order, allocation) == (order, allocation)  # nothing twice
    assert toy.balances() == {BUYER: -75, ESCROW: 30, PROVIDER: 45}
    captures = [t for t in toy.transfers() if t.kind is TransferKind.CAPTURE]
    assert [t.hour for t in captures] == [START, START + HOUR]
    toy.require_sound()


def test_a_clock_that_goes_back_does_nothing(toy: ToyBooks) -> None:
    order, allocation = toy.grant(toy.accept(100), 20, 20)
    with toy.at(START + HOUR) as (_, books):
        order, allocation = books.settle(order, allocation)
    with toy.at(START - 5 * HOUR) as (_, books):
        assert books.settle(order, allocation) == (order, allocation)
    toy.require_sound()


def test_a_part_hour_is_charged_by_the_second_half_up(toy: ToyBooks) -> None:
    # 3.6 CNY an hour is 0.001 a second; 1 micro more an hour makes 1,000 seconds cost 1_000_000.28 -> 1_000_000
    order, allocation = toy.grant(toy.accept(100), 3.6, 3.600001, 3.6)
    with toy.at(START + HOUR + timedelta(seconds=1000, milliseconds=900)) as (_, books):
        order, allocation = books.finish(order, allocation, START + HOUR + timedelta(seconds=1000))
    assert allocation.paid_micros == 3_600_000 + 1_000_000
    assert allocation.settled_hours == 1
    assert order.held_micros == 0
    assert toy.balances() == {BUYER: -4.6, PROVIDER: 4.6}
    toy.require_sound()


def test_half_a_micro_is_rounded_up(toy: ToyBooks) -> None:
    order, allocation = toy.grant(toy.accept(100), 0.000003)
    with toy.at(START + HOUR / 2) as (_, books):
        _, allocation = books.finish(order, allocation, START + HOUR / 2)
    assert allocation.paid_micros == 2  # 1.5
    toy.require_sound()


def test_early_completion_pays_used_time_and_releases_the_rest(toy: ToyBooks) -> None:
    order, allocation = toy.grant(toy.accept(100), 20, 20, 20)
    with toy.at(START + 1.5 * HOUR) as (_, books):
        order, allocation = books.finish(order, allocation, START + 1.5 * HOUR)
    assert (order.held_micros, order.paid_micros) == (0, 30 * CNY)
    assert toy.balances() == {BUYER: -30, PROVIDER: 30}
    toy.require_sound()


def test_what_fails_before_it_starts_costs_nothing(toy: ToyBooks) -> None:
    order, allocation = toy.grant(toy.accept(100), 20, 20, starts_at=START + 3 * HOUR)
    with toy.at(START + HOUR) as (_, books):
        books.finish(order, allocation, START + HOUR)
    assert toy.balances() == {}
    toy.require_sound()


def test_cancelling_in_the_book_is_free(toy: ToyBooks) -> None:
    order = toy.accept(100)
    with toy.at(START) as (_, books):
        order, allocation = books.cancel(order, None, START)
    assert allocation is None
    assert toy.balances() == {}
    toy.require_sound()


@pytest.mark.parametrize(
    ("cancelled_at", "pays"),
    [
        (START - 2 * HOUR, 0),  # notice is over before it starts
        (START - 0.5 * HOUR, 10),  # half an hour of the first
        (START, 20),
        (START + 1.25 * HOUR, 20 + 20 + 5),
        (START + 2.5 * HOUR, 60),  # the window ends before the notice
    ],
)
def test_cancelling_later_pays_one_hour_of_notice(toy: ToyBooks, cancelled_at: object, pays: float) -> None:
    order, allocation = toy.grant(toy.accept(100, now=START - 3 * HOUR), 20, 20, 20, now=START - 3 * HOUR)
    with toy.at(cancelled_at) as (_, books):  # type: ignore[arg-type]
        order, _cancelled = books.cancel(order, allocation, cancelled_at)  # type: ignore[arg-type]
    assert order.held_micros == 0
    assert toy.balances() == ({BUYER: -pays, PROVIDER: pays} if pays else {})
    toy.require_sound()


def test_fee_and_make_whole_take_their_parts_of_an_hour(
    toy: ToyBooks, exchange: Exchange, operator: Actor
) -> None:
    charge_fees(exchange, operator, 0.05)
    order, allocation = toy.grant(toy.accept(100), 20, 20, earnings_cny=(24, 20))
    with toy.at(START + 2 * HOUR) as (_, books):
        books.finish(order, allocation, START + 2 * HOUR)
    # earned 24 + 20 = 44, of which 4 from make-whole; 5% of 44 is 2.2
    assert toy.balances() == {BUYER: -40, MAKE_WHOLE: -4, FEE: 2.2, PROVIDER: 41.8}
    toy.require_sound()


def test_the_fee_is_that_of_the_policy_at_the_time_of_the_order(
    toy: ToyBooks, exchange: Exchange, operator: Actor, clock: object
) -> None:
    order, allocation = toy.grant(toy.accept(100), 20)
    clock.advance(HOUR)  # type: ignore[attr-defined]
    charge_fees(exchange, operator, 0.5)
    with toy.at(START + HOUR) as (_, books):
        books.settle(order, allocation)
    assert FEE not in toy.balances()


def test_an_interrupted_order_gets_its_lost_work_back_and_a_credit(
    toy: ToyBooks, exchange: Exchange, operator: Actor
) -> None:
    charge_fees(exchange, operator, 0.05)
    order, allocation = toy.grant(toy.accept(100), 20, 20, 20, earnings_cny=(24, 20, 20))
    with toy.at(START + HOUR) as (_, books):
        order, allocation = books.settle(order, allocation)
    with toy.at(START + 1.5 * HOUR) as (_, books):
        order, allocation = books.interrupt(order, allocation, START + 1.5 * HOUR, credited=True)
    assert (order.paid_micros, order.held_micros, order.remaining_share) == (0, 100 * CNY, 1.0)
    assert allocation.paid_micros == 0
    # nothing is left of the hour; 10% of the 64 that it would have earned is credited; the whole limit is held again
    assert toy.balances() == {BUYER: -93.6, ESCROW: 100, PROVIDER: -6.4}
    kinds = {t.kind for t in toy.transfers()}
    assert {TransferKind.REFUND, TransferKind.FEE_RETURN, TransferKind.MAKE_WHOLE_RETURN} <= kinds
    toy.require_sound()


def test_an_interruptible_order_keeps_its_finished_hours(toy: ToyBooks) -> None:
    order, allocation = toy.grant(toy.accept(100, interruptible=True), 20, 20, 20, 20)
    with toy.at(START + 1.5 * HOUR) as (work, books):
        order, allocation = books.interrupt(order, allocation, START + 1.5 * HOUR, credited=False)
        work.rounds.move_allocation(allocation, AllocationState.INTERRUPTED)
    assert (order.paid_micros, order.held_micros, order.remaining_share) == (20 * CNY, 80 * CNY, 0.75)
    assert (allocation.settled_hours, allocation.paid_micros) == (1, 20 * CNY)
    assert toy.balances() == {BUYER: -100, ESCROW: 80, PROVIDER: 20}
    # matched again, for the three hours that are left: 15 each
    interrupted = replace(order, state=OrderState.INTERRUPTED)
    assert interrupted.remaining_limit_micros == 80 * CNY
    order, again = toy.grant(order, 15, 15, 15, starts_at=START + 4 * HOUR)
    with toy.at(START + 7 * HOUR) as (_, books):
        order, again = books.finish(order, again, START + 7 * HOUR)
    assert toy.balances() == {BUYER: -65, PROVIDER: 65}
    toy.require_sound()


def test_what_ran_to_its_end_is_not_interrupted(toy: ToyBooks) -> None:
    order, allocation = toy.grant(toy.accept(100, interruptible=True), 20)
    with pytest.raises(Conflict, match="ran to its end"), toy.at(START + HOUR) as (_, books):
        books.interrupt(order, allocation, START + HOUR, credited=True)
    toy.require_sound()


@pytest.mark.parametrize(("grade", "credit"), [("standard", 4), ("trusted", 10), ("critical", 20)])
def test_the_credit_goes_by_the_grade_that_was_matched(
    toy: ToyBooks, exchange: Exchange, operator: Actor, grade: str, credit: float
) -> None:
    matched = exchange.amend_offering(operator, "off_1", sla=SlaGrade(grade))
    order, allocation = toy.grant(toy.accept(100), 20, 20, offering_version=matched.version)
    other = SlaGrade.TRUSTED if grade == "standard" else SlaGrade.STANDARD
    exchange.amend_offering(operator, "off_1", sla=other)
    with toy.at(START) as (_, books):
        books.interrupt(order, allocation, START, credited=True)
    assert toy.balances() == {BUYER: -100 + credit, ESCROW: 100, PROVIDER: -credit}
    toy.require_sound()


def test_the_hold_follows_an_amended_limit(toy: ToyBooks) -> None:
    order = toy.accept(100)
    with toy.at(START) as (_, books):
        assert books.amend(order, 120 * CNY).held_micros == 120 * CNY
    assert toy.balances() == {BUYER: -120, ESCROW: 120}
    with toy.at(START) as (_, books):
        books.amend(replace(order, held_micros=120 * CNY), 50 * CNY)
    assert toy.balances() == {BUYER: -50, ESCROW: 50}
    toy.require_sound()


def test_a_price_above_the_limit_is_not_granted(toy: ToyBooks) -> None:
    with pytest.raises(Conflict, match="costs more"):
        toy.grant(toy.accept(100), 60, 60)
    toy.require_sound()


def test_whoever_read_old_sums_is_refused(toy: ToyBooks) -> None:
    order, allocation = toy.grant(toy.accept(100), 20, 20)
    with toy.at(START + HOUR) as (_, books):
        books.settle(order, allocation)
    for late in (START + HOUR, START + 2 * HOUR):
        with pytest.raises(Conflict, match="meanwhile"), toy.at(late) as (_, books):
            books.settle(order, allocation)  # as they were before the first hour
    toy.require_sound()


def test_a_step_that_fails_takes_the_steps_with_it(toy: ToyBooks) -> None:
    good, bad = toy.accept(10), toy.accept(10)

    def release_both() -> None:
        with toy.at(START) as (_, books), books.together():
            books.release(good)
            books.release(replace(bad, held_micros=9 * CNY))

    with pytest.raises(Conflict, match="meanwhile"):
        release_both()
    assert toy.balances() == {BUYER: -20, ESCROW: 20}
    toy.require_sound()
