"""The client of an exchange: typed, with retries, idempotency and pages built in. Imports no server code.

`from api.client import Exchange` loads it; commands that only need a name from this package do not pay for it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.client.answer import Answer, Received
    from api.client.answers import EventAnswer
    from api.client.errors import (
        Changed,
        Conflict,
        ExchangeError,
        InvalidRequest,
        InvalidTarget,
        NotAuthenticated,
        NotFound,
        NotPermitted,
        RateLimited,
        Refused,
        ServerFailed,
        TimedOut,
        UnexpectedAnswer,
        Unreachable,
    )
    from api.client.exchange import AsyncExchange, Exchange
    from api.client.progress import Progress
    from api.client.retries import Retries

__all__ = [
    "Answer",
    "AsyncExchange",
    "Changed",
    "Conflict",
    "EventAnswer",
    "Exchange",
    "ExchangeError",
    "InvalidRequest",
    "InvalidTarget",
    "NotAuthenticated",
    "NotFound",
    "NotPermitted",
    "Progress",
    "RateLimited",
    "Received",
    "Refused",
    "Retries",
    "ServerFailed",
    "TimedOut",
    "UnexpectedAnswer",
    "Unreachable",
]
ROOMS = {
    "Answer": "answer",
    "AsyncExchange": "exchange",
    "EventAnswer": "answers",
    "Exchange": "exchange",
    "Progress": "progress",
    "Received": "answer",
    "Retries": "retries",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f"{__name__}.{ROOMS.get(name, 'errors')}"), name)
