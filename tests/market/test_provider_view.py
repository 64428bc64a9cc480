"""What a provider sees of money: its earnings. What its buyer paid, and so the buyer's limit, shows nowhere."""

from dataclasses import replace

import pytest
from toy_books import CNY, ToyBooks
from toy_market import FREE, HOUR, START

from market.domain.ledger import Transfer, TransferKind
from market.domain.parties import Actor, Role
from market.enquiries.desk import Enquiries
from market.exchange import Exchange
from market.persistence.database import Database
from market.persistence.paging import PageRequest
from market.settlement.bills import StatementSums
from market.settlement.enquiries import LedgerEnquiries
from market.settlement.months import Month

JANUARY = Month(2030, 1)
PAGE = PageRequest()
EARNED = (30, 24)
CHARGED = (20, 11)
"""A limit of 31 keeps the buyer below the marginal price of both hours."""


@pytest.fixture
def toy(exchange: Exchange) -> ToyBooks:
    return ToyBooks(exchange)


@pytest.fixture
def ledger(database: Database) -> LedgerEnquiries:
    return LedgerEnquiries(database)


@pytest.fixture
def provider(exchange: Exchange, operator: Actor) -> Actor:
    exchange.set_policy(operator, replace(FREE, fee_rate=0.1))
    return exchange.authenticate(exchange.issue_key(operator, Role.PROVIDER, "prv_toy"))


def seen(transfers: tuple[Transfer, ...]) -> list[tuple[str, float]]:
    return sorted((t.kind.value, t.amount_micros / CNY) for t in transfers)


def run_both_hours(toy: ToyBooks) -> str:
    order, allocation = toy.grant(toy.accept(31), *CHARGED, earnings_cny=EARNED)
    for hour in (1, 2):
        with toy.at(START + hour * HOUR) as (_, books):
            order, allocation = books.settle(order, allocation)
    return allocation.id


def test_an_allocation_shows_each_side_its_own_money(
    toy: ToyBooks, enquiries: Enquiries, operator: Actor, provider: Actor, buyer: Actor
) -> None:
    id_ = run_both_hours(toy)
    for actor, amount in ((provider, 54), (buyer, 31), (operator, 31)):
        one = enquiries.allocation(actor, id_)
        (listed,) = enquiries.allocations(actor, PAGE, {}).items
        assert one == listed
        assert (one.price_micros, one.paid_micros) == (amount * CNY, amount * CNY), actor.role


def test_a_captured_hour_is_one_amount(
    toy: ToyBooks, ledger: LedgerEnquiries, operator: Actor, provider: Actor
) -> None:
    run_both_hours(toy)
    page = ledger.transfers(provider, PAGE, {})
    assert seen(page.items) == [("capture", 24), ("capture", 30), ("fee", 2.4), ("fee", 3)]
    assert ledger.transfers(provider, PAGE, {"kind": TransferKind.MAKE_WHOLE}).items == ()
    net = sum(
        t.amount_micros if t.credit_account_id == "acc_prv_toy" else -t.amount_micros for t in page.items
    )
    assert net == ledger.account(provider, "acc_prv_toy").balance_micros
    assert ("make_whole", 10) in seen(ledger.transfers(operator, PAGE, {}).items)


def test_a_page_is_full_whatever_is_left_out(toy: ToyBooks, ledger: LedgerEnquiries, provider: Actor) -> None:
    run_both_hours(toy)
    request, found = PageRequest(limit=1), []
    for _ in range(4):
        page = ledger.transfers(provider, request, {})
        found += page.items
        request = replace(request, cursor=page.next_cursor)
    assert len(found) == 4
    assert page.next_cursor is None


def test_a_statement_adds_up_to_the_same_net(
    toy: ToyBooks, ledger: LedgerEnquiries, operator: Actor, provider: Actor
) -> None:
    run_both_hours(toy)
    (own,) = ledger.statements(provider, PAGE, JANUARY).items
    (whole,) = ledger.statements(operator, PAGE, JANUARY, "prv_toy").items
    assert own.total == StatementSums(54 * CNY, 0, 5_400_000)
    assert whole.total == StatementSums(31 * CNY, 23 * CNY, 5_400_000)
    assert own.total.net_micros == whole.total.net_micros
    assert [sums for _, sums in own.lines] == [own.total]


def test_a_refund_and_the_credit_tell_nothing_either(
    toy: ToyBooks, enquiries: Enquiries, ledger: LedgerEnquiries, operator: Actor, provider: Actor
) -> None:
    order, allocation = toy.grant(toy.accept(31), *CHARGED, earnings_cny=EARNED)
    with toy.at(START + HOUR) as (_, books):
        order, allocation = books.settle(order, allocation)
    with toy.at(START + 1.5 * HOUR) as (_, books):
        books.interrupt(order, allocation, START + 1.5 * HOUR, credited=True)
    assert seen(ledger.transfers(provider, PAGE, {}).items) == [
        ("capture", 30),
        ("fee", 3),
        ("fee_return", 3),
        ("refund", 30),
        ("sla_credit", 5.4),  # a tenth of 54
    ]
    (own,) = ledger.statements(provider, PAGE, JANUARY).items
    (whole,) = ledger.statements(operator, PAGE, JANUARY, "prv_toy").items
    assert own.total == StatementSums(30 * CNY, 0, 0, 30 * CNY, 5_400_000)
    assert whole.total == StatementSums(20 * CNY, 0, 0, 20 * CNY, 5_400_000)
    one = enquiries.allocation(provider, allocation.id)
    assert (one.price_micros, one.paid_micros) == (54 * CNY, 0)
