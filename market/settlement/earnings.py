"""What a provider is shown of money: what it earns, not which part of it its buyer pays.

Where a buyer's limit lies below the marginal price, the exchange makes up the rest by a transfer of its own. Shown apart,
the two would tell the limit to the last fen. So to its provider a captured hour is one amount, a refunded one likewise;
sums and balances stay what they are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from market.domain.ledger import Transfer, TransferKind
from market.domain.rounds import Allocation
from market.persistence.store import Store

MADE_WHOLE = frozenset({TransferKind.MAKE_WHOLE, TransferKind.MAKE_WHOLE_RETURN})
OF_WORK = MADE_WHOLE | {TransferKind.CAPTURE, TransferKind.REFUND}
"""Kinds that what an allocation earned is made of."""
_TO_PROVIDER = frozenset({TransferKind.CAPTURE, TransferKind.MAKE_WHOLE})


def earned_transfers(work: Store, transfers: Sequence[Transfer]) -> tuple[Transfer, ...]:
    """A provider's transfers, each captured or refunded hour with what the exchange made whole of it.

    Those that made it whole are not among them (`page_transfers` leaves them out).
    """
    ids = sorted({t.allocation_id for t in transfers if t.kind in OF_WORK and t.allocation_id is not None})
    beside = _made_whole(work.ledger.transfers_of_allocations(ids, OF_WORK))
    return tuple(
        replace(t, amount_micros=t.amount_micros + beside.get((t.allocation_id, t.hour, t.kind), 0))
        for t in transfers
    )


def sums_by_kind(transfers: Iterable[Transfer]) -> dict[TransferKind, int]:
    """What transfers come to, by kind."""
    sums: dict[TransferKind, int] = dict.fromkeys(TransferKind, 0)
    for transfer in transfers:
        sums[transfer.kind] += transfer.amount_micros
    return sums


def earned_sums(transfers: Sequence[Transfer]) -> dict[TransferKind, int]:
    """The same as a provider is shown it: captures and refunds are whole, nothing stands beside them."""
    whole = sums_by_kind(transfers) | dict.fromkeys(MADE_WHOLE, 0)
    for (_, _, kind), amount in _made_whole(transfers).items():
        whole[kind] += amount
    return whole


def earned_allocations(work: Store, allocations: Sequence[Allocation]) -> tuple[Allocation, ...]:
    """A provider's allocations: price and what is paid of it are what it earns, before fees."""
    differing = sorted(a.id for a in allocations if a.earnings_micros != a.charges_micros)
    paid: dict[str, int] = defaultdict(int)
    for allocation_id, kind, amount in work.ledger.sums_of_allocations(differing, OF_WORK):
        paid[allocation_id] += amount if kind in _TO_PROVIDER else -amount
    return tuple(
        a
        if a.earnings_micros == a.charges_micros
        else replace(
            a,
            price_micros=sum(a.earnings_micros),
            charges_micros=a.earnings_micros,
            paid_micros=paid[a.id],
        )
        for a in allocations
    )


def _made_whole(transfers: Iterable[Transfer]) -> dict[tuple[str | None, object, TransferKind], int]:
    """What was made whole beside each captured or refunded hour, by allocation, hour and which of the two.

    A refund mirrors captures row by row, after them: from an allocation's first refund on, its rows are a refund's.
    """
    ordered = sorted(transfers, key=lambda transfer: transfer.id)
    refunded: set[str | None] = set()
    found: dict[tuple[str | None, object, TransferKind], int] = defaultdict(int)
    for transfer in ordered:
        if transfer.kind is TransferKind.REFUND:
            refunded.add(transfer.allocation_id)
        elif transfer.kind in MADE_WHOLE:
            side = TransferKind.REFUND if transfer.allocation_id in refunded else TransferKind.CAPTURE
            adds = (transfer.kind is TransferKind.MAKE_WHOLE) == (side is TransferKind.CAPTURE)
            found[transfer.allocation_id, transfer.hour, side] += (
                transfer.amount_micros if adds else -transfer.amount_micros
            )
    return found
