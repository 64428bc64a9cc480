"""Whether demo sessions are given out here, and how many to one address."""

import math

from fastapi import Request
from limits import parse
from limits.strategies import SlidingWindowCounterRateLimiter

from api.edge.rate_limit import network_of
from api.edge.window_counts import WindowCounts
from api.settings import Settings
from market.domain.errors import NotFound, TooMany

ONE_ADDRESS = "demo-sessions"


class DemoSessions:
    """Asked before a demo session is opened, on the event loop."""

    def __init__(self, settings: Settings) -> None:
        self.open: bool = settings.demo_sessions
        self._limit = parse(settings.demo_session_limit)
        self._counts = WindowCounts()
        self._windows = SlidingWindowCounterRateLimiter(self._counts)

    def require_allowed(self, request: Request) -> None:
        """`NotFound` where there are none; `TooMany` for an address that had its share."""
        if not self.open:
            raise NotFound(
                "demo_sessions_off",
                "this exchange gives out no demo sessions: ask its operator for a key",
            )
        address = network_of(request.client.host if request.client else "")
        if not self._windows.hit(self._limit, ONE_ADDRESS, address):
            amount, seconds = self._limit.amount, self._limit.get_expiry()
            key = self._limit.key_for(ONE_ADDRESS, address)
            wait = max(1, math.ceil(self._counts.seconds_until(key, amount, seconds, 1)))
            raise TooMany(
                "too_many_demo_sessions",
                f"at most {amount} demo sessions in {seconds} s from one address: go on with one you have, or try again "
                f"in {wait} s",
                retry_after_seconds=wait,
            )
