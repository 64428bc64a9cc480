"""Refunds and credits: what an interruption costs its provider.

Lost work is refunded in full: every transfer that metered it goes back the way it came, hour by hour, so that fee,
voucher and make-whole shares are exact. On top the provider credits a share of what it earns, by the offering's grade.
"""

from dataclasses import replace

from market.domain.ledger import TransferKind
from market.domain.money import share_of
from market.domain.offerings import SlaGrade
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.settlement.postings import (
    FEES,
    MAKE_WHOLE,
    Postings,
    buyer_account,
    provider_account,
)
from market.settlement.vouchers import Vouchers

CREDIT_OF_GRADE = {SlaGrade.STANDARD: 0.10, SlaGrade.TRUSTED: 0.25, SlaGrade.CRITICAL: 0.50}
"""Share of what the allocation would have earned: an assumption after the first three steps of common cloud terms."""


def refund(
    postings: Postings, vouchers: Vouchers, order: Order, allocation: Allocation
) -> tuple[Order, Allocation]:
    """Give back all that an allocation was paid."""
    buyer, provider = buyer_account(order.buyer_id), provider_account(allocation.provider_id)
    for paid in postings.transfers_of(allocation):
        about = paid.amount_micros, order, allocation, paid.hour
        if paid.kind is TransferKind.CAPTURE:
            postings.move_any(TransferKind.REFUND, (provider, buyer), *about)
        elif paid.kind is TransferKind.FEE:
            postings.move_any(TransferKind.FEE_RETURN, (FEES, provider), *about)
        elif paid.kind is TransferKind.MAKE_WHOLE:
            postings.move_any(TransferKind.MAKE_WHOLE_RETURN, (provider, MAKE_WHOLE), *about)
        elif paid.kind is TransferKind.MAKE_WHOLE_RETURN:
            postings.move_any(TransferKind.MAKE_WHOLE, (MAKE_WHOLE, provider), *about)
        elif paid.kind is TransferKind.VOUCHER:
            vouchers.give_back(order, allocation, paid)
    refunded = replace(order, paid_micros=order.paid_micros - allocation.paid_micros)
    lost = replace(allocation, paid_micros=0)
    return postings.note_order(order, refunded), postings.note_allocation(allocation, lost)


def credit(postings: Postings, order: Order, allocation: Allocation, grade: SlaGrade) -> None:
    """The provider's credit for an interruption: of what it would have earned, so that it tells nothing of the buyer."""
    ends = provider_account(allocation.provider_id), buyer_account(order.buyer_id)
    amount = share_of(sum(allocation.earnings_micros), CREDIT_OF_GRADE[grade])
    postings.move_any(TransferKind.SLA_CREDIT, ends, amount, order, allocation)
