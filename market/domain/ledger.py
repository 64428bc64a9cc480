"""Money: accounts, and transfers between two of them.

A transfer takes an amount from its debit account and gives it to its credit account, so it cannot be unbalanced, and
the balances of all accounts together are zero at every moment. Balance = credits - debits, for every kind of account.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from market.domain.errors import InvalidInput


class AccountKind(StrEnum):
    """Whose money, and what for."""

    BUYER = "buyer"
    ESCROW = "escrow"
    PROVIDER = "provider"
    VOUCHER = "voucher"
    FEE = "fee"
    MAKE_WHOLE = "make_whole"
    OUTSIDE = "outside"


class TransferKind(StrEnum):
    """What a transfer is for; its way is written beside it."""

    DEPOSIT = "deposit"
    """outside to buyer"""
    PAYOUT = "payout"
    """provider to outside"""
    HOLD = "hold"
    """buyer to escrow: an order was accepted"""
    RELEASE = "release"
    """escrow to buyer: what is no longer needed of a hold"""
    CAPTURE = "capture"
    """escrow to provider: an hour that ran"""
    FEE = "fee"
    """provider to fee"""
    MAKE_WHOLE = "make_whole"
    """make-whole to provider: what indivisibility left an accepted provider short of"""
    REFUND = "refund"
    """provider to buyer: captured work that was lost"""
    SLA_CREDIT = "sla_credit"
    """provider to buyer: for an interruption, by the offering's grade"""
    VOUCHER_FUND = "voucher_fund"
    """outside to voucher pool"""
    VOUCHER = "voucher"
    """voucher pool to buyer: its share of a captured hour"""
    VOUCHER_RETURN = "voucher_return"
    """buyer to voucher pool: its share of a refund"""
    FEE_RETURN = "fee_return"
    """fee to provider: its share of a refund"""
    MAKE_WHOLE_RETURN = "make_whole_return"
    """provider to make-whole: its share of a refund"""


FEE_ACCOUNT, MAKE_WHOLE_ACCOUNT, OUTSIDE_ACCOUNT = "acc_fee", "acc_make_whole", "acc_outside"


def account_of(owner_id: str) -> str:
    """Account of a buyer, a provider or a voucher pool."""
    return f"acc_{owner_id}"


def escrow_of(buyer_id: str) -> str:
    """Where a buyer's money waits for what its orders may cost."""
    return f"acc_escrow_{buyer_id}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account; `least_micros` is how far its balance may fall (None: no limit, as for buyers on monthly bills)."""

    id: str
    kind: AccountKind
    owner_id: str | None
    least_micros: int | None
    debits_micros: int = 0
    credits_micros: int = 0

    @property
    def balance_micros(self) -> int:
        """What is in it."""
        return self.credits_micros - self.debits_micros


@dataclass(frozen=True, slots=True)
class Transfer:
    """One row of the ledger: never changed, never removed. `hour` is the hour that was metered, where one was."""

    id: str
    kind: TransferKind
    debit_account_id: str
    credit_account_id: str
    amount_micros: int
    at: datetime
    order_id: str | None = None
    allocation_id: str | None = None
    round_id: str | None = None
    hour: datetime | None = None

    def __post_init__(self) -> None:
        if self.amount_micros <= 0:
            raise InvalidInput("invalid_amount", "a transfer moves more than nothing")
        if self.debit_account_id == self.credit_account_id:
            raise InvalidInput("invalid_transfer", "a transfer has two sides")
