"""Quotes, those that are held, and how forecasts fare."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas.explanations import CHANGE, OPTION, REASON, ChangeAnswer, OptionAnswer, ReasonAnswer
from api.schemas.fields import CnyText, Schema, UnitsShown, example, shown_units
from api.schemas.jobs import JOB
from api.schemas.orders import TERMS, OrderRequest
from market.domain.money import format_cny
from market.domain.quotes import ForecastScore, HeldQuote, HeldQuoteState
from market.enquiries.promises import Quote
from market.ordering.promises import LONGEST_HOLD_MINUTES

HELD: Mapping[str, Any] = {
    "id": "quo_01k0a1b2c3d4e5f6g7h8j9kmnp",
    "state": "held",
    "offering_id": "off_0001",
    "node_id": "tianfu_cluster",
    "units": 8,
    "starts_at": "2025-07-16T16:00:00Z",
    "ends_at": "2025-07-16T22:00:00Z",
    "price": "204.96",
    "expires_at": "2025-07-16T08:10:00Z",
    "order_id": None,
}


class QuoteRequest(OrderRequest):
    """An order to be quoted, and whether its cheapest place is to be held."""

    model_config = example(job=JOB, **TERMS, hold_minutes=10)

    hold_minutes: Annotated[int, Field(ge=1, le=LONGEST_HOLD_MINUTES)] | None = Field(
        None,
        description="Buyers only: set the cheapest place aside for so long, at its price. An order with its `quote_id` "
        "gets exactly that.",
    )


class HeldQuoteAnswer(Schema):
    """Units set aside for one buyer, at a price, until a stated time."""

    model_config = example(**HELD)

    id: str
    state: HeldQuoteState
    offering_id: str
    node_id: str
    units: UnitsShown
    starts_at: datetime
    ends_at: datetime
    price: CnyText = Field(description="What the order pays, whatever the offering asks by then.")
    expires_at: datetime = Field(description="When it lapses: at the latest when its window begins.")
    order_id: str | None = Field(description="The order that was placed on it.")

    @classmethod
    def of(cls, quote: HeldQuote) -> "HeldQuoteAnswer":
        """What a held quote looks like from outside."""
        return cls(
            id=quote.id,
            state=quote.state,
            offering_id=quote.offering_id,
            node_id=quote.node_id,
            units=shown_units(quote.units, quote.unit_tenths),
            starts_at=quote.starts_at,
            ends_at=quote.ends_at,
            price=format_cny(quote.price_micros),
            expires_at=quote.expires_at,
            order_id=quote.order_id,
        )


class QuoteAnswer(Schema):
    """What an order would cost now: the best option of each node, cheapest first; and why not elsewhere."""

    model_config = example(
        options=[OPTION], reasons=[REASON], price_to_place="219.42", smallest_change=CHANGE, held=HELD
    )

    options: list[OptionAnswer]
    reasons: list[ReasonAnswer]
    price_to_place: CnyText | None = Field(
        description="The least limit price that places it now; null if none does."
    )
    smallest_change: ChangeAnswer | None = Field(
        description="Of one field, proven by asking again; `by` is 0 where it fits as it is."
    )
    held: HeldQuoteAnswer | None = Field(description="The quote that is held, if that was asked for.")

    @classmethod
    def of(cls, quote: Quote, held: HeldQuote | None) -> "QuoteAnswer":
        """What a quote looks like from outside."""
        price, change = quote.price_to_place_micros, quote.smallest_change
        return cls(
            options=[OptionAnswer.of(option) for option in quote.options],
            reasons=[ReasonAnswer.of(reason) for reason in quote.reasons],
            price_to_place=None if price is None else format_cny(price),
            smallest_change=None if change is None else ChangeAnswer.of(change),
            held=None if held is None else HeldQuoteAnswer.of(held),
        )


class ForecastScoreAnswer(Schema):
    """How forecasts fared: each order that a round left in the book was forecast, whether anybody asked or not."""

    model_config = example(count=1200, hits=1043, hit_share=0.869, open_ended=310, mean_width_hours=2.4)

    count: int = Field(
        description="Forecasts of orders that were matched or ended since; the newest 10,000 at most."
    )
    hits: int = Field(description="Of these, matched within the range, or rightly said to perhaps never be.")
    hit_share: float | None = Field(description="hits / count; null before the first.")
    open_ended: int = Field(description="Of these, without a latest moment.")
    mean_width_hours: float | None = Field(description="From earliest to latest, where there is a latest.")

    @classmethod
    def of(cls, score: ForecastScore) -> "ForecastScoreAnswer":
        """What the score looks like from outside."""
        return cls(
            count=score.count,
            hits=score.hits,
            hit_share=score.hits / score.count if score.count else None,
            open_ended=score.open_ended,
            mean_width_hours=score.mean_width_hours,
        )
