"""How webhooks are delivered: where to, how hard, how long."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.edge.settings import Names
from market.couriers.courier import CourierTerms
from market.domain.webhooks import DeliveryTerms
from market.webhooks.addresses import AddressGuard


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


Waits = Annotated[
    tuple[Annotated[float, Field(gt=0, le=7 * 24 * 3600)], ...], NoDecode, BeforeValidator(_split)
]
"""Seconds with commas: 5, 30, 120."""


class WebhookSettings(BaseSettings):
    """What the operator allows and expects of webhooks."""

    model_config = SettingsConfigDict(
        env_prefix="SUANLI_", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    webhook_allowed_hosts: Names = ()
    """Hosts that webhooks may point to, wherever they are and by http as well: receiver.internal, 10.0.0.7."""
    webhook_retry_seconds: Waits = (5, 30, 120, 600, 3600, 21600, 86400)
    """How long to wait after each failed try, give or take a fifth; after the last a delivery is given up."""
    webhook_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0
    """How long a receiver may take to answer."""
    webhook_disable_after_hours: Annotated[float, Field(gt=0, le=24 * 365)] = 72.0
    """A webhook that fails for so long without one success is disabled."""

    def webhook_guard(self) -> AddressGuard:
        """Where webhooks may point."""
        return AddressGuard(self.webhook_allowed_hosts)

    def courier_terms(self) -> CourierTerms:
        """How couriers work."""
        delivery = DeliveryTerms(
            retry_seconds=self.webhook_retry_seconds,
            timeout_seconds=self.webhook_timeout_seconds,
            disable_after=timedelta(hours=self.webhook_disable_after_hours),
        )
        return CourierTerms(delivery, self.webhook_guard(), patience_seconds=self.webhook_timeout_seconds + 5)
