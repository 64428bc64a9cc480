"""Bills of a month: what a buyer owes, what a provider earned, order by order.

A month holds what was booked in it (Asia/Shanghai). Every total is a sum of transfers, so that bills and ledger cannot
disagree: a buyer's balances (its account and its escrow) change in a month by deposits less what is due, a provider's
by what is net less payouts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from market.domain.clock import HOUR, MARKET_ZONE
from market.domain.ledger import Transfer, TransferKind, account_of, escrow_of
from market.domain.money import part_of
from market.domain.rounds import Allocation
from market.persistence.store import Store
from market.settlement.earnings import earned_sums, sums_by_kind
from market.settlement.metering import SECONDS_PER_HOUR
from market.settlement.months import Month

Sums = Mapping[TransferKind, int]


@dataclass(frozen=True, slots=True)
class Metered:
    """Which work a line is about, and how long of it was charged in the month."""

    order_id: str
    allocation_id: str
    offering_id: str
    units: int
    unit_tenths: int
    seconds: int


@dataclass(frozen=True, slots=True)
class InvoiceSums:
    """What a buyer owes: charges, less what voucher pools paid, refunds and credits."""

    charge_micros: int = 0
    voucher_micros: int = 0
    refund_micros: int = 0
    credit_micros: int = 0

    @property
    def due_micros(self) -> int:
        """What is left to pay."""
        return self.charge_micros - self.voucher_micros - self.refund_micros - self.credit_micros


@dataclass(frozen=True, slots=True)
class StatementSums:
    """What a provider earned: charges and make-whole, less fees, refunds and credits."""

    charge_micros: int = 0
    make_whole_micros: int = 0
    fee_micros: int = 0
    refund_micros: int = 0
    credit_micros: int = 0

    @property
    def net_micros(self) -> int:
        """What is left of it."""
        earned = self.charge_micros + self.make_whole_micros
        return earned - self.fee_micros - self.refund_micros - self.credit_micros


@dataclass(frozen=True, slots=True)
class Invoice:
    """A buyer's month. `deposits_micros` is what came in."""

    buyer_id: str
    month: Month
    lines: tuple[tuple[Metered, InvoiceSums], ...]
    total: InvoiceSums
    deposits_micros: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A provider's month, by allocation and by local day of booking. `payouts_micros` is what went out."""

    provider_id: str
    month: Month
    lines: tuple[tuple[Metered, StatementSums], ...]
    days: tuple[tuple[date, StatementSums], ...]
    total: StatementSums
    payouts_micros: int


S = TypeVar("S", InvoiceSums, StatementSums)


def read_invoice(work: Store, buyer_id: str, month: Month) -> Invoice:
    """What was booked for a buyer in a month."""
    accounts = [account_of(buyer_id), escrow_of(buyer_id)]
    found = work.ledger.transfers_between(accounts, month.since, month.before)
    lines = tuple((metered, _invoice_sums(sums)) for metered, sums in _lines(work, found, sums_by_kind))
    total = sums_by_kind(found)
    return Invoice(buyer_id, month, lines, _invoice_sums(total), total[TransferKind.DEPOSIT])


def read_statement(work: Store, provider_id: str, month: Month) -> Statement:
    """What was booked for a provider in a month."""
    return _read_statement(work, provider_id, month, sums_by_kind)


def read_earnings(work: Store, provider_id: str, month: Month) -> Statement:
    """The same as it is shown to the provider: what was made whole is part of the charges."""
    return _read_statement(work, provider_id, month, earned_sums)


def _read_statement(
    work: Store, provider_id: str, month: Month, add_up: Callable[[Sequence[Transfer]], Sums]
) -> Statement:
    found = work.ledger.transfers_between([account_of(provider_id)], month.since, month.before)
    lines = tuple((metered, _statement_sums(sums)) for metered, sums in _lines(work, found, add_up))
    days = tuple((day, _statement_sums(add_up(booked))) for day, booked in _by_day(found))
    total = add_up(found)
    return Statement(provider_id, month, lines, days, _statement_sums(total), total[TransferKind.PAYOUT])


def _invoice_sums(sums: Sums) -> InvoiceSums:
    return InvoiceSums(
        charge_micros=sums[TransferKind.CAPTURE],
        voucher_micros=sums[TransferKind.VOUCHER] - sums[TransferKind.VOUCHER_RETURN],
        refund_micros=sums[TransferKind.REFUND],
        credit_micros=sums[TransferKind.SLA_CREDIT],
    )


def _statement_sums(sums: Sums) -> StatementSums:
    return StatementSums(
        charge_micros=sums[TransferKind.CAPTURE],
        make_whole_micros=sums[TransferKind.MAKE_WHOLE] - sums[TransferKind.MAKE_WHOLE_RETURN],
        fee_micros=sums[TransferKind.FEE] - sums[TransferKind.FEE_RETURN],
        refund_micros=sums[TransferKind.REFUND],
        credit_micros=sums[TransferKind.SLA_CREDIT],
    )


def _lines(
    work: Store, transfers: Iterable[Transfer], add_up: Callable[[Sequence[Transfer]], Sums]
) -> list[tuple[Metered, Sums]]:
    """Transfers by allocation, in the order in which they were granted; holds are no money spent."""
    of_allocation: dict[str, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        if transfer.allocation_id is not None and transfer.kind not in _HOLDS:
            of_allocation[transfer.allocation_id].append(transfer)
    allocations = work.rounds.named_allocations(sorted(of_allocation))
    return [
        (_metered(allocations[id_], of_allocation[id_]), add_up(of_allocation[id_]))
        for id_ in sorted(of_allocation)
    ]


def _by_day(transfers: Iterable[Transfer]) -> list[tuple[date, list[Transfer]]]:
    """Transfers by the local day on which they were booked; payouts are nothing earned."""
    of_day: dict[date, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        if transfer.kind is not TransferKind.PAYOUT:
            of_day[transfer.at.astimezone(MARKET_ZONE).date()].append(transfer)
    return sorted(of_day.items())


def _metered(allocation: Allocation, transfers: Iterable[Transfer]) -> Metered:
    seconds = sum(_seconds(allocation, t) for t in transfers if t.kind is TransferKind.CAPTURE)
    return Metered(
        allocation.order_id,
        allocation.id,
        allocation.offering_id,
        allocation.units,
        allocation.unit_tenths,
        seconds,
    )


def _seconds(allocation: Allocation, capture: Transfer) -> int:
    """How much of its hour a capture charged."""
    if capture.hour is None:
        return 0
    hour = (capture.hour - allocation.starts_at) // HOUR
    return part_of(SECONDS_PER_HOUR, capture.amount_micros, allocation.charges_micros[hour])


_HOLDS = frozenset({TransferKind.HOLD, TransferKind.RELEASE})
