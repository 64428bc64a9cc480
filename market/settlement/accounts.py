"""Which accounts there are: everyone who takes part has theirs, opened in the ledger when money first moves.

The balance of an account that was not opened yet is zero.
"""

from market.domain.errors import Conflict, InvalidInput
from market.domain.ledger import FEE_ACCOUNT, MAKE_WHOLE_ACCOUNT, OUTSIDE_ACCOUNT, Account, account_of
from market.domain.parties import Buyer, Provider
from market.persistence.store import Store
from market.settlement.postings import (
    FEES,
    MAKE_WHOLE,
    OUTSIDE,
    buyer_account,
    escrow_account,
    pool_account,
    provider_account,
)

_OF_THE_EXCHANGE = {FEE_ACCOUNT: FEES, MAKE_WHOLE_ACCOUNT: MAKE_WHOLE, OUTSIDE_ACCOUNT: OUTSIDE}


def named_account(work: Store, account_id: str) -> Account | None:
    """An account by its id, as it is now; None where nobody has it."""
    stored = work.ledger.account(account_id)
    return stored or _OF_THE_EXCHANGE.get(account_id) or _unopened(work, account_id)


def accounts_of(work: Store, owner_id: str) -> tuple[Account, ...]:
    """The accounts of a buyer or a provider, by id."""
    known: list[Account] = []
    if work.has(Buyer, owner_id):
        known += [buyer_account(owner_id), escrow_account(owner_id)]
    if work.has(Provider, owner_id):
        known.append(provider_account(owner_id))
    return tuple(work.ledger.account(account.id) or account for account in known)


def require_account_free(work: Store, owner: Provider | Buyer) -> None:
    """Refuse an organisation whose account would be somebody else's: each account has one owner."""
    other: type[Provider | Buyer] = Buyer if isinstance(owner, Provider) else Provider
    if work.has(other, owner.id):
        kind = other.__name__.lower()
        raise Conflict(
            "duplicate_id", f"{kind} {owner.id} exists already: each has an id of its own", id=owner.id
        )
    if account_of(owner.id) in _OF_THE_EXCHANGE or owner.id.startswith(("escrow_", "vpl_")):
        raise InvalidInput("reserved_id", f"{owner.id!r} names accounts of the exchange; choose another id")


def _unopened(work: Store, account_id: str) -> Account | None:
    owner_id = account_id.removeprefix("acc_").removeprefix("escrow_")
    candidates = list(accounts_of(work, owner_id))
    if work.ledger.voucher_pool(owner_id) is not None:
        candidates.append(pool_account(owner_id))
    return next((account for account in candidates if account.id == account_id), None)
