"""Invoices and statements: hand-reckoned lines, months at midnight in Shanghai, totals that are those of the ledger."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from toy_books import CNY, ToyBooks
from toy_market import FREE, HOUR, START

from market.domain.devices import ComputeClass
from market.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted
from market.domain.orders import Order
from market.domain.parties import Actor, Role
from market.domain.rounds import Allocation
from market.domain.vouchers import VoucherPool
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.settlement.bills import Invoice, InvoiceSums, Statement, StatementSums
from market.settlement.enquiries import LedgerEnquiries
from market.settlement.months import Month, year_around

JANUARY = Month(2030, 1)
FEBRUARY = Month(2030, 2)
NEW_MONTH = datetime(2030, 1, 31, 16, tzinfo=UTC)
"""Local midnight at the start of February in Shanghai."""


@pytest.fixture
def toy(exchange: Exchange) -> ToyBooks:
    return ToyBooks(exchange)


@pytest.fixture
def ledger(database: Database) -> LedgerEnquiries:
    return LedgerEnquiries(database)


def invoice(ledger: LedgerEnquiries, actor: Actor, month: Month = JANUARY) -> Invoice:
    (found,) = ledger.invoices(actor, PageRequest(), month, "buy_toy").items
    return found


def statement(ledger: LedgerEnquiries, actor: Actor, month: Month = JANUARY) -> Statement:
    (found,) = ledger.statements(actor, PageRequest(), month, "prv_toy").items
    return found


def test_a_month_day_by_day(
    toy: ToyBooks, exchange: Exchange, operator: Actor, ledger: LedgerEnquiries
) -> None:
    """Captured at 02:00 and 23:00 of the first day, and at 01:00 of the next; a payout is nothing earned."""
    exchange.set_policy(operator, replace(FREE, fee_rate=0.1))
    order, allocation = toy.grant(toy.accept(100), *[2] * 26)
    for hours in (2, 23, 25):
        with toy.at(START + hours * HOUR) as (_, books):
            order, allocation = books.settle(order, allocation)
    exchange.payout(operator, "acc_prv_toy", CNY)
    found = statement(ledger, operator)
    first, second = date(2030, 1, 2), date(2030, 1, 3)
    assert [(day, sums) for day, sums in found.days if sums.charge_micros] == [
        (first, StatementSums(charge_micros=46 * CNY, fee_micros=round(4.6 * CNY))),
        (second, StatementSums(charge_micros=4 * CNY, fee_micros=round(0.4 * CNY))),
    ]
    assert sum(sums.net_micros for _, sums in found.days) == found.total.net_micros == 45 * CNY
    assert found.payouts_micros == CNY


def test_a_month_line_by_line(
    toy: ToyBooks, exchange: Exchange, operator: Actor, buyer: Actor, ledger: LedgerEnquiries
) -> None:
    exchange.set_policy(operator, replace(FREE, fee_rate=0.05))
    rules = VoucherPool("", "市", {ComputeClass.GPU: 0.5}, 1000 * CNY, START, START + 999 * HOUR)
    pool = exchange.create_voucher_pool(operator, rules, 100 * CNY)
    exchange.deposit(operator, "acc_buy_toy", 500 * CNY)
    kept, first = toy.grant(toy.accept(100, pool=pool.id), 20, 20, earnings_cny=(24, 20))
    with toy.at(START + 1.5 * HOUR) as (_, books):
        books.finish(kept, first, START + 1.5 * HOUR)
    lost, second = toy.grant(toy.accept(100, pool=pool.id), 10, 10)
    with toy.at(START + HOUR) as (_, books):
        lost, second = books.settle(lost, second)
    with toy.at(START + 1.5 * HOUR) as (_, books):
        books.interrupt(lost, second, START + 1.5 * HOUR, True)

    bill = invoice(ledger, buyer)
    assert [sums for _, sums in bill.lines] == [
        InvoiceSums(30 * CNY, 15 * CNY, 0, 0),  # an hour and a half, half of it from the pool
        InvoiceSums(10 * CNY, 0, 10 * CNY, 2 * CNY),  # an hour, refunded, and a tenth of 20
    ]
    assert [(work.order_id, work.units, work.seconds) for work, _ in bill.lines] == [
        (kept.id, 2, 5400),
        (lost.id, 2, 3600),
    ]
    assert bill.total == InvoiceSums(40 * CNY, 15 * CNY, 10 * CNY, 2 * CNY)
    assert (bill.total.due_micros, bill.deposits_micros) == (13 * CNY, 500 * CNY)
    balances = toy.balances()
    assert balances["acc_buy_toy"] + balances["acc_escrow_buy_toy"] == 500 - 13

    earned = statement(ledger, operator)
    assert [sums for _, sums in earned.lines] == [
        StatementSums(30 * CNY, 4 * CNY, 1_700_000, 0, 0),  # 5% of 34
        StatementSums(10 * CNY, 0, 0, 10 * CNY, 2 * CNY),
    ]
    assert (earned.total.net_micros, balances["acc_prv_toy"]) == (30_300_000, 30.3)  # 34 - 1.7 - 2
    exchange.payout(operator, "acc_prv_toy", 30 * CNY)
    assert statement(ledger, operator).payouts_micros == 30 * CNY


def test_a_month_holds_what_was_booked_in_it(toy: ToyBooks, buyer: Actor, ledger: LedgerEnquiries) -> None:
    start = NEW_MONTH - 2 * HOUR
    order, allocation = toy.grant(toy.accept(100, now=start), 20, 10, 5, now=start, starts_at=start)
    for hour in (1, 2, 3):  # the second hour is over at midnight: booked in February
        with toy.at(start + hour * HOUR) as (_, books):
            order, allocation = books.settle(order, allocation)
    assert invoice(ledger, buyer, JANUARY).total.charge_micros == 20 * CNY
    assert invoice(ledger, buyer, FEBRUARY).total.charge_micros == 15 * CNY
    assert invoice(ledger, buyer, Month(2030, 3)).lines == ()


def test_each_reads_its_own_bills(
    exchange: Exchange, operator: Actor, buyer: Actor, ledger: LedgerEnquiries
) -> None:
    provider = exchange.authenticate(exchange.issue_key(operator, Role.PROVIDER, "prv_toy"))
    with pytest.raises(NotPermitted):
        ledger.invoices(provider, PageRequest(), JANUARY)
    with pytest.raises(NotPermitted):
        ledger.invoices(buyer, PageRequest(), JANUARY, "buy_other")
    with pytest.raises(NotPermitted):
        ledger.statements(buyer, PageRequest(), JANUARY)
    assert [one.buyer_id for one in ledger.invoices(buyer, PageRequest(), JANUARY).items] == ["buy_toy"]
    every = ledger.invoices(operator, PageRequest(limit=1), JANUARY)
    assert [one.buyer_id for one in every.items] == ["buy_other"]
    assert every.next_cursor is not None


def test_each_sees_its_own_accounts_and_transfers(
    toy: ToyBooks, operator: Actor, buyer: Actor, other_buyer: Actor, ledger: LedgerEnquiries
) -> None:
    order = toy.accept(100)
    assert ledger.account(buyer, "acc_escrow_buy_toy").balance_micros == 100 * CNY
    assert [a.id for a in ledger.accounts(other_buyer, PageRequest()).items] == [
        "acc_buy_other",
        "acc_escrow_buy_other",
    ]
    for stranger in ("acc_buy_toy", "acc_fee", "acc_prv_toy"):
        with pytest.raises(NotFound):
            ledger.account(other_buyer, stranger)
    (hold,) = ledger.transfers(buyer, PageRequest(), {"order_id": order.id}).items
    assert ledger.transfer(operator, hold.id) == hold
    assert ledger.transfers(other_buyer, PageRequest(), {"order_id": order.id}).items == ()
    assert ledger.imbalance_micros(operator) == 0
    with pytest.raises(NotPermitted):
        ledger.imbalance_micros(buyer)


def test_an_hour_is_captured_once_however_many_try(toy: ToyBooks) -> None:
    order, allocation = toy.grant(toy.accept(100), 20, 20)
    start = Barrier(4)

    def settle(_: int) -> tuple[Order, Allocation] | Conflict:
        start.wait()
        try:
            with toy.at(START + HOUR) as (_work, books):
                return books.settle(order, allocation)
        except Conflict as refusal:
            return refusal

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(settle, range(4)))
    assert sorted(getattr(answer, "code", "done") for answer in answers) == ["done"] + ["sums_changed"] * 3
    assert toy.balances() == {"acc_buy_toy": -40, "acc_escrow_buy_toy": 20, "acc_prv_toy": 20}
    toy.require_sound()


def test_months_and_years_are_those_of_shanghai() -> None:
    assert (FEBRUARY.since, str(FEBRUARY)) == (NEW_MONTH, "2030-02")
    assert JANUARY.before == NEW_MONTH
    assert Month(2029, 12).before == JANUARY.since == START - timedelta(days=1)
    assert year_around(NEW_MONTH) == (JANUARY.since, Month(2031, 1).since)
    assert year_around(JANUARY.since - timedelta(seconds=1))[1] == JANUARY.since
    assert Month.of("2030-02") == FEBRUARY
    for text in ("2030-2", "2030-00", "2030-13", "1999-01", "2030-02-01", "feb", "２０３０-02"):
        with pytest.raises(InvalidInput):
            Month.of(text)
