"""When to ask again, and how long to wait before it: full jitter, after Amazon's "Exponential Backoff and Jitter" (2015).

Only what cannot be carried out twice is asked again: reading, and what goes under an idempotency key. Only what may go
better next time is: a lost connection, a time-out, 429, 502, 503, 504, and `request_in_progress`: one's own request
before, whose answer was lost while the exchange is still at it.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

WORTH_ANOTHER_TRY = frozenset({429, 502, 503, 504})
CODES_WORTH_ANOTHER_TRY = frozenset({"request_in_progress"})
"""Of statuses that otherwise stand."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently. `most` 0 never asks again; `jitter` returns a number from 0 to 1."""

    most: int = 5
    first_seconds: float = 0.25
    longest_seconds: float = 20.0
    jitter: Callable[[], float] = random.random

    def pause(self, tried: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait after so many tries; None where it is enough, or the exchange asks for more patience."""
        if tried > self.most:
            return None
        if retry_after is not None:
            return retry_after if retry_after <= self.longest_seconds else None
        ceiling = min(self.longest_seconds, self.first_seconds * 2.0 ** (tried - 1))
        return ceiling * self.jitter()


def read_retry_after(headers: Mapping[str, str], now: Callable[[], datetime] | None = None) -> float | None:
    """Seconds that `Retry-After` asks for, as a number or as a date (RFC 9110, 10.2.3); None where it does not."""
    told = headers.get("retry-after")
    if told is None:
        return None
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    present = datetime.now(UTC) if now is None else now()
    return max(0.0, (moment - present).total_seconds())
