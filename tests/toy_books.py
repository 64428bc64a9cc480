"""The books of a toy market, worked by hand: orders and allocations are stored as they are told, and money moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from toy_market import HOUR, START, terms

from market.desks.desk import UnitOfWork
from market.domain.ids import IdSource
from market.domain.ledger import Transfer, escrow_of
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.domain.states import AllocationState, OrderState
from market.exchange import Exchange
from market.persistence.models import OfferingRow, OrderRow
from market.persistence.store import Store
from market.settlement.books import Books

CNY = 10**6
PLENTY = 10_000
_HELD = select(OrderRow.buyer_id, func.sum(OrderRow.held_micros).label("held")).group_by(OrderRow.buyer_id)
IDS = IdSource()


def hourly(*charges_cny: float, earnings_cny: tuple[float, ...] | None = None) -> dict[str, Any]:
    """Charges and earnings by hour, and the price they add up to."""
    charges = tuple(round(c * CNY) for c in charges_cny)
    earnings = charges if earnings_cny is None else tuple(round(e * CNY) for e in earnings_cny)
    return {"charges_micros": charges, "earnings_micros": earnings, "price_micros": sum(charges)}


class ToyBooks:
    """One exchange's books, at moments that the test names; there is room for whatever it grants."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        with exchange.database.engine.begin() as connection:
            connection.execute(update(OfferingRow).values(units=PLENTY))

    @contextmanager
    def at(self, now: datetime) -> Iterator[tuple[UnitOfWork, Books]]:
        """One unit of work at a moment."""
        with self.exchange._unit_of_work() as work:
            yield work, Books(work, IDS, now)

    def accept(
        self,
        limit_cny: int = 100,
        *,
        now: datetime = START,
        buyer: str = "buy_toy",
        pool: str | None = None,
        interruptible: bool = False,
        **changes: Any,
    ) -> Order:
        """An order in the book, its limit held."""
        asked = replace(
            terms(limit_cny=limit_cny, **changes), voucher_pool_id=pool, interruptible=interruptible
        )
        order = Order(IDS.new("ord", now), buyer, asked, OrderState.OPEN, now)
        with self.at(now) as (work, books):
            work.orders.add([order], "test")
            (held,) = books.accept([order])
        return held

    def grant(
        self, order: Order, *charges_cny: float, now: datetime = START, **changes: Any
    ) -> tuple[Order, Allocation]:
        """An allocation from `START` on (or as told), hour by hour at these charges."""
        money = hourly(*charges_cny, earnings_cny=changes.pop("earnings_cny", None))
        starts_at = changes.pop("starts_at", START)
        allocation = replace(
            Allocation(
                id=IDS.new("alo", now),
                round_id=None,
                order_id=order.id,
                buyer_id=order.buyer_id,
                offering_id="off_1",
                provider_id="prv_toy",
                node_id="east_metro",
                units=2,
                starts_at=starts_at,
                ends_at=starts_at + len(charges_cny) * HOUR,
                ask_micros_per_unit_hour=0,
                rtt_ms=2.0,
                facility_kwh=1.0,
                carbon_kg_location=1.0,
                carbon_kg_market=1.0,
                state=AllocationState.GRANTED,
                **money,
            ),
            **changes,
        )
        with self.at(now) as (work, books):
            work.rounds.add_allocations([allocation])
            return books.grant(order, allocation), allocation

    def balances(self) -> dict[str, float]:
        """CNY on every account that is not empty, by id."""
        with self.exchange.database.reading() as session:
            accounts = Store(session).ledger.accounts()
        return {a.id: a.balance_micros / CNY for a in accounts if a.balance_micros}

    def transfers(self) -> tuple[Transfer, ...]:
        """Every transfer, oldest first."""
        with self.exchange.database.reading() as session:
            ledger = Store(session).ledger
            return ledger.transfers_between(
                [a.id for a in ledger.accounts()], START - 999 * HOUR, START + 99999 * HOUR
            )

    def require_sound(self) -> None:
        """The ledger sums to zero, and each buyer's escrow is the sum of its holds."""
        with self.exchange.database.reading() as session:
            work = Store(session)
            assert work.ledger.imbalance_micros() == 0
            balances = {account.id: account.balance_micros for account in work.ledger.accounts()}
            assert sum(balances.values()) == 0
            held: dict[str, int] = {}
            for row in work.session.execute(_HELD):
                held[row.buyer_id] = int(row.held)
        for buyer_id, amount in held.items():
            assert balances.get(escrow_of(buyer_id), 0) == amount
