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
    """Units of an offering set aside for one buyer and a window, at a price, until `expires_at`.

    It keeps the ask of `offering_version`, whatever the offering asks by the time it is used: `price_micros` is that
    of the whole window.
    """

    id: str
    buyer_id: str
    offering_id: str
    node_id: str
    units: int
    unit_tenths: int
    starts_at: datetime
    ends_at: datetime
    ask_micros_per_unit_hour: int
    price_micros: int
    offering_version: int
    expires_at: datetime
    state: HeldQuoteState = HeldQuoteState.HELD
    order_id: str | None = None


class ForecastBasis(StrEnum):
    """What a forecast rests on: how long orders like this one waited, or a stated guess where too few have."""

    PRIOR = "prior"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Forecast:
    """When an open order was expected to be matched, as a range; scored when it is known.

    `rank_share` is the share (0..1) of orders for the same compute class that were worth more per unit-hour.
    `latest` None: it may well not be matched at all. Once scored, `waited_rounds` says in which landed round from then
    on it was matched (1: the next), and is None where it ended without.
    """

    order_id: str
    made_at: datetime
    earliest: datetime
    latest: datetime | None
    rank_share: float
    basis: ForecastBasis
    matched_at: datetime | None = None
    hit: bool | None = None
    waited_rounds: int | None = None


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """How forecasts fared: of `count` that could be scored `hits` were right; `open_ended` of them had no latest moment.

    `mean_width_hours` is that of the others' ranges (None where there are none).
    """

    count: int
    hits: int
    open_ended: int
    mean_width_hours: float | None
