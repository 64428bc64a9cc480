"""How long what may be forgotten is kept."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from market.running.retention import Retention

Days = Annotated[float, Field(ge=0, le=36_500)]
"""0: for good."""


class RetentionSettings(BaseSettings):
    """What grows with use and is of use for a while only."""

    model_config = SettingsConfigDict(
        env_prefix="SUANLI_", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    keep_deliveries_days: Days = 30.0
    """How long it can be read how events were delivered to webhooks; 0: for good. What still waits is kept."""
    keep_answers_days: Days = 30.0
    """How long a request under an Idempotency-Key is answered as the first time; 0: for good."""
    keep_demo_keys_days: Days = 7.0
    """How long keys of demo sessions are kept after their end, unless the log names them; 0: for good."""

    def retention(self) -> Retention:
        """The same, for the exchange."""
        return Retention(
            _span(self.keep_deliveries_days), _span(self.keep_answers_days), _span(self.keep_demo_keys_days)
        )


def _span(days: float) -> timedelta | None:
    return timedelta(days=days) if days else None
