"""Prices by offering and hour, in parts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.fields import CnyText, Reference, Schema, example
from market.clearing.hour_prices import HourPrice
from market.domain.money import format_cny, round_micros
from market.domain.rounds import Round

SPAN = {"mean": "0.41", "min": "0.29", "max": "1.11"}
OFFERING_PRICES = {
    "offering_id": "off_0001",
    "node_id": "tianfu_cluster",
    "ask": "4.27",
    "energy": SPAN,
    "carbon": SPAN,
    "congestion": {"mean": "0.00", "min": "0.00", "max": "0.00"},
    "effective": {"mean": "5.09", "min": "4.85", "max": "6.49"},
}
OFFERING_HOURS = {
    "offering_id": "off_0001",
    "node_id": "tianfu_cluster",
    "ask": "4.27",
    "congestion": ["0.00", "0.00", "1.40"],
    "effective": ["4.67", "4.67", "6.07"],
    "free_units": [77, 77, 12],
}
HOUR = {
    "hour": "2025-07-16T16:00:00Z",
    "ask": "4.27",
    "energy": "0.29",
    "carbon": "0.11",
    "congestion": "0.00",
    "effective": "4.67",
    "free_units": 77,
}


class PricesQuery(BaseModel):
    """Which prices."""

    model_config = ConfigDict(extra="forbid")

    round_id: Reference | None = Field(None, description="A landed round; left out: the newest.")
    offering_id: Reference | None = Field(None, description="Hour by hour for this offering.")
    detail: Literal["span", "hours"] = Field(
        "span",
        description="Of all offerings: mean, least and most over the hours, or every hour, as a table to draw.",
    )


class PriceSpan(Schema):
    """Mean, least and most over the hours of the round, CNY per unit-hour."""

    model_config = example(**SPAN)

    mean: CnyText
    min: CnyText
    max: CnyText

    @classmethod
    def of(cls, micros: Sequence[int]) -> "PriceSpan":
        """The span of some hours."""
        mean = round_micros(sum(micros) / len(micros))
        return cls(mean=format_cny(mean), min=format_cny(min(micros)), max=format_cny(max(micros)))


class OfferingPrices(Schema):
    """What a unit-hour of one offering cost over the round, in parts."""

    model_config = example(**OFFERING_PRICES)

    offering_id: str
    node_id: str
    ask: CnyText = Field(description="Least the provider took then.")
    energy: PriceSpan = Field(description="Electricity as the policy weighs it.")
    carbon: PriceSpan = Field(description="Carbon as the policy prices it.")
    congestion: PriceSpan = Field(
        description="What scarcity adds: the duals of the offering's units and of its node's power."
    )
    effective: PriceSpan = Field(description="The sum of these parts.")


class PriceSummary(Schema):
    """Every offering of a round in one line each."""

    model_config = example(
        round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        starts_at="2025-07-16T16:00:00Z",
        slots=48,
        items=[OFFERING_PRICES],
    )

    round_id: str
    starts_at: datetime
    slots: int
    items: list[OfferingPrices]

    @classmethod
    def of(cls, round_: Round, prices: Iterable[HourPrice]) -> "PriceSummary":
        """Hours gathered by offering, in the order of their ids."""
        return cls(
            round_id=round_.id,
            starts_at=round_.starts_at,
            slots=round_.slots,
            items=[_summarise(hours) for hours in _by_offering(prices)],
        )


class OfferingHours(Schema):
    """One offering of a table of prices; every list has one entry for each hour of the round."""

    model_config = example(**OFFERING_HOURS)

    offering_id: str
    node_id: str
    ask: CnyText
    congestion: list[CnyText] = Field(description="What scarcity adds to a unit-hour.")
    effective: list[CnyText] = Field(description="Ask, energy, carbon and congestion of a unit-hour.")
    free_units: list[int] = Field(description="Units that were free when the round began.")


class PriceTable(Schema):
    """Every offering of a round, hour by hour."""

    model_config = example(
        round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        starts_at="2025-07-16T16:00:00Z",
        slots=3,
        items=[OFFERING_HOURS],
    )

    round_id: str
    starts_at: datetime
    slots: int
    items: list[OfferingHours]

    @classmethod
    def of(cls, round_: Round, prices: Iterable[HourPrice]) -> "PriceTable":
        """Hours gathered by offering, in the order of their ids."""
        return cls.model_construct(
            round_id=round_.id,
            starts_at=round_.starts_at,
            slots=round_.slots,
            items=[_tabulate(hours) for hours in _by_offering(prices)],
        )


class HourPriceAnswer(Schema):
    """What a unit cost in one hour, CNY, in parts."""

    model_config = example(**HOUR)

    hour: datetime
    ask: CnyText
    energy: CnyText
    carbon: CnyText
    congestion: CnyText
    effective: CnyText
    free_units: int = Field(description="Units that were free when the round began.")

    @classmethod
    def of(cls, price: HourPrice) -> "HourPriceAnswer":
        """One hour."""
        return cls(
            hour=price.hour,
            ask=format_cny(price.ask_micros),
            energy=format_cny(price.energy_micros),
            carbon=format_cny(price.carbon_micros),
            congestion=format_cny(price.congestion_micros),
            effective=format_cny(_effective(price)),
            free_units=price.free_units,
        )


class PriceHours(Schema):
    """One offering of a round, hour by hour."""

    model_config = example(
        round_id="rnd_01k0a1b2c3d4e5f6g7h8j9kmnp",
        starts_at="2025-07-16T16:00:00Z",
        slots=48,
        offering_id="off_0001",
        hours=[HOUR],
    )

    round_id: str
    starts_at: datetime
    slots: int
    offering_id: str
    hours: list[HourPriceAnswer]

    @classmethod
    def of(cls, round_: Round, offering_id: str, prices: Iterable[HourPrice]) -> "PriceHours":
        """The hours as they follow each other."""
        return cls(
            round_id=round_.id,
            starts_at=round_.starts_at,
            slots=round_.slots,
            offering_id=offering_id,
            hours=[HourPriceAnswer.of(price) for price in prices],
        )


def _by_offering(prices: Iterable[HourPrice]) -> list[list[HourPrice]]:
    found: dict[str, list[HourPrice]] = {}
    for price in prices:
        found.setdefault(price.offering_id, []).append(price)
    return [hours for _, hours in sorted(found.items())]


def _tabulate(hours: Sequence[HourPrice]) -> OfferingHours:
    return OfferingHours.model_construct(
        offering_id=hours[0].offering_id,
        node_id=hours[0].node_id,
        ask=format_cny(hours[0].ask_micros),
        congestion=[format_cny(hour.congestion_micros) for hour in hours],
        effective=[format_cny(_effective(hour)) for hour in hours],
        free_units=[hour.free_units for hour in hours],
    )


def _summarise(hours: Sequence[HourPrice]) -> OfferingPrices:
    return OfferingPrices(
        offering_id=hours[0].offering_id,
        node_id=hours[0].node_id,
        ask=format_cny(hours[0].ask_micros),
        energy=PriceSpan.of([hour.energy_micros for hour in hours]),
        carbon=PriceSpan.of([hour.carbon_micros for hour in hours]),
        congestion=PriceSpan.of([hour.congestion_micros for hour in hours]),
        effective=PriceSpan.of([_effective(hour) for hour in hours]),
    )


def _effective(price: HourPrice) -> int:
    return price.ask_micros + price.energy_micros + price.carbon_micros + price.congestion_micros
