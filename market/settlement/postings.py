"""Transfers, sums and steps on their way into the database: collected step by step, stored all at once.

A unit of work that settles ten thousand orders stores as few statements as one that settles one, and writes each row once,
as its last step leaves it. Accounts are opened when money first moves in or out of them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from market.domain.errors import Conflict
from market.domain.ids import IdSource
from market.domain.ledger import (
    FEE_ACCOUNT,
    MAKE_WHOLE_ACCOUNT,
    OUTSIDE_ACCOUNT,
    Account,
    AccountKind,
    Transfer,
    TransferKind,
    account_of,
    escrow_of,
)
from market.domain.money import format_cny
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.persistence.steps import write_allocations, write_orders
from market.persistence.store import Store

KNOWN_ENDS = 10_000
"""Ends of transfers that are kept: ten thousand orders of one buyer name the same two."""
FEES = Account(FEE_ACCOUNT, AccountKind.FEE, None, None)
MAKE_WHOLE = Account(MAKE_WHOLE_ACCOUNT, AccountKind.MAKE_WHOLE, None, None)
OUTSIDE = Account(OUTSIDE_ACCOUNT, AccountKind.OUTSIDE, None, None)


@lru_cache(maxsize=KNOWN_ENDS)
def buyer_account(buyer_id: str) -> Account:
    """A buyer's; billed monthly, so it may fall without limit until an operator sets one."""
    return Account(account_of(buyer_id), AccountKind.BUYER, buyer_id, None)


@lru_cache(maxsize=KNOWN_ENDS)
def escrow_account(buyer_id: str) -> Account:
    """Where a buyer's holds lie."""
    return Account(escrow_of(buyer_id), AccountKind.ESCROW, buyer_id, 0)


@lru_cache(maxsize=KNOWN_ENDS)
def provider_account(provider_id: str) -> Account:
    """A provider's; refunds and credits may take it below zero."""
    return Account(account_of(provider_id), AccountKind.PROVIDER, provider_id, None)


def pool_account(pool_id: str) -> Account:
    """A voucher pool's: never overdrawn."""
    return Account(account_of(pool_id), AccountKind.VOUCHER, pool_id, 0)


@dataclass(frozen=True, slots=True)
class Entries:
    """What steps come to: rows before and after, transfers, and the accounts that they touch."""

    orders: Sequence[tuple[Order, Order]]
    allocations: Sequence[tuple[Allocation, Allocation]]
    accounts: Sequence[Account]
    transfers: Sequence[Transfer]


