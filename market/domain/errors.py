"""The market's named failures.

    MarketError
    ├── InvalidInput        the request cannot be meant as written          (HTTP 422)
    ├── NotAuthenticated    no key, or a key nobody issued                  (HTTP 401)
    ├── NotPermitted        the key's role may not do this                  (HTTP 403)
    ├── NotFound            no such thing, or another tenant's              (HTTP 404)
    ├── Conflict            the state of the market does not allow it now   (HTTP 409)
    ├── PreconditionFailed  somebody else changed it meanwhile              (HTTP 412)
    ├── TooMany             more of something than one client may have now  (HTTP 429)
    └── Unavailable         the exchange itself cannot serve                (HTTP 503)

Every error carries a stable `code` (snake_case, part of the contract), a message that says what to do
next, and `facts` that a program can read.
"""

from typing import Any


class MarketError(Exception):
    """Root of everything the market refuses."""

    def __init__(self, code: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = facts

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.code, self.message, self.facts)


def _rebuild(kind: type[MarketError], code: str, message: str, facts: dict[str, Any]) -> MarketError:
    return kind(code, message, **facts)


class InvalidInput(MarketError):
    """The request cannot be meant as written."""


class NotAuthenticated(MarketError):
    """No key, or a key nobody issued."""


class NotPermitted(MarketError):
    """The key's role may not do this."""


class NotFound(MarketError):
    """No such thing, or another tenant's."""


class Conflict(MarketError):
    """The state of the market does not allow it now."""


class NotCovered(Conflict):
    """An account has too little for what was asked, as its table says, which does not tell how much is left."""

    def __init__(self) -> None:
        super().__init__("insufficient_funds", "an account has too little for this")


class PreconditionFailed(MarketError):
    """It is not any more what whoever changes it has seen."""


class TooMany(MarketError):
    """More of something than one client may have now; `retry_after_seconds` says when to ask again."""


class Unavailable(MarketError):
    """The exchange itself cannot serve."""
