"""Money: integer micro-yuan, rounded here and nowhere else.

1 CNY = 1,000,000 micro-yuan. Amounts enter as decimal strings with at most six places, so parsing is
exact; the only inexact step is pricing energy, carbon and latency, which rounds half up to a micro-yuan.
"""

import math
import re
from decimal import Decimal
from functools import lru_cache

from market.domain.errors import InvalidInput

MICROS_PER_CNY = 1_000_000
LARGEST_CNY = 10**8
LARGEST_MICROS = LARGEST_CNY * MICROS_PER_CNY
"""No amount on one order exceeds a hundred million yuan, so that a round's sums stay far inside int64."""

_DECIMAL = re.compile(r"(-?)(\d{1,13})(?:\.(\d{1,6}))?", re.ASCII)


def parse_cny(text: str) -> int:
    """Micro-yuan of a decimal string such as "1200.00"; `InvalidInput` for anything else."""
    found = _DECIMAL.fullmatch(text)
    micros = int(found[2] + (found[3] or "").ljust(6, "0")) if found else 0
    if found is None or micros > LARGEST_MICROS:
        raise InvalidInput(
            "invalid_amount",
            f"{text[:40]!r} is not an amount: write CNY as a decimal string such as '1200.00', at most 6 places",
        )
    return -micros if found[1] else micros


@lru_cache(maxsize=10_000)
def format_cny(micros: int) -> str:
    """Exact decimal string, at least two places: 1_310_000_000 -> '1310.00'."""
    sign = "-" if micros < 0 else ""
    yuan, rest = divmod(abs(micros), MICROS_PER_CNY)
    places = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{yuan}.{places}"


def hourly_price_micros(ask_micros_per_unit_hour: int, units: int, unit_tenths: int = 10) -> int:
    """What an hour costs at an ask: ask x units x tenths / 10.

    A broken micro-yuan is rounded up, so that no provider gets less than its ask.
    """
    return -(-ask_micros_per_unit_hour * units * unit_tenths // 10)


def part_of(amount_micros: int, part: int, whole: int) -> int:
    """`part` / `whole` of an amount, half up; exact, whatever the size."""
    return (2 * amount_micros * part + whole) // (2 * whole)


def share_of(amount_micros: int, share: float) -> int:
    """A decimal share of an amount, half up: 0.3 means three tenths, not its nearest binary fraction."""
    exact = Decimal(repr(share))
    numerator, denominator = exact.as_integer_ratio()
    return part_of(amount_micros, numerator, denominator)


def round_micros(amount: float) -> int:
    """Nearest micro-yuan, half up."""
    return math.floor(amount + 0.5)
