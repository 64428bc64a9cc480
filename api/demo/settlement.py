"""What a round comes to in money, and what its gap is made of: two lines for people."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

PARTS = {
    "regret_of_accepted": "regret of accepted",
    "regret_of_rejected": "of rejected",
    "idle_units": "idle priced units",
    "idle_power": "idle priced power",
}


def settlement_lines(round_: Mapping[str, Any]) -> Iterator[str]:
    """What a landed round comes to, and what its gap is made of, in words."""
    found = round_.get("settlement")
    if found is None:
        return
    pays, earns, whole = (to_the_fen(found[name]) for name in ("buyers_pay", "providers_earn", "make_whole"))
    yield (
        f"Prices: {found['pricing']}. Buyers pay CNY {pays}, providers earn CNY {earns}, the exchange makes whole "
        f"CNY {whole} ({found['capped_orders']} capped orders)."
    )
    parts = ", ".join(f"{words} CNY {to_the_fen(found['gap_parts'][name])}" for name, words in PARTS.items())
    yield f"The gap: {parts}."


def to_the_fen(amount: str) -> str:
    """To the fen, for people; JSON has every micro-yuan."""
    return f"{Decimal(amount):,.2f}"