class Postings:
    """Moves of money in one unit of work at one moment."""

    def __init__(self, work: Store, ids: IdSource, now: datetime) -> None:
        self.work = work
        self.now = now
        self._ids = ids
        self._depth = 0
        self._transfers: list[Transfer] = []
        self._of_allocation: dict[str, list[Transfer]] = {}
        self._touched: dict[str, Account] = {}
        self._orders: dict[str, tuple[Order, Order]] = {}
        self._allocations: dict[str, tuple[Allocation, Allocation]] = {}
        self._limited: dict[str, Account | None] = {}
        self._moved: dict[str, int] = {}

    @contextmanager
    def together(self) -> Iterator[None]:
        """Steps within are stored at the end of the outermost; one that raises takes all of them with it."""
        self._depth += 1
        try:
            yield
            if self._depth == 1:
                self._store()
        except BaseException:
            self._forget()
            raise
        finally:
            self._depth -= 1

    @contextmanager
    def unstored(self) -> Iterator[None]:
        """Steps within are kept for `take`, and stored by somebody else."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def take(self) -> Entries:
        """What all steps since the last come to; it is forgotten here."""
        accounts = [self._touched[id_] for id_ in sorted(self._touched)]
        taken = Entries(
            list(self._orders.values()), list(self._allocations.values()), accounts, self._transfers
        )
        self._forget()
        return taken

    def move(
        self,
        kind: TransferKind,
        ends: tuple[Account, Account],
        amount_micros: int,
        order: Order | None = None,
        allocation: Allocation | None = None,
        hour: datetime | None = None,
    ) -> Transfer:
        """Move an amount from the first account to the second."""
        debit, credit = ends
        transfer = Transfer(
            id=self._ids.new("tra", self.now),
            kind=kind,
            debit_account_id=debit.id,
            credit_account_id=credit.id,
            amount_micros=amount_micros,
            at=self.now,
            order_id=None if order is None else order.id,
            allocation_id=None if allocation is None else allocation.id,
            round_id=None if allocation is None else allocation.round_id,
            hour=hour,
        )
        self._transfers.append(transfer)
        if allocation is not None:
            self._of_allocation.setdefault(allocation.id, []).append(transfer)
        self._touched[debit.id], self._touched[credit.id] = debit, credit
        self._moved[debit.id] = self._moved.get(debit.id, 0) - amount_micros
        self._moved[credit.id] = self._moved.get(credit.id, 0) + amount_micros
        return transfer

    def move_any(
        self,
        kind: TransferKind,
        ends: tuple[Account, Account],
        amount_micros: int,
        order: Order | None = None,
        allocation: Allocation | None = None,
        hour: datetime | None = None,
    ) -> None:
        """The same, where the amount may be zero: then nothing moves."""
        if amount_micros:
            self.move(kind, ends, amount_micros, order, allocation, hour)

    def note_order(self, before: Order, after: Order) -> Order:
        """An order's sums changed, or its state."""
        self._orders[after.id] = (self._orders.get(after.id, (before,))[0], after)
        return after

    def note_allocation(self, before: Allocation, after: Allocation) -> Allocation:
        """An allocation's sums changed, or its state and the times of it."""
        self._allocations[after.id] = (self._allocations.get(after.id, (before,))[0], after)
        return after

    def transfers_of(self, allocation: Allocation) -> tuple[Transfer, ...]:
        """Every transfer of an allocation, those included that are not stored yet."""
        pending = self._of_allocation.get(allocation.id, ())
        return (*self.work.ledger.transfers_of(allocation_id=allocation.id), *pending)

    def available_micros(self, account: Account) -> int | None:
        """What an account can still give (None: without limit); it is held from the first question on."""
        if account.id not in self._limited:
            self.hold_limited([account])
        limited = self._limited[account.id]
        if limited is None or limited.least_micros is None:
            return None
        return limited.balance_micros - limited.least_micros + self._moved.get(account.id, 0)

    def hold_limited(self, accounts: list[Account]) -> None:
        """Ask for many accounts at once what `available_micros` asks for one."""
        new = sorted({account.id for account in accounts} - self._limited.keys())
        if new:
            found = self.work.ledger.held_limited_accounts(new)
            self._limited |= {id_: found.get(id_) for id_ in new}

    def take_as_unlimited(self, accounts: list[Account]) -> None:
        """Take accounts that nobody has asked for as without limit; they are not held."""
        self._limited |= {account.id: None for account in accounts}

    def require(self, account: Account, amount_micros: int) -> None:
        """`Conflict` unless an account can give so much."""
        available = self.available_micros(account)
        if available is not None and available < amount_micros:
            raise insufficient(account, available, amount_micros)

    def _store(self) -> None:
        entries = self.take()
        write_orders(self.work.session, entries.orders)
        write_allocations(self.work.session, entries.allocations)
        self.work.ledger.open_accounts(entries.accounts)
        self.work.ledger.post(entries.transfers)

    def _forget(self) -> None:
        self._transfers, self._of_allocation = [], {}
        self._touched, self._orders, self._allocations = {}, {}, {}
        self._limited, self._moved = {}, {}


def insufficient(account: Account, available_micros: int, wanted_micros: int) -> Conflict:
    """The refusal of an account that has too little."""
    return Conflict(
        "insufficient_funds",
        "the account has too little left for this: deposit money, ask for less, or ask the operator for more credit",
        account_id=account.id,
        available=format_cny(available_micros),
        wanted=format_cny(wanted_micros),
    )
