"""Everything that can be set from outside: environment variables that begin with SUANLI_."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from market.domain.errors import InvalidInput
from solver import Limits

MEBIBYTE = 1024 * 1024
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=24)
_INTERVAL = re.compile(r"(\d{1,6})([smh])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


def read_interval(text: str) -> timedelta:
    """60s, 5m or 1h; `InvalidInput` for anything else."""
    found = _INTERVAL.fullmatch(text)
    interval = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta(0)
    if not SHORTEST <= interval <= LONGEST:
        raise InvalidInput(
            "invalid_interval", f"{text[:40]!r} is no interval: write 60s, 5m or 1h, from 1s to 24h"
        )
    return interval


def _interval_of(value: object) -> object:
    return read_interval(value) if isinstance(value, str) else value


class Settings(BaseSettings):
    """Where the exchange keeps its data, where it listens, how hard it solves."""

    model_config = SettingsConfigDict(env_prefix="SUANLI_", extra="ignore", frozen=True)

    database_url: str = "sqlite:///suanli.db"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8471
    key_pepper: SecretStr = SecretStr("")
    max_body_bytes: Annotated[int, Field(gt=0)] = 8 * MEBIBYTE
    round_every: Annotated[timedelta | None, BeforeValidator(_interval_of)] = None
    solver_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    solver_gap: Annotated[float, Field(ge=0, le=1)] = 0.001
    solver_workers: Annotated[int, Field(ge=1, le=256)] = 2
    solver_seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def limits(self) -> Limits:
        """How long and hard a round may try where its request does not say."""
        return Limits(self.solver_seconds, self.solver_gap, self.solver_workers, self.solver_seed)
