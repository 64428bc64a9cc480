"""Prefixed identifiers that sort in the order in which they were made.

Layout after ULID (github.com/ulid/spec): 48 bits of milliseconds, 80 random bits, Crockford base 32, in
lower case. Within one source, ids of the same millisecond count upwards, so an order's place in the queue
is its id.
"""

import secrets
import threading
from datetime import datetime
from functools import lru_cache

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
"""Two digits at a time: a batch needs an id or two for each of its orders."""
_RANDOM_BITS, _LEAP_BITS = 80, 70


class IdSource:
    """Makes ids; one per process, safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def __getstate__(self) -> int:
        """For a copy in another process."""
        return self._last

    def __setstate__(self, last: int) -> None:
        """A copy goes on after the last id of its original, far from where that goes on."""
        self.__init__()  # type: ignore[misc]
        self._last = last + secrets.randbits(_LEAP_BITS)

    def new(self, prefix: str, now: datetime) -> str:
        """A fresh id such as 'ord_01k…' that sorts after all earlier ones of this source."""
        floor = int(now.timestamp() * 1000) << _RANDOM_BITS
        with self._lock:
            if floor >> _RANDOM_BITS > self._last >> _RANDOM_BITS:
                self._last = floor | secrets.randbits(_RANDOM_BITS - 1)
            else:
                self._last += 1
            number = self._last
        return f"{prefix}_{_base32(number)}"


def _base32(number: int) -> str:
    return _leading(number >> 40) + _pairs(number, 30)


@lru_cache(maxsize=16)
def _leading(number: int) -> str:
    """What ids that were counted upwards have in common."""
    return _pairs(number, 80)


def _pairs(number: int, first_shift: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(first_shift, -1, -10)])
