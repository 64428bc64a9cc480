"""Everything that can be set from outside: by an option, a SUANLI_… variable, or a line of suanli.toml.

What stands below a setting is its description; `suanli settings` and suanli.example.toml tell it.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from api.database_settings import DatabaseSettings
from api.edge.settings import EdgeSettings, Rate, share_of_rate
from api.retention_settings import RetentionSettings
from api.simulation_settings import SimulationSettings
from api.webhook_settings import WebhookSettings
from market.domain.errors import InvalidInput
from solver import ClusterSettings, Engine, Limits
from solver.limits import MOST_SHARDS

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


class Settings(DatabaseSettings, WebhookSettings, RetentionSettings, EdgeSettings, SimulationSettings):
    """Where the exchange keeps its data, where it listens, how hard it solves, what it tells of itself."""

    model_config = SettingsConfigDict(
        env_prefix="SUANLI_", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    database_url: str = "sqlite:///suanli.db"
    """Where everything is kept: sqlite:///market.db or postgresql+psycopg://user:password@host/name."""
    host: str = "127.0.0.1"
    """Address to listen on; behind a reverse proxy on the same machine leave it."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8471
    """Port to listen on; 0 takes any free one."""
    key_pepper: SecretStr = SecretStr("")
    """Mixed into the hashes of API keys, so that a stolen database is useless; the same for init and serve, for good."""
    round_every: Annotated[timedelta | None, BeforeValidator(_interval_of)] = None
    """Clear a round every 60s, 5m, 1h …; not set: only when asked to."""
    upkeep_every: Annotated[timedelta, BeforeValidator(_interval_of)] = timedelta(minutes=1)
    """Keep time every 60s, 5m, 1h …: what is due starts, is paid by the hour, ends, expires; before every round as well."""
    serve_workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that answer requests on the one port; 1: no other process than this. Rates are divided among them."""
    duties: bool = True
    """Whether `suanli serve` takes part in rounds on schedule, upkeep and deliveries to webhooks, or leaves them to
    `suanli worker`."""
    solver_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How long a round may search where its request does not say."""
    solver_gap: Annotated[float, Field(ge=0, le=1)] = 0.001
    """How far from the proven bound a round may stop, as a share."""
    solver_workers: Annotated[int, Field(ge=1, le=256)] = 2
    """Threads of the solver."""
    solver_niceness: Annotated[int, Field(ge=0, le=19)] = 10
    """How far the solver stands back for requests on the same cores, as nice(1) counts: 0 not at all, 19 wholly."""
    solver_seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """Seed of the solver: the same book under the same seed gives the same round."""
    solver_engine: Literal["local", "ray"] = "local"
    """Where rounds are computed: on this machine's threads, or on a Ray cluster (needs suanli-exchange[ray])."""
    solver_shards: Annotated[int | None, Field(ge=1, le=MOST_SHARDS)] = None
    """How many parts large rounds are cut into: the same number gives the same round, whatever the engine. Not set: local as
    many as workers, ray as many as the cluster has cores."""
    solver_shards_min: Annotated[int, Field(ge=1, le=MOST_SHARDS)] = 1
    """Fewest parts where their number follows the cluster."""
    solver_shards_max: Annotated[int, Field(ge=1, le=MOST_SHARDS)] = 256
    """Most parts where their number follows the cluster."""
    ray_address: str | None = None
    """A running Ray cluster (host:port, ray://host:port or auto); not set: one of its own on this machine."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """JSON lines, lines for people, or (auto) the latter where stderr is a terminal."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    metrics_token: SecretStr = SecretStr("")
    """Who may read /metrics sends this as a bearer token; not set: only who asks from this machine."""
    traces: Literal["auto", "on", "off"] = "auto"
    """Send OpenTelemetry traces; auto: where OTEL_EXPORTER_OTLP_ENDPOINT is set. Needs suanli-exchange[otel]."""
    shutdown_seconds: Annotated[float, Field(gt=0, le=3600)] = 20.0
    """How long requests under way, and a round that clears, may take to end when the exchange is told to stop."""
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 0.0
    """How long /readyz says 503 before the port is closed, so that a load balancer looks elsewhere first."""
    demo_sessions: bool = False
    """Lend keys for an hour to whoever asks, at POST /v1/demo-sessions: for an invented market, never in production."""
    demo_session_limit: Rate = "20/hour"
    """How many demo sessions one address may open."""
    min_free_mebibytes: Annotated[int, Field(ge=0)] = 64
    """Less room than this beside an SQLite database, and /readyz says 503."""

    @model_validator(mode="after")
    def _fewest_below_most(self) -> Self:
        if self.solver_shards_min > self.solver_shards_max:
            raise ValueError("solver_shards_min is above solver_shards_max")
        return self

    def of_one_process(self) -> Self:
        """The same for one of the processes that serve: what all of them allow together is divided."""
        if self.serve_workers == 1:
            return self
        shares = self.shares(self.serve_workers)
        shares["demo_session_limit"] = share_of_rate(self.demo_session_limit, self.serve_workers)
        return self.model_copy(update=shares)

    def risks(self) -> Iterator[str]:
        """What is set, or left open, that suits a trial and no real market; the log tells it at the start."""
        if not self.key_pepper.get_secret_value():
            yield (
                "key_pepper is not set: whoever gets a copy of the database can sign in this exchange's name to "
                "webhooks; set it before `suanli init`, for good"
            )
        if self.demo_sessions:
            yield "demo_sessions is on: whoever asks is lent a key, the operator's included; for an invented market only"
        yield from self.simulation_risks()

    def limits(self) -> Limits:
        """How long and hard a round may try where its request does not say."""
        return Limits(
            self.solver_seconds, self.solver_gap, self.solver_workers, self.solver_seed, self.solver_shards
        )

    def engine(self) -> Engine:
        """Where rounds are computed."""
        cluster = ClusterSettings(self.ray_address, self.solver_shards_min, self.solver_shards_max)
        return Engine(self.solver_engine, cluster)
