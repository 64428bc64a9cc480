"""Money besides orders: deposits, payouts, limits, voucher pools."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from market.conditions import require
from market.desks.desk import Desk, UnitOfWork
from market.desks.repeating import repeatable
from market.domain.errors import Conflict, InvalidInput, NotFound
from market.domain.ledger import Account, AccountKind, Transfer, TransferKind
from market.domain.money import format_cny
from market.domain.parties import Actor, Buyer, Provider, Role
from market.domain.scopes import Scope
from market.domain.vouchers import VoucherPool
from market.idempotency import Once
from market.settlement.accounts import named_account
from market.settlement.postings import OUTSIDE, Postings, insufficient, pool_account


class TreasuryDesk(Desk):
    """Moves money into, out of and around the exchange. Operators only."""

    @repeatable
    def deposit(
        self, actor: Actor, account_id: str, amount_micros: int, once: Once | None = None
    ) -> Transfer:
        """Money came in: for a buyer, or for a voucher pool."""
        actor.require(Role.OPERATOR, scope=Scope.MONEY)
        kinds = {AccountKind.BUYER: TransferKind.DEPOSIT, AccountKind.VOUCHER: TransferKind.VOUCHER_FUND}
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            account = _account(work, account_id)
            if account.kind not in kinds:
                raise _wrong_kind(account, "deposits go to buyers and voucher pools")
            made = self._move(work, kinds[account.kind], (OUTSIDE, account), amount_micros, now)
            _tell(work, "deposited", account, amount_micros)
            work.answer = {"transfer_id": made.id}
        return made

    @repeatable
    def payout(self, actor: Actor, account_id: str, amount_micros: int, once: Once | None = None) -> Transfer:
        """Money went out to a provider: at most what is in its account."""
        actor.require(Role.OPERATOR, scope=Scope.MONEY)
        now = self.clock.now()
        with self._unit_of_work(actor, once) as work:
            account = _account(work, account_id)
            if account.kind is not AccountKind.PROVIDER:
                raise _wrong_kind(account, "payouts go to providers")
            held = work.ledger.held_account(account_id) or account
            if held.balance_micros < amount_micros:
                raise insufficient(account, held.balance_micros, amount_micros)
            made = self._move(work, TransferKind.PAYOUT, (account, OUTSIDE), amount_micros, now)
            _tell(work, "paid_out", account, amount_micros)
            work.answer = {"transfer_id": made.id}
        return made

    @repeatable
    def set_credit_limit(
        self,
        actor: Actor,
        account_id: str,
        credit_micros: int | None,
        *,
        only_if: Callable[[Account], bool] | None = None,
    ) -> Account:
        """How far a buyer's account may fall below zero; None: without limit.

        `Conflict` `limit_exceeded` where it lies lower already.
        """
        actor.require(Role.OPERATOR, scope=Scope.MONEY)
        if credit_micros is not None and credit_micros < 0:
            raise InvalidInput("invalid_amount", "a credit limit is not negative")
        least = None if credit_micros is None else -credit_micros
        with self._unit_of_work(actor) as work:
            account = _account(work, account_id)
            if account.kind is not AccountKind.BUYER:
                raise _wrong_kind(account, "buyers have credit limits")
            work.ledger.open_accounts([account])
            held = work.ledger.held_account(account_id) or account
            require(only_if, held)
            if least is not None and held.balance_micros < least:
                raise Conflict(
                    "limit_exceeded",
                    "the account lies below that limit already: deposit money first, or set a wider limit",
                    balance=format_cny(held.balance_micros),
                )
            work.ledger.limit(account_id, least)
            _tell(work, "credit_limited", account, credit_micros)
        return replace(held, least_micros=least)

    @repeatable
    def create_voucher_pool(
        self, actor: Actor, pool: VoucherPool, funds_micros: int, once: Once | None = None
    ) -> VoucherPool:
        """A pool under a fresh id, with the money that its issuer put in."""
        actor.require(Role.OPERATOR, scope=Scope.MONEY)
        now = self.clock.now()
        created = replace(pool, id=self._ids.new("vpl", now))
        with self._unit_of_work(actor, once) as work:
            _check_parties(work, created)
            work.ledger.add_voucher_pool(created)
            work.events.record("voucher_pool", "created", created.id, funds=format_cny(funds_micros))
            work.ledger.open_accounts([pool_account(created.id)])
            if funds_micros:
                ends = OUTSIDE, pool_account(created.id)
                self._move(work, TransferKind.VOUCHER_FUND, ends, funds_micros, now)
            work.answer = {"voucher_pool_id": created.id}
        return created

    def _move(
        self,
        work: UnitOfWork,
        kind: TransferKind,
        ends: tuple[Account, Account],
        amount_micros: int,
        now: datetime,
    ) -> Transfer:
        if amount_micros <= 0:
            raise InvalidInput("invalid_amount", "amount must be above zero")
        postings = Postings(work, self._ids, now)
        with postings.together():
            return postings.move(kind, ends, amount_micros)


def _account(work: UnitOfWork, account_id: str) -> Account:
    account = named_account(work, account_id)
    if account is None:
        raise NotFound("not_found", f"no account {account_id}")
    return account


def _tell(work: UnitOfWork, what: str, account: Account, amount_micros: int | None) -> None:
    """The account's owner learns of it; None: no limit."""
    work.events.record(
        "account",
        what,
        account.id,
        buyer_id=account.owner_id if account.kind is AccountKind.BUYER else None,
        provider_id=account.owner_id if account.kind is AccountKind.PROVIDER else None,
        amount=None if amount_micros is None else format_cny(amount_micros),
    )


def _wrong_kind(account: Account, rule: str) -> Conflict:
    return Conflict("wrong_account", f"{account.id} is a {account.kind.value} account: {rule}")


def _check_parties(work: UnitOfWork, pool: VoucherPool) -> None:
    """Refuse rules about providers and buyers that are not there."""
    providers = [*(pool.eligible_providers or ()), *(provider for _, provider in pool.related_parties)]
    for kind, name, ids in (
        (Provider, "provider", providers),
        (Buyer, "buyer", [buyer for buyer, _ in pool.related_parties]),
    ):
        for id_ in sorted(set(ids)):
            if not work.has(kind, id_):
                raise InvalidInput(f"unknown_{name}", f"no {name} {id_!r}", **{name: id_})
