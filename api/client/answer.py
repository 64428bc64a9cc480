"""What all answers have in common: read leniently, so that an older client survives a newer exchange.

Unknown fields are kept (`model_extra`), unknown words of an enumeration stay text, amounts are exact decimals.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr

Number = int | float
"""A JSON number, as it came: 8 stays 8, 8.0 stays 8.0."""

Cny = Decimal
"""An amount in CNY; digits are kept as they came."""


@dataclass(frozen=True, slots=True)
class Received:
    """What an answer's headers say. `etag` is for `if_match`; `replayed`: it was given before, under the same key."""

    status: int
    request_id: str | None = None
    etag: str | None = None
    replayed: bool = False


class Answer(BaseModel):
    """One thing that an exchange told."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True, protected_namespaces=())

    _received: Received | None = PrivateAttr(default=None)

    @property
    def received(self) -> Received:
        """How it came; of what came inside something else, ask that."""
        if self._received is None:
            raise AttributeError("this came inside another answer: ask that one how it was received")
        return self._received

    def plain(self) -> dict[str, Any]:
        """As it came, for JSON: amounts as decimal strings, times as RFC 3339, nothing left out."""
        return self.model_dump(mode="json", exclude_unset=True)

    def receive(self, how: Received) -> None:
        """Note how it came; the transport does."""
        self._received = how
