"""Which exchange, as whom, and how patiently."""

import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from api.client.errors import InvalidTarget
from api.client.retries import Retries

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
USER_AGENT = (
    f"suanli-python/{version('suanli-exchange')} python/{sys.version_info.major}.{sys.version_info.minor}"
)


@dataclass(frozen=True, slots=True)
class Address:
    """An exchange as one client sees it. `InvalidTarget` where it cannot be one."""

    server: str
    key: str | None = field(default=None, repr=False)
    seconds: float = 60.0
    retries: Retries = field(default_factory=Retries)

    def __post_init__(self) -> None:
        parts = urlsplit(self.server)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidTarget(
                "invalid_server", f"{self.server!r} is not an address: write http://127.0.0.1:8471"
            )
        if self.key is not None and not (self.key.isascii() and self.key.isprintable()):
            raise InvalidTarget("invalid_key", "the key holds characters that no key has")

    def settings(self) -> dict[str, Any]:
        """For either HTTP client. No proxy stands between a machine and itself."""
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        return {
            "base_url": self.server.rstrip("/"),
            "headers": headers | ({"Authorization": f"Bearer {self.key}"} if self.key else {}),
            "timeout": self.seconds,
            "trust_env": urlsplit(self.server).hostname not in LOOPBACK,
        }
