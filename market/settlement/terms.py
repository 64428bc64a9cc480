"""Terms of trade of an allocation as they were when it was granted: the fee, and the grade of service."""

from market.domain.offerings import SlaGrade
from market.domain.orders import Order
from market.domain.rounds import Allocation
from market.persistence.store import Store


class TermsOfTrade:
    """Reads terms in one unit of work; each is asked for once."""

    def __init__(self, work: Store) -> None:
        self._work = work
        self._fee_rates: dict[str, float] = {}
        self._grades: dict[tuple[str, int], SlaGrade] = {}

    def fee_rate(self, order: Order, allocation: Allocation) -> float:
        """Of the policy of its round; where it was placed at once, of the one in force when the order came."""
        key = allocation.round_id or order.id
        if key not in self._fee_rates:
            round_ = None if allocation.round_id is None else self._work.rounds.get(allocation.round_id)
            policy = self._work.access.policy(order.submitted_at) if round_ is None else round_.policy
            self._fee_rates[key] = policy.fee_rate
        return self._fee_rates[key]

    def grade(self, allocation: Allocation) -> SlaGrade:
        """Of the version of the offering that was matched."""
        key = allocation.offering_id, allocation.offering_version
        if key not in self._grades:
            self._grades[key] = self._work.ledger.grade_when_matched(*key)
        return self._grades[key]
