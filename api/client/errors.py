"""What can go wrong between a client and an exchange.

    ExchangeError                 whatever goes wrong here
    ├── Refused                   the exchange answered, and said no: code, status, message, facts, request_id
    │   ├── InvalidRequest        400, 413, 415, 422: malformed or impossible; `facts["errors"]` says where
    │   ├── NotAuthenticated      401: no key, or one that nobody issued
    │   ├── NotPermitted          403: the key's role may not do this
    │   ├── NotFound              404: no such thing, or another tenant's
    │   ├── Conflict              409: the state of the market does not allow it now
    │   ├── Changed               412, 428: it is not what `if_match` says any more; read it again
    │   ├── RateLimited           429: too many requests; `retry_after` says how many seconds to wait
    │   └── ServerFailed          500 and above: something broke there, or it cannot serve now
    ├── InvalidTarget             the address or the key cannot be one; nothing was sent
    ├── Unreachable               nobody answered at the address
    ├── TimedOut                  it took too long to answer; whether it was carried out is not known
    └── UnexpectedAnswer          what answered is no exchange, or one that this client does not understand

Retries are over when one of these is raised. A `code` is stable, for programs; the message is for people.
"""

from collections.abc import Mapping
from typing import Any


class ExchangeError(Exception):
    """Whatever goes wrong between a client and an exchange; `code` is stable."""

    code = "exchange_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidTarget(ExchangeError, ValueError):
    """The address or the key cannot be one; nothing was sent."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Refused(ExchangeError):
    """The exchange answered, and said no; its problem document in Python's words."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int,
        facts: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        """`facts` are the members of the problem document beyond the standard ones; `retry_after` is in seconds."""
        super().__init__(message)
        self.code = code
        self.status = status
        self.facts = dict(facts or {})
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        """The code, the words, and the request that the operator can look up."""
        asked = f" (request {self.request_id})" if self.request_id else ""
        return f"[{self.code}] {self.message}{asked}"


class InvalidRequest(Refused):
    """Malformed or impossible; `facts["errors"]` says where."""


class NotAuthenticated(Refused):
    """No key, or one that nobody issued."""


class NotPermitted(Refused):
    """The key's role may not do this."""


class NotFound(Refused):
    """No such thing, or another tenant's."""


class Conflict(Refused):
    """The state of the market does not allow it now."""


class Changed(Refused):
    """It is not what `if_match` says any more: read it again, decide again."""


class RateLimited(Refused):
    """Too many requests; `retry_after` says how many seconds to wait."""


class ServerFailed(Refused):
    """Something broke on the exchange's side, or it cannot serve now."""


class Unreachable(ExchangeError):
    """Nobody answered at the address."""

    code = "server_unreachable"


class TimedOut(ExchangeError):
    """It took too long to answer; whether it was carried out is not known, and an idempotency key tells."""

    code = "server_timeout"


class UnexpectedAnswer(ExchangeError):
    """What answered is no exchange, or one that this client does not understand."""

    code = "not_an_exchange"


REFUSED_OF_STATUS: Mapping[int, type[Refused]] = {
    400: InvalidRequest,
    401: NotAuthenticated,
    403: NotPermitted,
    404: NotFound,
    409: Conflict,
    412: Changed,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    428: Changed,
    429: RateLimited,
}


def refused_of(status: int) -> type[Refused]:
    """The kind of refusal that a status stands for."""
    return ServerFailed if status >= 500 else REFUSED_OF_STATUS.get(status, Refused)
