"""What an operator may ask of a round, and the horizon that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from market.clearing.snapshot import Horizon
from market.domain.clock import HOUR, next_hour
from market.domain.errors import InvalidInput
from market.domain.orders import FURTHEST_DEADLINE, Order
from market.domain.policy import Policy, PricingRule
from solver import Limits

FEWEST_SLOTS, MOST_SLOTS = 24, 96


@dataclass(frozen=True, slots=True)
class RoundRequest:
    """How to clear: None means the policy in force, the next full hour, and as many slots as the book needs.

    With `keep_terms` the policy gives the weights only: the terms of trade stay those in force. `pricing` is another
    pricing rule for this round alone.
    """

    policy: Policy | None = None
    starts_at: datetime | None = None
    slots: int | None = None
    limits: Limits = field(default_factory=Limits)
    keep_terms: bool = False
    pricing: PricingRule | None = None

    def policy_over(self, in_force: Policy) -> Policy:
        """The policy to clear under."""
        chosen = self.policy or in_force
        if self.keep_terms:
            chosen = chosen.trading_as(in_force)
        return chosen if self.pricing is None else replace(chosen, pricing=self.pricing)

    def horizon(self, orders: Sequence[Order], now: datetime) -> Horizon:
        """The slots to clear; `InvalidInput` where the request makes no sense now."""
        starts_at = next_hour(now) if self.starts_at is None else self.starts_at
        if not now - HOUR <= starts_at <= now + FURTHEST_DEADLINE:
            raise InvalidInput("invalid_start", "a round starts within the coming year")
        if starts_at != next_hour(starts_at):
            raise InvalidInput("invalid_start", "a round starts at a full hour")
        if self.slots is not None:
            if not 1 <= self.slots <= MOST_SLOTS:
                raise InvalidInput("invalid_slots", f"slots is a whole number from 1 to {MOST_SLOTS}")
            return Horizon(starts_at, self.slots)
        latest = max((order.terms.deadline for order in orders), default=starts_at)
        needed = -((starts_at - latest) // HOUR)
        return Horizon(starts_at, min(max(needed, FEWEST_SLOTS), MOST_SLOTS))
