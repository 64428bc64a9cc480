"""Vouchers redeemed: what a public pool pays of an hour, when the hour is settled.

The buyer's escrow pays the provider in full; the pool then gives its share to the buyer. Years are calendar years in
Asia/Shanghai, and an hour belongs to the year in which it began.
"""

from datetime import datetime

from market.domain.errors import Conflict, InvalidInput
from market.domain.ledger import Transfer, TransferKind
from market.domain.money import share_of
from market.domain.orders import Order, OrderTerms
from market.domain.rounds import Allocation
from market.domain.vouchers import VoucherPool
from market.persistence.store import Store
from market.settlement.metering import MeteredHour
from market.settlement.months import year_around
from market.settlement.postings import Postings, buyer_account, pool_account


class Vouchers:
    """Redeems vouchers in one unit of work; a pool that was asked is held until its end."""

    def __init__(self, postings: Postings) -> None:
        self._postings = postings
        self._pools: dict[str, VoucherPool | None] = {}
        self._used: dict[tuple[str, str, datetime], int] = {}

    def redeem(self, order: Order, allocation: Allocation, hour: MeteredHour) -> None:
        """Pay the pool's share of an hour, as far as rules, cap and pool go."""
        pool = self._pool(order.terms.voucher_pool_id)
        if pool is None or not pays_between(pool, order, allocation.provider_id, hour.starts_at):
            return
        account, buyer = pool_account(pool.id), buyer_account(order.buyer_id)
        wanted = share_of(hour.charge_micros, pool.rate_by_class[order.job.compute_class])
        left = self._postings.available_micros(account) or 0
        year = self._year(pool, order.buyer_id, hour.starts_at)
        amount = max(min(wanted, left, pool.cap_micros_per_year - self._used[year]), 0)
        ends = account, buyer
        self._postings.move_any(TransferKind.VOUCHER, ends, amount, order, allocation, hour.starts_at)
        self._used[year] += amount

    def give_back(self, order: Order, allocation: Allocation, paid: Transfer) -> None:
        """Return to its pool what a refunded hour's voucher paid; the year's cap has room for it again."""
        pool = self._pool(order.terms.voucher_pool_id)
        if pool is None or paid.hour is None:
            return
        ends = buyer_account(order.buyer_id), pool_account(pool.id)
        year = self._year(pool, order.buyer_id, paid.hour)
        self._postings.move_any(
            TransferKind.VOUCHER_RETURN, ends, paid.amount_micros, order, allocation, paid.hour
        )
        self._used[year] -= paid.amount_micros

    def _pool(self, pool_id: str | None) -> VoucherPool | None:
        if pool_id is None:
            return None
        if pool_id not in self._pools:
            self._pools[pool_id] = self._postings.work.ledger.voucher_pool(pool_id)
        return self._pools[pool_id]

    def _year(self, pool: VoucherPool, buyer_id: str, hour: datetime) -> tuple[str, str, datetime]:
        """The key of what a pool paid a buyer for hours of that year; read while the pool's account is held."""
        since, before = year_around(hour)
        key = pool.id, buyer_id, since
        if key not in self._used:
            ends = pool_account(pool.id).id, buyer_account(buyer_id).id
            self._used[key] = self._postings.work.ledger.vouchers_used_micros(*ends, since, before)
        return key


def pays_between(pool: VoucherPool, order: Order, provider_id: str, hour: datetime) -> bool:
    """Whether a pool pays for an order's hour at a provider, by class, validity, eligibility and relation."""
    eligible = pool.eligible_providers is None or provider_id in pool.eligible_providers
    return (
        eligible
        and order.job.compute_class in pool.rate_by_class
        and pool.valid_from <= hour < pool.valid_until
        and (order.buyer_id, provider_id) not in pool.related_parties
    )


def check_voucher(work: Store, terms: OrderTerms, now: datetime) -> None:
    """Refuse an order on an unknown pool, on one that never pays its class (422), or on an expired one (409)."""
    if terms.voucher_pool_id is None:
        return
    pool = work.ledger.voucher_pool(terms.voucher_pool_id)
    if pool is None:
        raise InvalidInput(
            "unknown_voucher_pool",
            f"no voucher pool {terms.voucher_pool_id!r}; GET /v1/voucher-pools lists them",
            voucher_pool_id=terms.voucher_pool_id,
        )
    if terms.job.compute_class not in pool.rate_by_class:
        raise InvalidInput(
            "voucher_of_other_class",
            f"{pool.id} pays nothing for {terms.job.compute_class.value}",
            voucher_pool_id=pool.id,
        )
    if pool.valid_until <= now:
        raise Conflict(
            "voucher_expired",
            f"{pool.id} paid until {pool.valid_until.isoformat()}; leave voucher_pool_id out",
            voucher_pool_id=pool.id,
        )
