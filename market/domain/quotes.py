"""Quotes that are held, and forecasts of when an order will be matched."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HeldQuoteState(StrEnum):
    """A held quote waits for its order until it is used or its time is over."""

    HELD = "held"
    USED = "used"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class HeldQuote:
    """Units of an offering set aside for one buyer and a window, at a price, until `expires_at`."""

    id: str
    buyer_id: str
    offering_id: str
    node_id: str
    units: int
    unit_tenths: int
    starts_at: datetime
    ends_at: datetime
    price_micros: int
    expires_at: datetime
    state: HeldQuoteState = HeldQuoteState.HELD
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """When an open order was expected to be matched, as a range; scored when it is known."""

    order_id: str
    made_at: datetime
    earliest: datetime
    latest: datetime | None
    matched_at: datetime | None = None
    hit: bool | None = None
