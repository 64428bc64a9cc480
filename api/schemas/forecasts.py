"""Where an order stands in the book, and when it is expected to be matched."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.fields import Schema, example
from market.domain.quotes import ForecastBasis
from market.rounds.forecasts import Standing

STANDING: Mapping[str, Any] = {
    "orders_ahead": 12,
    "rank": 3,
    "of_orders": 40,
    "earliest": "2025-07-16T08:00:00Z",
    "latest": "2025-07-16T11:30:00Z",
    "basis": "history",
}


class StandingAnswer(Schema):
    """Where an order stands in the book, and when it is expected to be matched."""

    model_config = example(**STANDING)

    orders_ahead: int = Field(description="Orders that come before it in the queue: ties go to them.")
    rank: int = Field(
        description="Among the orders for the same compute class, by limit price per unit-hour; 1 is the best."
    )
    of_orders: int
    earliest: datetime
    latest: datetime | None = Field(description="Null: it may well not be matched at all.")
    basis: ForecastBasis = Field(
        description="`history`: how long orders of a similar rank waited; `prior`: a guess, for too few have."
    )

    @classmethod
    def of(cls, standing: Standing) -> "StandingAnswer":
        """What a standing looks like from outside."""
        forecast = standing.forecast
        return cls(
            orders_ahead=standing.orders_ahead,
            rank=standing.rank,
            of_orders=standing.of_orders,
            earliest=forecast.earliest,
            latest=forecast.latest,
            basis=forecast.basis,
        )
