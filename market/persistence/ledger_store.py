"""Accounts and transfers. Sums on accounts are kept with the transfers, in the same transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from market.domain.errors import NotCovered
from market.domain.ledger import Account, Transfer, TransferKind
from market.domain.offerings import SlaGrade
from market.domain.vouchers import VoucherPool
from market.persistence import mapping
from market.persistence.bulk import BoundRows, ReadyRows, bind_columns
from market.persistence.filters import Filters, conditions
from market.persistence.models import OfferingRow, OfferingVersionRow
from market.persistence.money_models import AccountRow, TransferRow, VoucherPoolRow
from market.persistence.opened import opened_of
from market.persistence.paging import Page, PageRequest, read_page

_TRANSFER_FILTERS = ("order_id", "allocation_id", "round_id", "kind", "at")
_LEAST = "ck_accounts_least"
"""The rule of the table that no account falls lower than it may."""
_PAID = aliased(TransferRow)
_MADE_WHOLE_BESIDE = and_(
    TransferRow.kind.in_([TransferKind.MAKE_WHOLE, TransferKind.MAKE_WHOLE_RETURN]),
    select(_PAID.id)
    .where(
        _PAID.allocation_id == TransferRow.allocation_id,
        _PAID.hour == TransferRow.hour,
        _PAID.kind.in_([TransferKind.CAPTURE, TransferKind.REFUND]),
    )
    .exists(),
)
"""Rows that made an hour whole which was captured or refunded."""


@contextmanager
def enough_funds() -> Iterator[None]:
    """`NotCovered` where the database finds that an account would fall too low: nobody had looked, or somebody changed its
    limit just now.
    """
    try:
        yield
    except IntegrityError as error:
        if _LEAST not in str(error.orig):
            raise
        raise NotCovered from error


class LedgerStore:
    """Reads and writes the ledger in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pools: dict[str, VoucherPool] = {}
        self._opened: set[str] = set()

    def open_accounts(self, accounts: Iterable[Account]) -> None:
        """Insert those of the accounts that are not there yet, be it by somebody else just now."""
        known = opened_of(self._session)
        rows = [mapping.account_columns(account) for account in accounts if account.id not in known]
        if not rows:
            return
        connection = self._session.connection()
        connection.execute(_OPEN_ACCOUNTS[connection.dialect.name], rows)
        self._opened |= {row["id"] for row in rows}

    def keep_opened(self) -> None:
        """What was opened here was committed: nobody needs to open it any more."""
        opened_of(self._session).keep(self._opened)

    def held_account(self, account_id: str) -> Account | None:
        """One account, which nobody else changes before the end of this unit of work."""
        query = select(AccountRow).where(AccountRow.id == account_id).with_for_update(key_share=True)
        row = self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else mapping.read_account(row)

    def held_limited_accounts(self, account_ids: Sequence[str]) -> dict[str, Account]:
        """Those of the accounts that may not fall without limit, held like `held_account`."""
        found: dict[str, Account] = {}
        for start in range(0, len(account_ids), 500):
            ids = {"ids": account_ids[start : start + 500]}
            rows = self._session.connection().execute(_LIMITED, ids).mappings()
            found |= {row["id"]: mapping.account_of(row) for row in rows}
        return found

    def limit(self, account_id: str, least_micros: int | None) -> None:
        """Say how far an account may fall."""
        statement = update(AccountRow).where(AccountRow.id == account_id)
        self._session.execute(statement.values(least_micros=least_micros))

    def post(self, transfers: Sequence[Transfer]) -> None:
        """Insert transfers and move the sums of their accounts; `NotCovered` where an account would fall too low."""
        self.post_bound(self.bind(transfers), transfers)

    def bind(self, transfers: Sequence[Transfer]) -> BoundRows:
        """Transfers to be posted later, each about its order."""
        columns = mapping.transfers_by_column(transfers)
        return bind_columns(self._session, TransferRow, columns, [t.order_id or "" for t in transfers])

    def post_bound(self, rows: ReadyRows, transfers: Sequence[Transfer]) -> None:
        """Insert transfers that are bound already, and move the sums of their accounts."""
        if not transfers:
            return
        debits: dict[str, int] = {}
        credits_: dict[str, int] = {}
        for transfer in transfers:
            amount = transfer.amount_micros
            debits[transfer.debit_account_id] = debits.get(transfer.debit_account_id, 0) + amount
            credits_[transfer.credit_account_id] = credits_.get(transfer.credit_account_id, 0) + amount
        rows.write(self._session)
        touched = sorted(debits.keys() | credits_.keys())  # always in one sequence: no deadlock
        sums = [{"of": id_, "debits": debits.get(id_, 0), "credits": credits_.get(id_, 0)} for id_ in touched]
        with enough_funds():
            self._session.connection().execute(_ADD_TO_SUMS, sums)

    def account(self, account_id: str) -> Account | None:
        """One account, as it is in the database now."""
        query = select(AccountRow).where(AccountRow.id == account_id)
        row = self._session.scalar(query.execution_options(populate_existing=True))
        return None if row is None else mapping.read_account(row)

    def accounts(self) -> tuple[Account, ...]:
        """All accounts by id."""
        query = select(AccountRow).order_by(AccountRow.id).execution_options(populate_existing=True)
        return tuple(mapping.read_account(row) for row in self._session.scalars(query))

    def page_accounts(self, request: PageRequest, filters: Filters) -> Page[Account]:
        """Accounts, paged, filtered by kind or owner_id."""
        columns = {"kind": AccountRow.kind, "owner_id": AccountRow.owner_id}
        query = select(AccountRow).where(*conditions(columns, filters))
        query = query.execution_options(populate_existing=True)
        return read_page(self._session, query, AccountRow.id, mapping.read_account, request)

    def page_transfers(
        self,
        request: PageRequest,
        account_ids: Sequence[str] | None,
        filters: Filters,
        *,
        made_whole: bool = True,
    ) -> Page[Transfer]:
        """Transfers, paged: those that touch the accounts (None: all), by the columns in `_TRANSFER_FILTERS`.

        Without `made_whole`, a captured or refunded hour stands alone: what made it whole is left out.
        """
        columns = {name: getattr(TransferRow, name) for name in _TRANSFER_FILTERS}
        query = select(TransferRow).where(*conditions(columns, filters))
        if account_ids is not None:
            query = query.where(_touches(account_ids))
        if not made_whole:
            query = query.where(not_(_MADE_WHOLE_BESIDE))
        return read_page(self._session, query, TransferRow.id, mapping.read_transfer, request)

    def transfer(self, transfer_id: str) -> Transfer | None:
        """One transfer."""
        row = self._session.get(TransferRow, transfer_id)
        return None if row is None else mapping.read_transfer(row)

    def transfers_of(
        self, *, allocation_id: str | None = None, order_id: str | None = None
    ) -> tuple[Transfer, ...]:
        """Every transfer of an allocation, or of an order, oldest first."""
        query = select(TransferRow).order_by(TransferRow.id)
        if allocation_id is not None:
            query = query.where(TransferRow.allocation_id == allocation_id)
        if order_id is not None:
            query = query.where(TransferRow.order_id == order_id)
        return tuple(mapping.read_transfer(row) for row in self._session.scalars(query))

    def transfers_of_allocations(
        self, allocation_ids: Sequence[str], kinds: Collection[TransferKind]
    ) -> tuple[Transfer, ...]:
        """Every transfer of some kinds about any of the allocations."""
        found: list[Transfer] = []
        for start in range(0, len(allocation_ids), 500):
            query = select(TransferRow).where(
                TransferRow.allocation_id.in_(allocation_ids[start : start + 500]),
                TransferRow.kind.in_(sorted(kinds)),
            )
            found += [mapping.read_transfer(row) for row in self._session.scalars(query)]
        return tuple(found)

    def sums_of_allocations(
        self, allocation_ids: Sequence[str], kinds: Collection[TransferKind]
    ) -> list[tuple[str, TransferKind, int]]:
        """What was moved about each of the allocations, by kind."""
        found: list[tuple[str, TransferKind, int]] = []
        for start in range(0, len(allocation_ids), 500):
            query = (
                select(TransferRow.allocation_id, TransferRow.kind, func.sum(TransferRow.amount_micros))
                .where(
                    TransferRow.allocation_id.in_(allocation_ids[start : start + 500]),
                    TransferRow.kind.in_(sorted(kinds)),
                )
                .group_by(TransferRow.allocation_id, TransferRow.kind)
            )
            for id_, kind, amount in self._session.execute(query):
                found.append((str(id_), TransferKind(kind), int(amount)))
        return found

    def transfers_between(
        self, account_ids: Sequence[str], since: datetime, before: datetime
    ) -> tuple[Transfer, ...]:
        """Every transfer that touches the accounts in a span of time, oldest first."""
        query = select(TransferRow).where(
            _touches(account_ids), TransferRow.at >= since, TransferRow.at < before
        )
        return tuple(
            mapping.read_transfer(row) for row in self._session.scalars(query.order_by(TransferRow.id))
        )

    def grade_when_matched(self, offering_id: str, version: int) -> SlaGrade:
        """The grade of service of an offering in one version of its terms; the present one's where none is kept."""
        kept = self._session.get(OfferingVersionRow, (offering_id, version))
        if kept is not None and "sla" in kept.terms:
            return SlaGrade(kept.terms["sla"])
        found = self._session.scalar(select(OfferingRow.sla).where(OfferingRow.id == offering_id))
        return SlaGrade.STANDARD if found is None else SlaGrade(found)

    def imbalance_micros(self) -> int:
        """Zero, or the ledger is broken: the sum of all balances, as accounts and as transfers have it."""
        sums = self._session.execute(
            select(func.sum(AccountRow.credits_micros), func.sum(AccountRow.debits_micros))
        ).one()
        moved = self._session.scalar(select(func.sum(TransferRow.amount_micros))) or 0
        credited, debited = (int(amount or 0) for amount in sums)
        return abs(credited - int(moved)) + abs(debited - int(moved))

    def add_voucher_pool(self, pool: VoucherPool) -> None:
        """Insert a pool."""
        self._session.execute(insert(VoucherPoolRow), [mapping.voucher_pool_columns(pool)])

    def voucher_pool(self, pool_id: str) -> VoucherPool | None:
        """One pool; read once in a unit of work, because its rules never change."""
        row = None if pool_id in self._pools else self._session.get(VoucherPoolRow, pool_id)
        if row is not None:
            self._pools[pool_id] = mapping.read_voucher_pool(row)
        return self._pools.get(pool_id)

    def page_voucher_pools(self, request: PageRequest) -> Page[VoucherPool]:
        """Pools, paged."""
        return read_page(
            self._session, select(VoucherPoolRow), VoucherPoolRow.id, mapping.read_voucher_pool, request
        )

    def vouchers_used_micros(
        self, pool_account_id: str, buyer_account_id: str, since: datetime, before: datetime
    ) -> int:
        """What a pool has paid a buyer for hours that began in a span of time, less what came back for them."""

        def moved(kind: TransferKind, debit_account_id: str, credit_account_id: str) -> int:
            query = select(func.sum(TransferRow.amount_micros)).where(
                TransferRow.kind == kind,
                TransferRow.debit_account_id == debit_account_id,
                TransferRow.credit_account_id == credit_account_id,
                TransferRow.hour >= since,
                TransferRow.hour < before,
            )
            return int(self._session.scalar(query) or 0)

        paid = moved(TransferKind.VOUCHER, pool_account_id, buyer_account_id)
        return paid - moved(TransferKind.VOUCHER_RETURN, buyer_account_id, pool_account_id)


_ACCOUNTS: Any = AccountRow.__table__
_OPEN_ACCOUNTS: Mapping[str, Any] = {
    "postgresql": postgresql.insert(_ACCOUNTS).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(_ACCOUNTS).on_conflict_do_nothing(),
}
_LIMITED = (
    select(_ACCOUNTS)
    .where(_ACCOUNTS.c.id.in_(bindparam("ids", expanding=True)), _ACCOUNTS.c.least_micros.is_not(None))
    .order_by(_ACCOUNTS.c.id)
    .with_for_update(key_share=True)  # an order that names the account in passing keeps nobody waiting
)
_ADD_TO_SUMS = (
    update(_ACCOUNTS)
    .where(_ACCOUNTS.c.id == bindparam("of"))
    .values(
        debits_micros=_ACCOUNTS.c.debits_micros + bindparam("debits"),
        credits_micros=_ACCOUNTS.c.credits_micros + bindparam("credits"),
    )
)


def _touches(account_ids: Sequence[str]) -> ColumnElement[bool]:
    return or_(TransferRow.debit_account_id.in_(account_ids), TransferRow.credit_account_id.in_(account_ids))
