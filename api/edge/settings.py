"""What the HTTP edge allows: rates, sizes, times, connections, and whom it believes."""

from typing import Annotated, Any

from limits import RateLimitItem, parse
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

KIBIBYTE, MEBIBYTE = 1024, 1024 * 1024
THREADS = 40
"""Threads that answer requests, as anyio has them: what may take long must leave some of them to everybody else."""
Seconds = Annotated[float, Field(gt=0, le=3600)]


def _require_rate(text: str) -> str:
    try:
        parse(text)
    except ValueError as error:
        raise ValueError(
            f"{text[:40]!r} is no rate: write 600/minute, 20/second or 100 per 10 minutes"
        ) from error
    return text


def _split(value: object) -> object:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def share_of_rate(rate: str, processes: int) -> str:
    """The part of a rate that falls to one of several processes."""
    item = parse(rate)
    return f"{max(1, item.amount // processes)} per {item.multiples} {item.GRANULARITY.name}"


Rate = Annotated[str, AfterValidator(_require_rate)]
"""So many requests in so much time, as `limits` writes it: 600/minute."""

Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A list with commas: a.example, b.example."""


class EdgeSettings(BaseSettings):
    """How much of everything a client may have before it is refused. The defaults suit one process on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="SUANLI_", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    rate_limit: Rate = "60000/minute"
    """What one key may ask, as 600/minute or 20/second. Most requests cost 1; what asks the solver and large bodies more."""
    rate_limit_anonymous: Rate = "6000/minute"
    """What one address may ask without a key that was recognised."""
    rate_limit_failed_keys: Rate = "60/minute"
    """How many keys that nobody issued one address may try."""
    max_requests_at_once: Annotated[int, Field(gt=0)] = 128
    """Most requests and event streams of one key, or of one address without, that are open at a time."""
    max_questions_at_once: Annotated[int, Field(gt=0)] = 2
    """Most questions for the solver (quotes, explanations, what-ifs) of one key, or address without, at work at a time."""
    max_questions: Annotated[int, Field(gt=0, lt=THREADS)] = 8
    """Most questions for the solver that are at work at a time, whoever asks."""
    question_wait_seconds: Annotated[float, Field(ge=0, le=60)] = 5.0
    """How long a question waits for others to end before it is refused (429, 503); it holds no thread meanwhile."""
    max_body_bytes: Annotated[int, Field(gt=0)] = 8 * MEBIBYTE
    """Largest body of a batch of orders."""
    max_single_body_bytes: Annotated[int, Field(gt=0)] = 256 * KIBIBYTE
    """Largest body of any other request."""
    max_held_body_bytes: Annotated[int, Field(gt=0)] = 256 * MEBIBYTE
    """Most that all bodies together may take at a time; beyond it requests are answered 503."""
    max_head_bytes: Annotated[int, Field(ge=KIBIBYTE)] = 16 * KIBIBYTE
    """Most bytes of a request's target and headers."""
    max_headers: Annotated[int, Field(ge=10)] = 100
    """Most headers of a request."""
    head_seconds: Seconds = 10.0
    """How long a request's head may take to arrive."""
    body_seconds: Seconds = 60.0
    """How long a request's body may take to arrive."""
    unread_seconds: Seconds = 30.0
    """How long an answer may lie unread before its connection is closed."""
    keep_alive_seconds: Annotated[int, Field(gt=0, le=3600)] = 15
    """How long a connection may idle between two requests."""
    max_connections: Annotated[int, Field(gt=0)] = 512
    """Most open connections; for a newcomer the one that idles longest is closed. Below the limit of open files."""
    max_connections_per_address: Annotated[int, Field(gt=0)] = 256
    """Most open connections of one address; does not hold for trusted proxies."""
    forwarded_allow_ips: Names = ()
    """Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: 127.0.0.1,10.0.0.0/8; empty: none."""
    allowed_hosts: Names = ()
    """Host names that are answered; empty: any."""
    cors_allowed_origins: Names = ()
    """Other sites whose pages may call the API: https://shop.example; empty: none."""
    hsts_seconds: Annotated[int, Field(ge=0)] = 365 * 24 * 3600
    """How long a browser that came by https is told to come by nothing else; 0: not told."""

    def shares(self, processes: int) -> dict[str, Any]:
        """What each of several processes allows, so that together they allow what is set here; 1 of everything at least."""
        rates = ("rate_limit", "rate_limit_anonymous", "rate_limit_failed_keys")
        places = (
            "max_requests_at_once",
            "max_questions_at_once",
            "max_questions",
            "max_connections_per_address",
        )
        held = max(self.max_body_bytes, self.max_held_body_bytes // processes)
        return (
            {name: share_of_rate(getattr(self, name), processes) for name in rates}
            | {name: max(1, getattr(self, name) // processes) for name in places}
            | {"max_held_body_bytes": held}
        )

    def limit(self) -> RateLimitItem:
        """What a key may ask."""
        return parse(self.rate_limit)

    def anonymous_limit(self) -> RateLimitItem:
        """What an address may ask without a key that was recognised."""
        return parse(self.rate_limit_anonymous)

    def failed_keys_limit(self) -> RateLimitItem:
        """How many keys that nobody issued an address may try."""
        return parse(self.rate_limit_failed_keys)
