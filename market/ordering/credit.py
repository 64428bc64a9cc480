"""Whether a buyer's credit is looked at before an order is stored, or left to the rule of the table of accounts.

Most buyers have no limit, and a look is a way to the database and back. The rule is exact, but does not say how much is
left: so what it refuses is looked at after all, and its buyer's orders are from then on looked at first.
"""

from collections.abc import Sequence

from market.domain.errors import MarketError
from market.ordering.submission import Submission
from market.persistence.remembered import RememberedIds


class TrustedCredit:
    """Whom an exchange trusts until the rule refuses them. Safe between threads."""

    def __init__(self) -> None:
        self._doubted = RememberedIds()

    def covers(self, submissions: Sequence[Submission | MarketError]) -> bool:
        """Whether to leave it to the rule: one order that waits for a round, of a buyer who was never refused."""
        if len(submissions) != 1:
            return False
        (one,) = submissions
        if isinstance(one, MarketError) or one.looks_for_place:
            return False
        return one.buyer_id not in self._doubted

    def doubt(self, submissions: Sequence[Submission | MarketError]) -> None:
        """The rule refused them."""
        self._doubted.keep(one.buyer_id for one in submissions if isinstance(one, Submission))
