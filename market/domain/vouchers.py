"""Compute vouchers (算力券): a public pool that pays a share of what its kind of work costs.

Rules after the published local schemes (Hangzhou, Henan, Guizhou, Yangzhou and others): a rate by class, a cap for
each entity and year, a validity, eligible providers, no related parties, one voucher for an order (no stacking). A
voucher is redeemed when an hour is settled, not when an order is made; the pool is first come, first served; a
refund returns its share to the pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from market.domain.devices import ComputeClass
from market.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class VoucherPool:
    """A pool and its rules; what is left in it is the balance of its account.

    `rate_by_class` is the share (0..1) of an hour's charge that the pool pays; `related_parties` are pairs of
    (buyer id, provider id) it pays nothing between.
    """

    id: str
    issuer: str
    rate_by_class: Mapping[ComputeClass, float]
    cap_micros_per_year: int
    valid_from: datetime
    valid_until: datetime
    eligible_providers: tuple[str, ...] | None = None
    related_parties: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.rate_by_class or not all(0 < rate <= 1 for rate in self.rate_by_class.values()):
            raise InvalidInput("invalid_voucher", "a voucher pays a share above 0 and at most 1, by class")
        if self.cap_micros_per_year <= 0:
            raise InvalidInput("invalid_voucher", "cap_per_year must be above zero")
        if self.valid_from >= self.valid_until:
            raise InvalidInput("invalid_window", "valid_until must be after valid_from")
