"""The market at one moment, frozen: what a round clears."""

from dataclasses import dataclass
from datetime import datetime

from market.domain.catalogue import Catalogue
from market.domain.clock import HOUR, local_hour
from market.domain.orders import Order
from market.domain.policy import Policy
from market.domain.quotes import HeldQuote
from market.domain.rounds import Allocation


@dataclass(frozen=True, slots=True)
class Horizon:
    """Hourly slots from a full hour on."""

    starts_at: datetime
    slots: int

    def slot_start(self, slot: int) -> datetime:
        """When a slot begins."""
        return self.starts_at + slot * HOUR

    @property
    def ends_at(self) -> datetime:
        """When the last slot is over."""
        return self.slot_start(self.slots)

    def local_hours(self) -> list[int]:
        """Local hour of the day of each slot."""
        return [local_hour(self.slot_start(slot)) for slot in range(self.slots)]


@dataclass(frozen=True, slots=True)
class Movable:
    """An order that a round may move, and what it was granted."""

    order: Order
    allocation: Allocation


@dataclass(frozen=True, slots=True)
class MarketSnapshot:
    """All that decides a round: catalogue, what is already allocated, the open book, and the policy.

    `held_quotes` are promises that still hold: their units are set aside as if they were allocated. `movable` is what
    of the allocations may be moved (`market.clearing.moves`); whoever clears without moves leaves it alone.
    """

    catalogue: Catalogue
    allocations: tuple[Allocation, ...]
    orders: tuple[Order, ...]
    policy: Policy
    horizon: Horizon
    held_quotes: tuple[HeldQuote, ...] = ()
    movable: tuple[Movable, ...] = ()
