"""The duty to deliver to webhooks what happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.duties.leadership import Term
from market.couriers.courier import Couriers
from market.persistence.claims import ClaimName


class Deliveries:
    """New couriers for each term: those of the last one have ended for good."""

    name = ClaimName.WEBHOOKS

    def __init__(self, make_couriers: Callable[[Callable[[], bool]], Couriers]) -> None:
        """`make_couriers` is given what they ask before each look."""
        self._make_couriers = make_couriers
        self.couriers: Couriers | None = None
        """Those of this term; None where others lead."""

    @contextmanager
    def led(self, term: Term) -> Iterator[None]:
        """Couriers run here; what they are sending is ended, in time at least, before this is left."""
        couriers = self._make_couriers(term.is_ours)
        couriers.start()
        self.couriers = couriers
        try:
            yield
        finally:
            self.couriers = None
            couriers.stop()

    def require_alive(self) -> None:
        """`Unavailable` where couriers should run here and do not."""
        couriers = self.couriers
        if couriers is not None:
            couriers.require_alive()
