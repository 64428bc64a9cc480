"""Generated orders as the bodies of `POST /v1/orders`."""

from datetime import UTC, date, datetime, time
from typing import Any

from market.domain.clock import HOUR, MARKET_ZONE, rfc3339
from market.domain.money import format_cny
from market.scenarios.demand import GeneratedOrder


def local_midnight(day: date) -> datetime:
    """The moment at which a day begins where the market lives."""
    return datetime.combine(day, time(), MARKET_ZONE).astimezone(UTC)


def order_body(order: GeneratedOrder, midnight: datetime) -> dict[str, Any]:
    """The order with absolute times, for the market day that begins at `midnight`."""
    return {
        "buyer_id": order.buyer_id,
        "job": {
            "job_class": order.job_class,
            "compute_class": order.compute_class,
            "devices": list(order.devices) or None,
            "min_memory_gb": order.min_memory_gb,
            "precision": order.precision,
            "units": order.units,
            "hours": order.hours,
            "origin_region": order.origin_region,
            "max_rtt_ms": order.max_rtt_ms,
            "data_gb": order.data_gb,
            "allowed_regions": list(order.allowed_regions) or None,
            "max_pue": order.max_pue,
            "min_green_share": order.min_green_share,
        },
        "limit_price": format_cny(order.limit_micros),
        "latency_cost_per_ms_hour": format_cny(order.latency_cost_micros_per_ms_unit_hour),
        "earliest_start": rfc3339(midnight + order.earliest_hour * HOUR),
        "deadline": rfc3339(midnight + order.deadline_hour * HOUR),
        "interruptible": False,
        "divisible": None,
    }
