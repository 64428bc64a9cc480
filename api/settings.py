"""Everything that can be set from outside: environment variables that begin with SUANLI_."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from solver import Limits

MEBIBYTE = 1024 * 1024


class Settings(BaseSettings):
    """Where the exchange keeps its data, where it listens, how hard it solves."""

    model_config = SettingsConfigDict(env_prefix="SUANLI_", extra="ignore", frozen=True)

    database_url: str = "sqlite:///suanli.db"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8471
    key_pepper: SecretStr = SecretStr("")
    max_body_bytes: Annotated[int, Field(gt=0)] = 8 * MEBIBYTE
    solver_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    solver_gap: Annotated[float, Field(ge=0, le=1)] = 0.001
    solver_workers: Annotated[int, Field(ge=1, le=256)] = 2
    solver_seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def limits(self) -> Limits:
        """How long and hard a round may try where its request does not say."""
        return Limits(self.solver_seconds, self.solver_gap, self.solver_workers, self.solver_seed)
