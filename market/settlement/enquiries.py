"""What can be asked of the ledger without changing it. Each actor sees its own accounts; the operator sees all."""

from dataclasses import dataclass, replace

from market.domain.errors import NotFound
from market.domain.ledger import Account, Transfer
from market.domain.parties import Actor, Role
from market.domain.scopes import Scope
from market.domain.vouchers import VoucherPool
from market.persistence.database import Database
from market.persistence.filters import NO_FILTERS, Filters
from market.persistence.paging import Page, PageRequest, page_in_memory
from market.persistence.store import Store
from market.settlement.accounts import accounts_of, named_account
from market.settlement.bills import Invoice, Statement, read_earnings, read_invoice, read_statement
from market.settlement.earnings import earned_transfers
from market.settlement.months import Month
from market.settlement.postings import pool_account


@dataclass(frozen=True, slots=True)
class PoolAndBalance:
    """A voucher pool, and what is left in it."""

    pool: VoucherPool
    account_id: str
    left_micros: int


class LedgerEnquiries:
    """Read-only desk. Safe between threads: each call has a session of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self, actor: Actor, request: PageRequest, filters: Filters = NO_FILTERS) -> Page[Account]:
        """One's own accounts; for the operator every account that was opened; paged, by kind or owner_id."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            work = Store(session)
            if actor.role is Role.OPERATOR:
                return work.ledger.page_accounts(request, filters)
            own = accounts_of(work, actor.organisation_id or "")
        shown = [account for account in own if _is_wanted(account, filters)]
        return page_in_memory(shown, lambda account: account.id, "own accounts", request)

    def account(self, actor: Actor, account_id: str) -> Account:
        """One account as it is now; `NotFound` also for somebody else's."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            return _own_account(Store(session), actor, account_id)

    def transfers(self, actor: Actor, request: PageRequest, filters: Filters) -> Page[Transfer]:
        """Transfers that touch one's own accounts (all for the operator), paged.

        Filtered by order_id, allocation_id, round_id, kind, at; by touch on account_id (`NotFound` unless it is one's
        own). To a provider, what was made whole of an hour is part of its capture.
        """
        actor.require(scope=Scope.READ)
        rest = {name: value for name, value in filters.items() if name != "account_id"}
        account_id = filters.get("account_id")
        with self._database.reading() as session:
            work = Store(session)
            accounts: list[str] | None = None
            if account_id is not None:
                accounts = [_own_account(work, actor, account_id).id]
            elif actor.role is not Role.OPERATOR:
                accounts = [account.id for account in accounts_of(work, actor.organisation_id or "")]
            if actor.role is not Role.PROVIDER:
                return work.ledger.page_transfers(request, accounts, rest)
            page = work.ledger.page_transfers(request, accounts, rest, made_whole=False)
            return Page(earned_transfers(work, page.items), page.next_cursor)

    def transfer(self, actor: Actor, transfer_id: str) -> Transfer:
        """One transfer."""
        actor.require(Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            found = Store(session).ledger.transfer(transfer_id)
        if found is None:
            raise NotFound("not_found", f"no transfer {transfer_id}")
        return found

    def imbalance_micros(self, actor: Actor) -> int:
        """Zero, or the ledger is broken."""
        actor.require(Role.OPERATOR, scope=Scope.READ)
        with self._database.reading() as session:
            return Store(session).ledger.imbalance_micros()

    def invoices(
        self, actor: Actor, request: PageRequest, month: Month, buyer_id: str | None = None
    ) -> Page[Invoice]:
        """A month's invoice: one's own for a buyer; for the operator one of each buyer, paged by id."""
        actor.require(Role.BUYER, Role.OPERATOR, scope=Scope.READ)
        if actor.role is Role.BUYER:
            buyer_id = actor.organisation_or(buyer_id, Role.BUYER)
        with self._database.reading() as session:
            work = Store(session)
            buyers = work.page_buyers(request, buyer_id)
            bills = tuple(read_invoice(work, buyer.id, month) for buyer in buyers.items)
        return Page(bills, buyers.next_cursor)

    def statements(
        self, actor: Actor, request: PageRequest, month: Month, provider_id: str | None = None
    ) -> Page[Statement]:
        """A month's statement: one's own for a provider; for the operator one of each provider, paged by id."""
        actor.require(Role.PROVIDER, Role.OPERATOR, scope=Scope.READ)
        if actor.role is Role.PROVIDER:
            provider_id = actor.organisation_or(provider_id, Role.PROVIDER)
        with self._database.reading() as session:
            work = Store(session)
            providers = work.page_providers(request, provider_id)
            read = read_earnings if actor.role is Role.PROVIDER else read_statement
            bills = tuple(read(work, provider.id, month) for provider in providers.items)
        return Page(bills, providers.next_cursor)

    def voucher_pools(self, actor: Actor, request: PageRequest) -> Page[PoolAndBalance]:
        """Pools and what is left in them, paged."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            work = Store(session)
            page = work.ledger.page_voucher_pools(request)
            return Page(tuple(_seen_by(work, actor, pool) for pool in page.items), page.next_cursor)

    def voucher_pool(self, actor: Actor, pool_id: str) -> PoolAndBalance:
        """One pool."""
        actor.require(scope=Scope.READ)
        with self._database.reading() as session:
            work = Store(session)
            pool = work.ledger.voucher_pool(pool_id)
            if pool is None:
                raise NotFound("not_found", f"no voucher pool {pool_id}")
            return _seen_by(work, actor, pool)


def _is_wanted(account: Account, filters: Filters) -> bool:
    """What a query would ask of it."""
    kinds, owner_id = filters.get("kind") or (), filters.get("owner_id")
    return (not kinds or account.kind in kinds) and owner_id in {None, account.owner_id}


def _own_account(work: Store, actor: Actor, account_id: str) -> Account:
    account = named_account(work, account_id)
    own = actor.role is Role.OPERATOR or (account and account.owner_id == actor.organisation_id)
    if account is None or not own:
        raise NotFound("not_found", f"no account {account_id}")
    return account


def _seen_by(work: Store, actor: Actor, pool: VoucherPool) -> PoolAndBalance:
    """Rules are public among members; who is related to whom is told to the operator and to those it is about."""
    account_id = pool_account(pool.id).id
    account = work.ledger.account(account_id)
    if actor.role is not Role.OPERATOR:
        own = tuple(pair for pair in pool.related_parties if actor.organisation_id in pair)
        pool = replace(pool, related_parties=own)
    return PoolAndBalance(pool, account_id, 0 if account is None else account.balance_micros)
