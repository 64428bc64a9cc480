"""Captures: an hour that ran is paid, by its buyer, its voucher pool and the make-whole account."""

from dataclasses import dataclass, replace

from market.domain.errors import Conflict
from market.domain.ledger import TransferKind
from market.domain.money import share_of
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.settlement.metering import MeteredHour
from market.settlement.postings import FEES, MAKE_WHOLE, Postings, escrow_account, provider_account
from market.settlement.vouchers import Vouchers


@dataclass(frozen=True, slots=True)
class Metered:
    """An order and its allocation while hours are captured."""

    order: Order
    allocation: Allocation


def capture(
    postings: Postings, vouchers: Vouchers, metered: Metered, hour: MeteredHour, fee_rate: float
) -> Metered:
    """Escrow pays the provider; what it earns beyond comes from make-whole; fee and voucher follow."""
    order, allocation = metered.order, metered.allocation
    if hour.charge_micros > order.held_micros:
        raise Conflict("already_settled", "the order holds too little for this hour: it is settled or ended")
    provider, escrow = provider_account(allocation.provider_id), escrow_account(order.buyer_id)
    about = order, allocation, hour.starts_at
    postings.move_any(TransferKind.CAPTURE, (escrow, provider), hour.charge_micros, *about)
    short = hour.earning_micros - hour.charge_micros
    if short > 0:
        postings.move_any(TransferKind.MAKE_WHOLE, (MAKE_WHOLE, provider), short, *about)
    else:
        postings.move_any(TransferKind.MAKE_WHOLE_RETURN, (provider, MAKE_WHOLE), -short, *about)
    fee = share_of(hour.earning_micros, fee_rate)
    postings.move_any(TransferKind.FEE, (provider, FEES), fee, *about)
    vouchers.redeem(order, allocation, hour)
    paid = allocation.paid_micros + hour.charge_micros
    settled = allocation.settled_hours + hour.whole
    return Metered(
        replace(
            order,
            held_micros=order.held_micros - hour.charge_micros,
            paid_micros=order.paid_micros + hour.charge_micros,
        ),
        replace(allocation, paid_micros=paid, settled_hours=settled),
    )
