"""An exchange whose time is simulated: for benches, which live through a day in minutes. Never for a real market."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from market.domain.clock import Clock, RunningClock, SystemClock


class SimulationSettings(BaseSettings):
    """All processes of one exchange are given the same three, and so share one clock."""

    model_config = SettingsConfigDict(
        env_prefix="SUANLI_", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    simulated_since: AwareDatetime | None = None
    """Simulations only: the machine's moment (RFC 3339) from which simulated time runs; not set: the machine's own time."""
    simulated_start: AwareDatetime | None = None
    """Simulations only: what time it is then."""
    simulated_speed: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    """Simulations only: how many times as fast as the machine's time it runs."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.simulated_since is None) != (self.simulated_start is None):
            raise ValueError("simulated_since and simulated_start belong together: set both, or none")
        if self.simulated_since is None and self.simulated_speed != 1:
            raise ValueError("simulated_speed needs simulated_since and simulated_start")
        return self

    def clock(self) -> Clock:
        """What time it is: the machine's, but for simulations."""
        if self.simulated_since is None or self.simulated_start is None:
            return SystemClock()
        return RunningClock(self.simulated_since, self.simulated_start, self.simulated_speed)

    def simulation_risks(self) -> Iterator[str]:
        """What the log warns of at the start."""
        if self.simulated_since is not None:
            yield (
                f"time is simulated, {self.simulated_speed:g} times as fast as it passes: orders end, hours are paid and "
                "keys expire by it; for a bench only, take the settings simulated_… away"
            )
